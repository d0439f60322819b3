import type { Worker } from 'node:worker_threads';
import type { ArchiveEntry } from '../../../ports/archive.ts';
import type { Evidence } from '../../../ports/evidence.ts';
import type { AdminRecord, AuditRecord, ClosedRecord, Intent } from '../../../road/record.ts';
import { DONE, type FromEvidence, type ToEvidence } from './message.ts';
import { boundBytes, makeOperation, writeOperation, type Operation } from './operation.ts';
import { SharedBatch, type SharedMemory } from './shared-batch.ts';

/** A batch takes no more operations when it is this large; one that is larger by itself travels alone. */
const BATCH_BYTES = 1024 * 1024;
const MAX_OPERATION_BYTES = 256 * BATCH_BYTES;
/** Longer than the audit log itself gives its disk, which has the better words for it. */
const STALL_MS = 7500;
/** Operations that are held while the thread does not answer. */
const MAX_HELD = 20_000;

interface Waiting extends PromiseWithResolvers<void> {
  readonly kind: AuditRecord['kind'];
  readonly operation: Operation;
}

export interface EvidenceThreadOptions {
  /** Starts the thread that calls `serveEvidence` with this memory and its parent's port. */
  readonly start: (memory: SharedMemory) => Worker;
  /** Hears why evidence cannot be written, and `undefined` when it can again. */
  readonly onFault: (fault: string | undefined) => void;
  readonly stallMs?: number;
}

/**
 * Evidence that is written by another thread: it hashes, seals, writes and syncs while this one answers requests. What
 * comes while a batch is under way makes up the next one. Rejects when the thread cannot open its evidence. When the
 * thread dies or does not answer, everything is refused.
 */
export async function openEvidenceThread(options: EvidenceThreadOptions): Promise<Evidence> {
  const batch = new SharedBatch();
  const worker = options.start(batch.memory);
  const opened = Promise.withResolvers<void>();
  const hear = (message: FromEvidence) =>
    message.kind === 'unopened' ? opened.reject(new Error(message.error)) : opened.resolve();
  const end = () => opened.reject(new Error('the thread that writes evidence ended at its start'));
  worker.once('message', hear).once('error', opened.reject).once('exit', end);
  await opened.promise;
  worker.off('error', opened.reject).off('exit', end);
  return new EvidenceThread({ ...options, worker, batch });
}

