import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AdminRecord, ClosedRecord, Intent } from '../../road/record.ts';
import { Chain } from './chain.ts';
import { Committer } from './committer.ts';
import { systemFiles, type AuditFiles } from './file-system.ts';
import type { LogRecord } from './log-record.ts';
import { SegmentWriter } from './segment-writer.ts';

export interface LocalAuditLogOptions {
  /** The folder of everything that Goldenpath keeps on this machine; the log is in its `audit`. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Hears why the log cannot be written, and `undefined` when it can again. */
  readonly onFault?: (fault: string | undefined) => void;
  readonly files?: AuditFiles;
  readonly segmentBytes?: number;
  readonly idleSyncMs?: number;
  readonly retryMs?: number;
}

/** Opens a new writer of the audit log under `stateDir`. Rejects when the log cannot be written. */
export async function openLocalAuditLog(options: LocalAuditLogOptions): Promise<AuditLog> {
  const files = options.files ?? systemFiles;
  const writer = makeWriterId(options.clock);
  const dir = path.join(options.stateDir, 'audit', writer);
  mkdirSync(dir, { recursive: true });
  const segments = new SegmentWriter({ files, dir });
  await segments.startNext();
  const log = new LocalAuditLog({ options, segments });
  await log.append({
    kind: 'log.writer',
    format: 1,
    writer,
    startedAtMs: options.clock.nowMs(),
    role: '',
    key: '',
    predecessors: [],
  });
  return log;
}

function makeWriterId(clock: Clock): string {
  const time = new Date(clock.nowMs()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const chance = Math.floor(clock.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  return `${time}-${chance}`;
}

const DEFAULT_SEGMENT_BYTES = 64 * 1024 * 1024;

class LocalAuditLog implements AuditLog {
  readonly #chain = new Chain();
  readonly #committer: Committer;
  readonly #segments: SegmentWriter;
  readonly #segmentBytes: number;
  readonly #openAttempts = new Map<string, number>();
  #stopped = false;

  constructor({ options, segments }: { options: LocalAuditLogOptions; segments: SegmentWriter }) {
    this.#segments = segments;
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.#committer = new Committer({
      segments,
      idleSyncMs: options.idleSyncMs ?? 50,
      retryMs: options.retryMs ?? 250,
      onFault: options.onFault ?? (() => undefined),
    });
  }

  open(intent: Intent): Promise<void> {
    const fault = this.fault();
    if (fault !== undefined) return Promise.reject(new Error(fault));
    const group = this.#append(intent);
    this.#openAttempts.set(intent.requestId, this.#segments.number);
    return group.durable();
  }

  close(record: ClosedRecord): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('the audit log is stopped'));
    this.#openAttempts.delete(record.requestId);
    return this.#append(record).written();
  }

  note(record: AdminRecord): Promise<void> {
    const fault = this.fault();
    if (fault !== undefined) return Promise.reject(new Error(fault));
    return this.#append(record).durable();
  }

  /** Writes one of the log's own lines. */
  append(record: LogRecord): Promise<void> {
    return this.#append(record).durable();
  }

  fault(): string | undefined {
    return this.#stopped ? 'the audit log is stopped' : this.#committer.fault;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    const fault = await this.#committer.stop();
    this.#segments.close();
    if (fault !== undefined)
      throw new Error(`the audit log stopped with records that it could not write: ${fault}`);
  }

  #append(record: Intent | ClosedRecord | AdminRecord | LogRecord) {
    const { group } = this.#committer;
    if (group.lengthBytes === 0 && this.#segments.size > this.#segmentBytes) {
      group.startsSegment = true;
      const number = this.#segments.number + 1;
      group.append(
        this.#chain.append(JSON.stringify({ kind: 'log.segment', number, open: [...this.#openAttempts] })),
      );
    }
    group.append(this.#chain.append(JSON.stringify(record)));
    return group;
  }
}
