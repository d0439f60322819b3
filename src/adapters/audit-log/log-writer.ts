import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AdminRecord, AuditRecord, ClosedRecord, Intent, Written } from '../../road/record.ts';
import type { ProcessLock } from '../local-state/process-lock.ts';
import { Chain } from './chain.ts';
import type { CheckpointWriter } from './checkpoint-file.ts';
import { Committer } from './committer.ts';
import type { Group } from './group.ts';
import type { LogRecord, Predecessor } from './log-record.ts';
import type { SegmentWriter } from './segment-writer.ts';

export interface LogWriterOptions {
  readonly writer: string;
  readonly clock: Clock;
  readonly lock: ProcessLock;
  readonly segments: SegmentWriter;
  readonly checkpoints: CheckpointWriter;
  readonly onFault: (fault: string | undefined) => void;
  readonly limits: {
    /** A segment that is larger is followed by the next one. */
    readonly segmentBytes: number;
    /** A checkpoint is signed after so many lines, or after so long where there are new ones. */
    readonly checkpointLines: number;
    readonly checkpointMs: number;
    /** Closed records that nobody waits on are durable after this long at most. */
    readonly idleSyncMs: number;
    /** How long after a failure the disk is tried again. */
    readonly retryMs: number;
    /** How long a sync may take before those who wait for it are refused. */
    readonly stallMs: number;
    /** Closed records that are held in memory while the disk is away. */
    readonly heldBytes: number;
  };
}

/** What stands in a line. */
type LineRecord = AuditRecord | Written<'opened' | 'closed'> | LogRecord;

const STOPPED = 'the audit log is stopped';

/** One writer of the log: its chain, its segments and its checkpoints, from its first line to its last. */
export class LogWriter implements AuditLog {
  readonly #options: LogWriterOptions;
  readonly #chain = new Chain();
  readonly #committer: Committer;
  /** Open attempts, with the number of the segment that holds their intent. */
  readonly #open = new Map<string, number>();
  #segmentNumber = 1;
  #segmentBytes = 0;
  #checkpointedLines = 0;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #stopped = false;
  #lost = 0;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    const { segments, checkpoints, limits, onFault } = options;
    this.#committer = new Committer({
      segments,
      onFault,
      ...limits,
      publish: (checkpoint) => checkpoints.publish(checkpoint),
    });
  }

  /** Writes the first line, and closes what others abandoned. Resolves when both are durable. */
  async start(begin: {
    role: string;
    key: string;
    predecessors: readonly Predecessor[];
    abandoned: readonly Intent[];
  }): Promise<void> {
    const { clock, writer, limits } = this.#options;
    const nowMs = clock.nowMs();
    this.#committer.group.startsSegment = true;
    this.#append({
      kind: 'log.writer',
      format: 1,
      writer,
      startedAtMs: nowMs,
      role: begin.role,
      key: begin.key,
      predecessors: begin.predecessors,
    });
    for (const intent of begin.abandoned) this.#append(closeAbandoned(intent, nowMs));
    const writers = begin.predecessors.filter(({ state }) => state === 'ended').map((ended) => ended.writer);
    if (writers.length > 0)
      this.#append({ kind: 'log.recovered', writers, abandoned: begin.abandoned.length });
    await this.#committer.group.durable();
    this.#started = true;
    this.#timer = setInterval(() => this.#checkpointIfNew(), limits.checkpointMs).unref();
  }

  open(intent: Intent | Written<'opened'>): Promise<void> {
    const fault = this.fault();
    if (fault !== undefined) return Promise.reject(new Error(fault));
    const group = this.#append(intent);
    this.#open.set(intent.requestId, this.#segmentNumber);
    return group.durable();
  }

  close(record: ClosedRecord | Written<'closed'>): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error(STOPPED));
    if (this.#committer.fault !== undefined && this.#committer.heldBytes > this.#options.limits.heldBytes) {
      // The attempt stays open here, so that the next start closes it as abandoned.
      this.#lost += 1;
      return Promise.reject(
        new Error(
          `the audit log holds all the records it may while it cannot write: ${this.#committer.fault}`,
        ),
      );
    }
    this.#open.delete(record.requestId);
    return this.#append(record).written();
  }

  note(record: AdminRecord): Promise<void> {
    const fault = this.fault();
    if (fault !== undefined) return Promise.reject(new Error(fault));
    return this.#append(record).durable();
  }

  fault(): string | undefined {
    return this.#stopped ? STOPPED : this.#committer.fault;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    if (this.#lost > 0) this.#admitGap(this.#committer.group);
    this.#checkpoint(this.#append({ kind: 'log.stop', stoppedAtMs: this.#options.clock.nowMs() }));
    const fault = await this.#committer.stop();
    try {
      if (fault === undefined) this.#options.segments.trim();
    } finally {
      this.abort();
    }
    if (fault !== undefined)
      throw new Error(`the audit log stopped with records that it could not write: ${fault}`);
  }

  /** Lets go of files and lock at once, as a dying process would. */
  abort(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#committer.abort();
    this.#options.segments.close();
    this.#options.checkpoints.close();
    this.#options.lock.release();
  }

  #append(record: LineRecord): Group {
    const { group } = this.#committer;
    const { limits } = this.#options;
    // Recovery stays in one segment, so that whoever recovers a crashed recovery need read only that one.
    const isFull = this.#segmentBytes > limits.segmentBytes;
    if (isFull && this.#started && group.lengthBytes === 0) this.#startSegment(group);
    if (this.#lost > 0 && this.#committer.fault === undefined) this.#admitGap(group);
    this.#write(group, record);
    if (this.#chain.lines - this.#checkpointedLines >= limits.checkpointLines) this.#checkpoint(group);
    return group;
  }

  #write(group: Group, record: LineRecord): void {
    const recordJson = 'json' in record ? record.json : JSON.stringify(record);
    this.#segmentBytes += group.append(this.#chain.append(recordJson));
    if (this.#segmentBytes > this.#options.limits.segmentBytes / 2) this.#options.segments.prepareNext();
  }

  #startSegment(group: Group): void {
    this.#segmentNumber += 1;
    group.startsSegment = true;
    this.#segmentBytes = 0;
    this.#write(group, { kind: 'log.segment', number: this.#segmentNumber, open: [...this.#open] });
  }

  #admitGap(group: Group): void {
    this.#write(group, { kind: 'log.gap', lost: this.#lost });
    this.#lost = 0;
  }

  #checkpointIfNew(): void {
    if (this.#chain.lines > this.#checkpointedLines) this.#checkpoint(this.#committer.group);
  }

  #checkpoint(group: Group): void {
    const { writer, clock } = this.#options;
    this.#checkpointedLines = this.#chain.lines;
    group.checkpoint = {
      writer,
      size: this.#chain.lines,
      root: this.#chain.root(),
      head: this.#chain.head,
      atMs: clock.nowMs(),
    };
  }
}

/** What was set aside for it may have been spent, and the ledger books as much when the reservation expires. */
function closeAbandoned(intent: Intent, nowMs: number): ClosedRecord {
  const { reservedMicroUsd } = intent;
  return {
    ...intent,
    kind: 'closed',
    closedAtMs: nowMs,
    outcome: 'abandoned',
    ...(reservedMicroUsd === undefined ? {} : { costMicroUsd: reservedMicroUsd }),
  };
}
