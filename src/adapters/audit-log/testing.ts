import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AuditRecord, ClosedRecord, Intent } from '../../road/record.ts';
import type { LogRecord } from './log-record.ts';
import { parseLine } from './line.ts';
import { listSegments, listWriters, scanLines } from './read-log.ts';

/** A clock of the machine, for tests that do not care about the time. */
export const testClock: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => performance.now() * 1000,
  random: Math.random,
};

export function makeStateDir(): string {
  return mkdtempSync(path.join(tmpdir(), 'goldenpath-audit-'));
}

export function makeIntent(requestId: string, story: Partial<Intent> = {}): Intent {
  return {
    kind: 'opened',
    requestId,
    startedAtMs: 1_700_000_000_000,
    dialect: 'openai.chat',
    caller: {
      tenant: 'acme',
      subject: 'ünal',
      issuer: 'https://issuer.example',
      kind: 'user',
      groups: ['staff'],
    },
    capability: 'support-assistant',
    inputHash: 'b'.repeat(64),
    route: 'eu-sonnet',
    ...story,
  };
}

export function makeClosed(intent: Intent, ending: Partial<ClosedRecord> = {}): ClosedRecord {
  return {
    ...intent,
    kind: 'closed',
    closedAtMs: intent.startedAtMs + 120,
    outcome: 'answered',
    finishReason: 'stop',
    usage: { inputTokens: 12, outputTokens: 34, source: 'provider' },
    costMicroUsd: 77,
    answerHash: 'c'.repeat(64),
    tookUs: 120_000,
    ...ending,
  };
}

/** Opens and closes attempts, one after the other. */
export async function runAttempts(log: AuditLog, requestIds: readonly string[]): Promise<void> {
  for (const requestId of requestIds) {
    const intent = makeIntent(requestId);
    await log.open(intent);
    await log.close(makeClosed(intent));
  }
}

/** Every record of a log, in the order of its writers. */
export function readRecords(stateDir: string): (AuditRecord | LogRecord)[] {
  const auditDir = path.join(stateDir, 'audit');
  const records: (AuditRecord | LogRecord)[] = [];
  for (const writer of listWriters(auditDir)) {
    for (const file of listSegments(path.join(auditDir, writer))) {
      scanLines({ file }, ({ bytes }) => {
        const line = parseLine(bytes);
        if (typeof line === 'string') throw new Error(`${file}: ${line}`);
        records.push(line.record);
      });
    }
  }
  return records;
}