class EvidenceThread implements Evidence {
  readonly #worker: Worker;
  readonly #batch: SharedBatch;
  readonly #onFault: EvidenceThreadOptions['onFault'];
  readonly #stallMs: number;
  readonly #watch: NodeJS.Timeout;
  readonly #stopped = Promise.withResolvers<void>();
  #queue: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  /** Operations that outlasted their batch, and those of which a message came before the batch itself. */
  readonly #late = new Map<number, Waiting>();
  readonly #early = new Set<number>();
  #answered = 0;
  #postedMs = 0;
  #scheduled = false;
  #drained: (() => void) | undefined;
  #told: string | undefined;
  #stall: string | undefined;
  /** Why nothing is taken any more, for good. */
  #end: string | undefined;
  readonly #postSoon = () => {
    this.#scheduled = false;
    this.#post();
  };

  constructor(parts: EvidenceThreadOptions & { readonly worker: Worker; readonly batch: SharedBatch }) {
    this.#worker = parts.worker;
    this.#batch = parts.batch;
    this.#onFault = parts.onFault;
    this.#stallMs = parts.stallMs ?? STALL_MS;
    this.#watch = setInterval(() => this.#noticeStall(), this.#stallMs / 8).unref();
    this.#stopped.promise.catch(() => undefined); // whoever stops hears of it
    this.#worker.on('message', (message: FromEvidence) => this.#hear(message));
    this.#worker.on('error', (error) => this.#lose(error instanceof Error ? error.message : String(error)));
    this.#worker.on('exit', (code) => this.#lose(`exit code ${code}`));
  }

  open(intent: Intent, prompt?: ArchiveEntry): Promise<void> {
    return this.#refuse() ?? this.#add(intent, prompt);
  }

  close(record: ClosedRecord, answer?: ArchiveEntry): Promise<void> {
    const isFull = this.#stall !== undefined && this.#queue.length >= MAX_HELD;
    const why = this.#end ?? (isFull ? this.#stall : undefined);
    return why === undefined ? this.#add(record, answer) : Promise.reject(new Error(why));
  }

  note(record: AdminRecord, text?: ArchiveEntry): Promise<void> {
    return this.#refuse() ?? this.#add(record, text);
  }

  fault(): string | undefined {
    return this.#end ?? this.#stall ?? this.#told;
  }

  async stop(): Promise<void> {
    if (this.#end !== undefined) return;
    this.#end = 'the evidence is stopped';
    if (this.#isBusy()) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#worker.postMessage('stop' satisfies ToEvidence, []);
    try {
      await this.#stopped.promise;
    } finally {
      clearInterval(this.#watch);
      await this.#worker.terminate();
    }
  }

  #isBusy(): boolean {
    return this.#queue.length > 0 || this.#underWay.length > 0;
  }

  #refuse(): Promise<never> | undefined {
    const fault = this.fault();
    return fault === undefined ? undefined : Promise.reject(new Error(fault));
  }

  #add(record: AuditRecord, entry: ArchiveEntry | undefined): Promise<void> {
    const operation = makeOperation(record, entry);
    if (boundBytes(operation) > MAX_OPERATION_BYTES)
      return Promise.reject(new Error('it is too large for a record or an archive entry'));
    const waiting = { ...Promise.withResolvers<void>(), kind: record.kind, operation };
    this.#queue.push(waiting);
    if (this.#underWay.length === 0 && !this.#scheduled) {
      this.#scheduled = true;
      // What else comes in this turn of the event loop travels along.
      setImmediate(this.#postSoon);
    }
    return waiting.promise;
  }

  #post(): void {
    if (this.#underWay.length > 0 || this.#queue.length === 0) return;
    let [count, bound, end] = [0, 0, 0];
    for (const { operation } of this.#queue) {
      bound += boundBytes(operation);
      if (count > 0 && bound > BATCH_BYTES) break;
      this.#batch.grow(bound);
      end = writeOperation(this.#batch.bytes, end, operation);
      count += 1;
    }
    this.#underWay = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    this.#postedMs = performance.now();
    this.#batch.post(count);
    void this.#batch.awaitAnswer().then(() => this.#take());
  }

  /** The batch is answered: most is done, and of the rest a message tells. */
  #take(): void {
    const { bytes } = this.#batch;
    for (const [index, waiting] of this.#underWay.entries()) {
      const operation = this.#answered++;
      if (bytes[index] === DONE) waiting.resolve();
      else if (!this.#early.delete(operation)) this.#late.set(operation, waiting);
    }
    this.#underWay = [];
    this.#setStall(undefined);
    this.#post();
    if (!this.#isBusy()) this.#drained?.();
  }

  #hear(message: FromEvidence): void {
    if (message.kind === 'settled') this.#settle(message);
    else if (message.kind === 'fault') this.#change(() => (this.#told = message.fault));
    else if (message.kind === 'stopped') {
      const { error } = message;
      for (const { reject } of this.#late.values()) reject(new Error(error ?? 'the evidence is stopped'));
      if (error === undefined) this.#stopped.resolve();
      else this.#stopped.reject(new Error(error));
    }
  }

  #settle({ operation, error }: { readonly operation: number; readonly error: string | undefined }): void {
    const late = this.#late.get(operation);
    if (late === undefined) this.#early.add(operation);
    this.#late.delete(operation);
    const waiting = late ?? this.#underWay[operation - this.#answered];
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(new Error(error));
  }

  #noticeStall(): void {
    const waitedMs = performance.now() - this.#postedMs;
    if (this.#underWay.length === 0 || waitedMs < this.#stallMs) return;
    const stall = `the thread that writes evidence has not answered for ${(this.#stallMs / 1000).toFixed(1)} s`;
    this.#setStall(stall);
    // Closed records are held: they are written when the thread goes on.
    for (const { kind, reject } of [...this.#underWay, ...this.#queue])
      if (kind !== 'closed') reject(new Error(stall));
    if (this.#end !== undefined) this.#lose('it did not stop');
  }

  #lose(why: string): void {
    const error = new Error(`the thread that writes evidence ended: ${why}`);
    if (this.#end === undefined) this.#change(() => (this.#end = error.message));
    for (const { reject } of [...this.#late.values(), ...this.#underWay, ...this.#queue]) reject(error);
    [this.#queue, this.#underWay] = [[], []];
    this.#late.clear();
    clearInterval(this.#watch);
    this.#drained?.();
    this.#stopped.reject(error);
  }

  #setStall(stall: string | undefined): void {
    if (stall !== this.#stall) this.#change(() => (this.#stall = stall));
  }

  #change(set: () => void): void {
    const before = this.fault();
    set();
    const now = this.fault();
    if (now !== before) this.#onFault(now);
  }
}
