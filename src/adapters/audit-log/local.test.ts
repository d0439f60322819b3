import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { openLocalAuditLog } from './local.ts';
import { parseLine } from './line.ts';

const clock = { nowMs: () => Date.now(), monotonicUs: () => performance.now() * 1000, random: Math.random };

void test('writes a chain of lines', async () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'gp-audit-'));
  const log = await openLocalAuditLog({ stateDir, clock });
  await log.open({ kind: 'opened', requestId: 'a', startedAtMs: 1, dialect: 'x' });
  await log.close({
    kind: 'closed',
    requestId: 'a',
    startedAtMs: 1,
    dialect: 'x',
    closedAtMs: 2,
    outcome: 'answered',
  });
  await log.stop();
  const [writer] = readdirSync(path.join(stateDir, 'audit'));
  const lines = readFileSync(path.join(stateDir, 'audit', writer ?? '', '000001.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  const parsed = lines.map((line) => parseLine(Buffer.from(line)));
  assert.deepEqual(
    parsed.map((line) => (typeof line === 'string' ? line : line.record.kind)),
    ['log.writer', 'opened', 'closed', 'log.stop'],
  );
});
