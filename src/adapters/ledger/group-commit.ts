import type { Batch } from './batch.ts';
import { isBusy, isSqliteError, toError } from './sqlite-error.ts';

/** Operations in one transaction: beyond that the event loop has its turn first. */
const MAX_BATCH = 1000;
const MAX_BUSY_DELAY_MS = 10;

export interface GroupCommitLimits {
  /** How long another process may hold the ledger before this one refuses. */
  readonly busyMs: number;
  /** How long after a failure the store is tried again. */
  readonly retryMs: number;
  /** Operations that may wait for the store to work again. */
  readonly heldOperations: number;
  /** How long an ending, for which no answer waits, may wait for a reservation whose transaction it can share. */
  readonly endingWaitMs: number;
}

/** A change of the ledger. `run` may be called again after a transaction that failed. */
export interface Operation {
  /** Kept and tried again until it is booked, or else rejected at the first failure. */
  readonly kept: boolean;
  run(batch: Batch): void;
  succeed(): void;
  fail(error: Error): void;
}

/** An operation that resolves with what it returns. What it throws rejects it alone, and not its batch. */
export class BatchOperation<Result> implements Operation {
  readonly kept: boolean;
  readonly fail: (error: Error) => void;
  readonly #work: (batch: Batch) => Result;
  readonly #resolve: (result: Result) => void;
  #result: Result | undefined;
  #error: Error | undefined;

  constructor(options: {
    kept: boolean;
    work: (batch: Batch) => Result;
    resolve: (result: Result) => void;
    reject: (error: Error) => void;
  }) {
    this.kept = options.kept;
    this.fail = options.reject;
    this.#work = options.work;
    this.#resolve = options.resolve;
  }

  run(batch: Batch): void {
    this.#error = undefined;
    try {
      this.#result = this.#work(batch);
    } catch (error) {
      if (isSqliteError(error)) throw error;
      this.#error = toError(error);
    }
  }

  succeed(): void {
    if (this.#error === undefined) this.#resolve(this.#result as Result); // it was run before
    else this.fail(this.#error);
  }
}

/**
 * Group commit: the operations of one turn of the event loop are one transaction, and endings wait a moment for the next
 * reservation to share it. Where another process holds the store, they wait without holding up the loop. Where the store fails, what was to be reserved is rejected, and what
 * was used is kept until it can be written.
 */
export class GroupCommit {
  readonly #batch: Batch;
  readonly #limits: GroupCommitLimits;
  readonly #onFault: (fault: string | undefined) => void;
  readonly #onCommit: () => void;
  #waiting: Operation[] = [];
  #scheduled = false;
  /** Falls in the same turn in which the loop ends, so that no operation can slip in between unseen. */
  #committing = false;
  #draining: Promise<void> = Promise.resolve();
  #fault: string | undefined;
  #ended: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #endings: NodeJS.Timeout | undefined;
  readonly #drainSoon = () => {
    this.#scheduled = false;
    void this.drain();
  };

  constructor(options: {
    batch: Batch;
    limits: GroupCommitLimits;
    onFault: (fault: string | undefined) => void;
    onCommit: () => void;
  }) {
    this.#batch = options.batch;
    this.#limits = options.limits;
    this.#onFault = options.onFault;
    this.#onCommit = options.onCommit;
  }

  get fault(): string | undefined {
    return this.#ended ?? this.#fault;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  submit(operation: Operation): void {
    const tooMany = this.#fault !== undefined && this.#waiting.length >= this.#limits.heldOperations;
    if (this.#ended !== undefined || (this.#fault !== undefined && (!operation.kept || tooMany))) {
      operation.fail(new Error(`the ledger cannot be written: ${this.fault}`));
      return;
    }
    this.#waiting.push(operation);
    // While there is a fault, the timer tries again.
    if (this.#scheduled || this.#committing || this.#fault !== undefined) return;
    if (operation.kept && this.#limits.endingWaitMs > 0) {
      this.#endings ??= setTimeout(this.#drainSoon, this.#limits.endingWaitMs);
      return;
    }
    this.#scheduled = true;
    setImmediate(this.#drainSoon);
  }

  /** Commits until nothing waits, or until the store fails. */
  drain(): Promise<void> {
    if (!this.#committing && this.#ended === undefined) this.#draining = this.#commitAll();
    return this.#draining;
  }

  /** Writes what waits, and takes nothing more. What cannot be written is rejected. */
  async stop(): Promise<void> {
    while (this.#ended === undefined) {
      await this.drain();
      if (this.#waiting.length === 0 || this.#fault !== undefined) this.end('stopped');
    }
  }

  /** Takes nothing more, and writes nothing of what waits. */
  end(why: string): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#endings);
    const cause = this.#fault ?? why;
    this.#ended ??= why;
    for (const operation of this.#waiting.splice(0))
      operation.fail(new Error(`the ledger cannot be written: ${cause}`));
  }

  async #commitAll(): Promise<void> {
    this.#committing = true;
    clearTimeout(this.#endings);
    this.#endings = undefined;
    let busyMs = 0;
    while (this.#hasWork()) {
      const error = this.#commit();
      if (error === undefined) {
        busyMs = 0;
        this.#setFault(undefined);
        if (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
      } else if (isBusy(error) && busyMs < this.#limits.busyMs && this.#fault === undefined) {
        const delayMs = Math.min(MAX_BUSY_DELAY_MS, 1 + Math.floor(busyMs / 4));
        busyMs += delayMs;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      } else {
        this.#fail(error);
        break;
      }
    }
    this.#committing = false;
  }

  /** After a fault, also to see whether it is over. */
  #hasWork(): boolean {
    return this.#ended === undefined && (this.#waiting.length > 0 || this.#fault !== undefined);
  }

  /** One transaction, or why there was none. */
  #commit(): Error | undefined {
    const operations = this.#waiting.slice(0, MAX_BATCH);
    try {
      this.#batch.begin();
      // Nothing but a write shows that a store which failed can be written again.
      if (this.#fault !== undefined) this.#batch.touch();
      for (const operation of operations) operation.run(this.#batch);
      this.#batch.commit();
    } catch (error) {
      return this.#rollback(toError(error));
    }
    this.#waiting = this.#waiting.slice(operations.length);
    for (const operation of operations) operation.succeed();
    this.#onCommit();
    return undefined;
  }

  #rollback(cause: Error): Error {
    try {
      this.#batch.rollback();
      return cause;
    } catch (error) {
      return new AggregateError([cause, error], `${cause.message}, and ${toError(error).message}`);
    }
  }

  #fail(error: Error): void {
    this.#setFault(
      isBusy(error) ? `another process has held it for ${this.#limits.busyMs} ms` : error.message,
    );
    const failure = new Error(`the ledger cannot be written: ${this.#fault}`, { cause: error });
    const lost = this.#waiting.filter(({ kept }) => !kept);
    this.#waiting = this.#waiting.filter(({ kept }) => kept);
    for (const operation of lost) operation.fail(failure);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.drain(), this.#limits.retryMs).unref();
  }

  #setFault(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#onFault(fault);
  }
}
