import type { Unsigned } from './checkpoint.ts';
import { Group } from './group.ts';
import type { SegmentWriter } from './segment-writer.ts';

/** Writing goes on during a sync, so there are many: a new one each time would keep the garbage collector busy. */
const MAX_FREE_BUFFERS = 64;

export interface CommitterOptions {
  readonly segments: SegmentWriter;
  /** Closes that nobody waits on are durable after this long at most. */
  readonly idleSyncMs: number;
  /** How long after a failure the disk is tried again. */
  readonly retryMs: number;
  /** How long a sync may take before those who wait for it are refused. */
  readonly stallMs: number;
  readonly onFault: (fault: string | undefined) => void;
  /** Signs and publishes a checkpoint whose lines are durable. */
  readonly publish: (checkpoint: Unsigned) => Promise<void>;
}

/**
 * Group commit: lines that are added together go out with one write, and those who want a sync while one is in flight
 * share the next. After a failure nothing is lost: the group that failed is written again, at the same place, until the
 * disk takes it.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #gathering = new Group(undefined);
  /** Taken, but not wholly on the disk: it goes first, always. */
  #unwritten: Group | undefined;
  #syncWanted = false;
  /** A checkpoint whose lines were written, and which is published after the next sync. */
  #owed: Unsigned | undefined;
  #scheduled = false;
  /** Falls in the same turn in which the loop ends, so that no line can slip in between unseen. */
  #committing = false;
  #draining: Promise<void> = Promise.resolve();
  /** Written groups that wait for a sync. */
  #undurable: Group[] = [];
  #syncing: Promise<void> | undefined;
  readonly #drainSoon = () => void this.drain();
  #fault: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #aborted = false;
  #free: Buffer[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Why nothing can be made durable now. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** The group that takes lines now. It is committed soon, without another call. */
  get group(): Group {
    if (!this.#scheduled && !this.#committing) {
      this.#scheduled = true;
      // After all microtasks: what waits for the archive before it is added goes out with the same write.
      process.nextTick(this.#drainSoon);
    }
    return this.#gathering;
  }

  /** Bytes that are in memory alone. */
  get heldBytes(): number {
    return this.#gathering.lengthBytes + (this.#unwritten?.lengthBytes ?? 0);
  }

  /** Commits until nothing is left, or until the disk fails. */
  drain(): Promise<void> {
    this.#scheduled = false;
    if (!this.#committing && !this.#aborted) this.#draining = this.#commitAll();
    return this.#draining;
  }

  /** Commits everything durably and ends the timers; says whether that worked. */
  async stop(): Promise<string | undefined> {
    this.#syncWanted = true;
    await this.drain();
    while (this.#syncing !== undefined) await this.#syncing;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fault !== undefined) {
      const error = new Error(this.#fault);
      this.#unwritten?.rejectWritten(error);
      this.#gathering.rejectWritten(error);
    }
    return this.#fault;
  }

  /** Ends the timers; what is not written stays unwritten. */
  abort(): void {
    this.#aborted = true;
    clearTimeout(this.#timer);
  }

  async #commitAll(): Promise<void> {
    this.#committing = true;
    try {
      while (this.#hasWork()) {
        await this.#write((this.#unwritten ??= this.#take()));
        if (this.#undurable.length > 0 || this.#syncWanted) this.#sync();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#committing = false;
    }
  }

  #hasWork(): boolean {
    const { lengthBytes, needsSync } = this.#gathering;
    const mustSync = this.#syncWanted && this.#syncing === undefined;
    return this.#unwritten !== undefined || lengthBytes > 0 || needsSync || mustSync;
  }

  async #write(group: Group): Promise<void> {
    const { segments } = this.#options;
    if (group.startsSegment) {
      await this.#syncing;
      await segments.startNext();
      group.startsSegment = false;
    }
    if (group.lengthBytes > 0) segments.write(group.bytes);
    this.#unwritten = undefined;
    this.#owed = group.checkpoint ?? this.#owed;
    group.settleWritten();
    if (group.needsSync) this.#undurable.push(group);
    else this.#syncLater();
  }

  /** Syncs until nobody waits for it. What is written meanwhile is left to the next sync. */
  #sync(): void {
    this.#syncing ??= this.#syncAll().then(
      () => {
        this.#syncing = undefined;
        // Not left to the order of microtasks: an intent that nobody syncs would wait for ever.
        if (this.#undurable.length > 0 || this.#syncWanted) this.#sync();
      },
      (error: unknown) => {
        this.#syncing = undefined;
        this.#fail(error);
      },
    );
  }

  async #syncAll(): Promise<void> {
    while (this.#undurable.length > 0 || this.#syncWanted) {
      // Those who waited for the write alone hear of it first: a sync may hold up this thread.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      const groups = this.#undurable;
      const owed = this.#owed;
      this.#undurable = [];
      this.#syncWanted = false;
      const stall = setTimeout(() => this.#stall(groups), this.#options.stallMs).unref();
      try {
        this.#reuse(await this.#options.segments.sync());
        for (const group of groups) group.settleDurable();
        if (owed !== undefined) await this.#options.publish(owed);
        if (owed === this.#owed) this.#owed = undefined;
        this.#setFault(undefined);
      } catch (error) {
        for (const group of groups) group.rejectDurable(toError(error));
        throw error;
      } finally {
        clearTimeout(stall);
      }
    }
  }

  #take(): Group {
    const group = this.#gathering;
    this.#gathering = new Group(this.#free.pop());
    return group;
  }

  #reuse(buffers: readonly Buffer[]): void {
    for (const { buffer } of buffers) {
      if (this.#free.length < MAX_FREE_BUFFERS) this.#free.push(Buffer.from(buffer));
    }
  }

  #syncLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#syncWanted = true;
      void this.drain();
    }, this.#options.idleSyncMs).unref();
  }

  /** A disk that hangs is a disk that fails, for whoever waits. When it answers after all, the fault ends. */
  #stall(groups: readonly Group[]): void {
    const failure = new Error(`the disk has not answered for ${this.#options.stallMs} ms`);
    this.#setFault(failure.message);
    for (const group of [...groups, ...this.#undurable, this.#gathering]) group.rejectDurable(failure);
  }

  #fail(error: unknown): void {
    const failure = toError(error);
    this.#setFault(failure.message);
    for (const group of this.#undurable) group.rejectDurable(failure);
    this.#unwritten?.rejectDurable(failure);
    this.#gathering.rejectDurable(failure);
    this.#syncWanted = true;
    clearTimeout(this.#timer);
    if (this.#aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.drain();
    }, this.#options.retryMs).unref();
  }

  #setFault(fault: string | undefined): void {
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#options.onFault(fault);
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
