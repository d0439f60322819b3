import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import { openLocalArchive, type ReadResult } from '../adapters/archive/local.ts';
import { findCoveringCheckpoint, findNewestCheckpoints } from '../adapters/audit-log/coverage.ts';
import { exportAttempts, type ExportSummary } from '../adapters/audit-log/export.ts';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import {
  openAuditSearch,
  type AttemptQuery,
  type FoundAttempt,
  type FoundLine,
} from '../adapters/audit-log/search.ts';
import { readTrustedKey } from '../adapters/audit-log/signing-key.ts';
import { isExport, verifyExport, type ExportReport } from '../adapters/audit-log/verify-export.ts';
import { verifyLog, type VerifyReport } from '../adapters/audit-log/verify.ts';
import { systemClock } from '../adapters/clock/system.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { AdminRecord } from '../road/record.ts';

export { describeProblem, type Problem } from '../adapters/audit-log/problem.ts';
export type { AttemptQuery, FoundAttempt, FoundLine, ReadResult };

/** Attempts that match, newest first; `last` stands for the newest of all. */
export function queryAttempts(stateDir: string, query: AttemptQuery): FoundAttempt[] {
  locateAuditLog(stateDir);
  const search = openAuditSearch({ stateDir });
  try {
    return search.query(query);
  } finally {
    search.close();
  }
}

/** One attempt by its id, or the newest one for `last`. */
export function findAttempt(stateDir: string, requestId: string): FoundAttempt | undefined {
  locateAuditLog(stateDir);
  const search = openAuditSearch({ stateDir });
  try {
    return requestId === 'last' ? search.query({ limit: 1 })[0] : search.find(requestId);
  } finally {
    search.close();
  }
}

/** The first signed checkpoint that covers a line. */
export function findCheckpoint(
  stateDir: string,
  { file, seq }: FoundLine,
): { size: number; atMs: number; key: string; line: number } | undefined {
  return findCoveringCheckpoint(path.join(stateDir, 'audit'), { writer: path.dirname(file), seq });
}

/** The newest signed checkpoint of every writer, as lines to keep elsewhere. */
export function newestCheckpoints(stateDir: string): string[] {
  const auditDir = locateAuditLog(stateDir);
  return findNewestCheckpoints(auditDir).map(({ text }) => text);
}

/** Where the log of a state folder stands. Throws, and says what to do, where there is none. */
export function locateAuditLog(stateDir: string): string {
  const auditDir = path.join(stateDir, 'audit');
  if (existsSync(auditDir)) return auditDir;
  throw new Error(
    `there is no audit log in ${auditDir}. Name the folder that the gateway uses with --state or ` +
      'GOLDENPATH_STATE; if it has never run, start it first.',
  );
}

/** Writes attempts with their proofs into a new folder. */
export function exportEvidence(options: {
  stateDir: string;
  outDir: string;
  attempts: readonly FoundAttempt[];
}): ExportSummary {
  const { stateDir, outDir, attempts } = options;
  return exportAttempts({
    auditDir: path.join(stateDir, 'audit'),
    outDir,
    attempts,
    madeAtMs: systemClock.nowMs(),
  });
}

export interface VerifyOrder {
  /** A state folder, a log's folder, or an export. */
  readonly dir: string;
  readonly anchorFile: string | undefined;
  /** PEM of the one key to trust, instead of those beside the log. */
  readonly keyFile: string | undefined;
  readonly onProgress: (bytes: number) => void;
}

/** Verifies a log or an export, offline. */
export function verifyEvidence(
  order: VerifyOrder,
): { kind: 'log'; report: VerifyReport } | { kind: 'export'; report: ExportReport } {
  const keys = order.keyFile === undefined ? undefined : readTrustedKey(order.keyFile);
  if (isExport(order.dir))
    return { kind: 'export', report: verifyExport({ dir: order.dir, ...(keys && { keys }) }) };
  const { anchorFile, onProgress } = order;
  const auditDir = locateAuditLog(order.dir);
  return {
    kind: 'log',
    report: verifyLog({
      auditDir,
      onProgress,
      ...(anchorFile !== undefined && { anchorFile }),
      ...(keys && { keys }),
    }),
  };
}

/** Reads archived text of requests. Each reading is on the audit log, durably, before anything is decrypted. */
export async function readArchivedText(order: {
  stateDir: string;
  attempts: readonly FoundAttempt[];
  reason: string;
}): Promise<Map<string, ReadResult>> {
  const { stateDir, attempts, reason } = order;
  return await withAuditLog(stateDir, async (log) => {
    const archive = openLocalArchive({ stateDir, clock: systemClock });
    const texts = new Map<string, ReadResult>();
    try {
      await Promise.all(
        attempts.map(({ requestId, story }) =>
          log.note(
            note({
              action: 'archive.read',
              requestId,
              reason,
              ...(story.caller && { tenant: story.caller.tenant }),
            }),
          ),
        ),
      );
      for (const { requestId } of attempts) texts.set(requestId, await archive.readWithReasons(requestId));
    } finally {
      await archive.stop();
    }
    return texts;
  });
}

/** Destroys a tenant's archive keys, and records who did it and why. Returns how many keys were destroyed. */
export async function shredTenant(order: {
  stateDir: string;
  tenant: string;
  reason: string;
}): Promise<number> {
  const { stateDir, tenant, reason } = order;
  return await withAuditLog(stateDir, async (log) => {
    const archive = openLocalArchive({ stateDir, clock: systemClock });
    // Before the deed: a shred that nobody recorded must not happen.
    await log.note(note({ action: 'archive.shred', tenant, reason }));
    const destroyed = await archive.shred(tenant);
    await archive.stop();
    return destroyed;
  });
}

/** Deletes archived text whose retention is over. Returns how many entries were deleted. */
export async function expireArchive(stateDir: string): Promise<number> {
  return await withAuditLog(stateDir, async (log) => {
    const archive = openLocalArchive({ stateDir, clock: systemClock });
    const deleted = await archive.expire(systemClock.nowMs());
    await archive.stop();
    if (deleted > 0)
      await log.note(
        note({ action: 'archive.expire', reason: `${deleted} entries were past their retention` }),
      );
    return deleted;
  });
}

async function withAuditLog<T>(stateDir: string, use: (log: AuditLog) => Promise<T>): Promise<T> {
  locateAuditLog(stateDir); // else a misspelt folder would get a log of its own
  const log = await openLocalAuditLog({ stateDir, clock: systemClock, role: 'command' });
  try {
    return await use(log);
  } finally {
    await log.stop();
  }
}

function note(what: Omit<AdminRecord, 'kind' | 'atMs' | 'actor'>): AdminRecord {
  return { kind: 'admin', atMs: systemClock.nowMs(), actor: `os:${userInfo().username}`, ...what };
}
