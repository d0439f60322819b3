import type { Worker } from 'node:worker_threads';
import type { ArchiveEntry } from '../../../ports/archive.ts';
import type { Evidence } from '../../../ports/evidence.ts';
import type { AdminRecord, AuditRecord, ClosedRecord, Intent } from '../../../road/record.ts';
import type { FromEvidence, ToEvidence } from './message.ts';
import { boundBytes, makeOperation, writeOperation, type Operation } from './operation.ts';
import { SharedChannel, type SharedMemory } from './shared-channel.ts';
import { UnderWay } from './under-way.ts';

/** A batch takes no more operations when it is this large; one that is larger by itself travels alone. */
const BATCH_BYTES = 1024 * 1024;
const MAX_OPERATION_BYTES = 256 * BATCH_BYTES;
/** Longer than the audit log itself gives its disk, which has the better words for it. */
const STALL_MS = 7500;
/** Closed records that are held here, beside what the thread holds, while evidence cannot be written. */
const MAX_HELD = 20_000;

interface Waiting extends Pick<PromiseWithResolvers<void>, 'resolve' | 'reject'> {
  /** Whether it waits for a disk to have room again: for an answer there is no other end, but a no is told at once. */
  readonly isPatient: boolean;
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
 * comes while a batch waits to be taken, or while this thread has other work to do, makes up the next one. Rejects when
 * the thread cannot open its evidence. When the thread dies or does not answer, everything is refused.
 */
export async function openEvidenceThread(options: EvidenceThreadOptions): Promise<Evidence> {
  const channel = new SharedChannel();
  const worker = options.start(channel.memory);
  const opened = Promise.withResolvers<void>();
  const hear = (message: FromEvidence) =>
    message.kind === 'unopened' ? opened.reject(new Error(message.error)) : opened.resolve();
  const end = () => opened.reject(new Error('the thread that writes evidence ended at its start'));
  worker.once('message', hear).once('error', opened.reject).once('exit', end);
  await opened.promise;
  worker.off('error', opened.reject).off('exit', end);
  return new EvidenceThread({ ...options, worker, channel });
}

class EvidenceThread implements Evidence {
  readonly #worker: Worker;
  readonly #channel: SharedChannel;
  readonly #onFault: EvidenceThreadOptions['onFault'];
  readonly #stallMs: number;
  readonly #watch: NodeJS.Timeout;
  readonly #stopped = Promise.withResolvers<void>();
  #queue: Waiting[] = [];
  readonly #underWay = new UnderWay<Waiting>();
  /** When the thread was last seen alive. */
  #aliveMs = performance.now();
  #beats = 0;
  #scheduled = false;
  #intentsScheduled = false;
  #following = false;
  #drained: (() => void) | undefined;
  #told: string | undefined;
  #stall: string | undefined;
  /** Why nothing is taken any more, for good. */
  #end: string | undefined;
  /** Operations of the batch before. Where there were several, others are likely to follow the first one again. */
  #lastCount = 0;
  readonly #postSoon = () => {
    this.#scheduled = false;
    this.#post();
  };
  readonly #postIntents = () => {
    this.#intentsScheduled = false;
    this.#post();
  };

  constructor(parts: EvidenceThreadOptions & { readonly worker: Worker; readonly channel: SharedChannel }) {
    this.#worker = parts.worker;
    this.#channel = parts.channel;
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
    const why = this.#end ?? (this.#queue.length < MAX_HELD ? undefined : this.fault());
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
    // What was taken before is written before; the thread itself waits for what it has begun.
    if (this.#hasMore()) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.#worker.postMessage('stop' satisfies ToEvidence, []);
    try {
      await this.#stopped.promise;
    } finally {
      clearInterval(this.#watch);
      await this.#worker.terminate();
    }
  }

  /** Whether there is something that the thread has not taken. */
  #hasMore(): boolean {
    return this.#queue.length > 0 || this.#channel.isPosted();
  }

  #refuse(): Promise<never> | undefined {
    const fault = this.fault();
    return fault === undefined ? undefined : Promise.reject(new Error(fault));
  }

  #add(record: AuditRecord, entry: ArchiveEntry | undefined): Promise<void> {
    const operation = makeOperation(record, entry);
    if (boundBytes(operation) > MAX_OPERATION_BYTES)
      return Promise.reject(new Error('it is too large for a record or an archive entry'));
    const isPatient = record.kind === 'closed' && record.outcome !== 'refused';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ resolve, reject, kind: record.kind, isPatient, operation });
    // Who is alone waits for nobody.
    if (this.#underWay.size === 0 && this.#lastCount <= 1 && !this.#scheduled) this.#post();
    else if (record.kind === 'opened') this.#schedulePostOfIntents();
    else this.#schedulePost();
    return promise;
  }

  /** Questions wait for intents: they go over when all is done that this task of the event loop brings about. */
  #schedulePostOfIntents(): void {
    if (this.#intentsScheduled) return;
    this.#intentsScheduled = true;
    process.nextTick(this.#postIntents);
  }

  /** What comes in this turn of the event loop travels along, since each batch may wake the other thread. */
  #schedulePost(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#postSoon);
  }

  #post(): void {
    if (this.#queue.length === 0 || !this.#channel.mayPost()) return;
    let [count, bound, end] = [0, 0, 0];
    for (const waiting of this.#queue) {
      bound += boundBytes(waiting.operation);
      const isFull = (count > 0 && bound > BATCH_BYTES) || this.#underWay.isFull();
      if (isFull) break;
      this.#channel.grow(bound);
      end = writeOperation(this.#channel.bytes, end, waiting.operation);
      this.#underWay.add(waiting);
      count += 1;
    }
    if (count === 0) return;
    this.#queue = this.#queue.slice(count);
    this.#channel.post(count);
    this.#lastCount = count;
    if (!this.#following) void this.#follow();
  }

  /** Hears what becomes of operations as long as there are any. */
  async #follow(): Promise<void> {
    this.#following = true;
    while (this.#underWay.size > 0 || this.#hasMore()) {
      const seen = this.#channel.changes;
      this.#collect();
      await this.#channel.awaitChange(seen);
    }
    this.#following = false;
  }

  #collect(): void {
    this.#underWay.visit((number) => {
      if (this.#channel.takeDone(number)) this.#underWay.take(number)?.resolve();
    });
    if (!this.#scheduled) this.#post();
    if (this.#drained !== undefined && !this.#hasMore()) this.#drained();
  }

  #hear(message: FromEvidence): void {
    if (message.kind === 'failed') {
      this.#underWay.take(message.operation)?.reject(new Error(message.error));
    } else if (message.kind === 'fault') this.#hearFault(message.fault);
    else if (message.kind === 'stopped') {
      const { error } = message;
      this.#collect(); // what was done last may not have been heard of
      for (const { reject } of this.#underWay.takeAll())
        reject(new Error(error ?? 'the evidence is stopped'));
      if (error === undefined) this.#stopped.resolve();
      else this.#stopped.reject(new Error(error));
    }
  }

  #hearFault(fault: string | undefined): void {
    this.#change(() => (this.#told = fault));
    if (fault === undefined) return;
    // The records are held by the thread, and are written when it can.
    for (const { isPatient, reject } of this.#underWay.list()) if (!isPatient) reject(new Error(fault));
  }

  #noticeStall(): void {
    this.#collect();
    const { beats } = this.#channel;
    const nowMs = performance.now();
    if (beats !== this.#beats) [this.#beats, this.#aliveMs] = [beats, nowMs];
    const isAlive = nowMs - this.#aliveMs < this.#stallMs;
    if (isAlive) return this.#setStall(undefined);
    const stall = `the thread that writes evidence has not answered for ${(this.#stallMs / 1000).toFixed(1)} s`;
    this.#setStall(stall);
    // Closed records are held: they are written when the thread goes on.
    for (const { kind, reject } of [...this.#underWay.list(), ...this.#queue])
      if (kind !== 'closed') reject(new Error(stall));
    if (this.#end !== undefined) this.#lose('it did not stop');
  }

  #lose(why: string): void {
    const error = new Error(`the thread that writes evidence ended: ${why}`);
    if (this.#end === undefined) this.#change(() => (this.#end = error.message));
    for (const { reject } of [...this.#underWay.takeAll(), ...this.#queue]) reject(error);
    this.#queue = [];
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
