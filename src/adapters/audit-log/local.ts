import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import { takeLock, type ProcessLock } from '../local-state/process-lock.ts';
import { isErrno, makeFolder } from '../local-state/files.ts';
import { CheckpointWriter } from './checkpoint-file.ts';
import { openSystemFiles, type AuditFiles } from './file-system.ts';
import { LogWriter, type LogWriterOptions } from './log-writer.ts';
import { writerName } from './read-log.ts';
import { SegmentWriter } from './segment-writer.ts';
import { loadSigningKey, type SigningKey } from './signing-key.ts';
import { examineWriters, markFinished, writerLockFile } from './takeover.ts';

const TAKEOVER_WAIT_MS = 30_000;

export interface LocalAuditLogOptions {
  /** The folder of everything that Goldenpath keeps on this machine; the log is in its `audit`. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** What this process is, as it stands in the writer's first line. */
  readonly role?: string;
  /** Hears why the log cannot be written, and `undefined` when it can again. */
  readonly onFault?: (fault: string | undefined) => void;
  readonly files?: AuditFiles;
  readonly limits?: Partial<LogWriterOptions['limits']>;
}

const DEFAULT_LIMITS: LogWriterOptions['limits'] = {
  segmentBytes: 64 * 1024 * 1024,
  checkpointLines: 4096,
  checkpointMs: 5000,
  idleSyncMs: 50,
  retryMs: 250,
  stallMs: 5000,
  heldBytes: 64 * 1024 * 1024,
};

/**
 * Opens a new writer of the audit log under `stateDir`, and closes as `abandoned` what writers of dead processes
 * left open. Rejects when the log cannot be written.
 */
export async function openLocalAuditLog(options: LocalAuditLogOptions): Promise<AuditLog> {
  const auditDir = path.join(options.stateDir, 'audit');
  makeFolder(auditDir, 0o750);
  const key = loadSigningKey(options);
  const takeoverLock = takeLock(path.join(auditDir, 'takeover.lock'), { waitMs: TAKEOVER_WAIT_MS });
  if (takeoverLock === undefined)
    throw new Error(
      `another process has been opening the audit log in ${auditDir} for ${TAKEOVER_WAIT_MS / 1000} s`,
    );
  try {
    return await startWriter({ ...options, auditDir, key });
  } finally {
    takeoverLock.release();
  }
}

async function startWriter(
  options: LocalAuditLogOptions & { auditDir: string; key: SigningKey },
): Promise<AuditLog> {
  const { auditDir, key, clock, files = openSystemFiles() } = options;
  const takeover = examineWriters(auditDir);
  const { writer, dir, lock } = claimWriter(auditDir, clock);
  const segments = new SegmentWriter({ files, dir });
  const checkpoints = new CheckpointWriter({ files, auditDir, key });
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = new LogWriter({
    writer,
    clock,
    lock,
    segments,
    checkpoints,
    limits,
    onFault: options.onFault ?? (() => undefined),
  });
  try {
    await log.start({ role: options.role ?? 'gateway', key: key.id, ...takeover });
    markFinished(auditDir, { predecessors: takeover.predecessors, by: writer });
  } catch (error) {
    log.abort();
    throw error;
  }
  return log;
}

function claimWriter(auditDir: string, clock: Clock): { writer: string; dir: string; lock: ProcessLock } {
  let chance = Math.floor(clock.random() * 2 ** 32);
  for (;;) {
    const writer = writerName(clock.nowMs(), chance);
    const dir = path.join(auditDir, writer);
    try {
      mkdirSync(dir);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      chance = (chance + 1) % 2 ** 32;
      continue;
    }
    const lock = takeLock(writerLockFile(dir), { waitMs: 0 });
    if (lock === undefined) throw new Error(`the lock of ${dir} is held, though the writer is new`);
    return { writer, dir, lock };
  }
}
