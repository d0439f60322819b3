import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import type { ClosedRecord } from '../../road/record.ts';
import { openLocalAuditLog } from './local.ts';
import { makeStateDir, readRecords, testClock } from './testing.ts';
import { verifyLog } from './verify.ts';

const ROUNDS = Number(process.env['GOLDENPATH_KILL9_ROUNDS'] ?? 20);
const CHILD = path.join(import.meta.dirname, 'kill9.child.ts');

void describe('kill -9', () => {
  void test(`loses nothing that was acknowledged, and leaves one closed record an attempt (${ROUNDS} rounds)`, async () => {
    const stateDir = makeStateDir();
    const acknowledged = { opened: new Set<string>(), closed: new Set<string>() };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const line of await killWhileWriting({ stateDir, round })) {
        const [what, requestId = ''] = line.split(' ');
        if (what === 'opened') acknowledged.opened.add(requestId);
        if (what === 'closed') acknowledged.closed.add(requestId);
      }
    }
    const log = await openLocalAuditLog({ stateDir, clock: testClock });
    await log.stop();
    assert.ok(acknowledged.closed.size > ROUNDS, 'the children wrote something');
    assertNothingIsLost(stateDir, acknowledged);
    rmSync(stateDir, { recursive: true });
  });
});

/** Starts a writer, kills it at a random moment, also while it still recovers, and returns what it acknowledged. */
async function killWhileWriting({ stateDir, round }: { stateDir: string; round: number }): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, stateDir, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const isKilledEarly = round % 4 === 3;
  const kill = (withinMs: number) => setTimeout(() => child.kill('SIGKILL'), Math.random() * withinMs);
  if (isKilledEarly) kill(150);
  child.stdout.on('data', (chunk: Buffer) => {
    if (output === '' && !isKilledEarly) kill(120);
    output += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  // The last line may be cut off: what the parent did not see whole was not acknowledged.
  return output.split('\n').slice(0, -1);
}

function assertNothingIsLost(
  stateDir: string,
  acknowledged: { opened: Set<string>; closed: Set<string> },
): void {
  const records = readRecords(stateDir);
  const opened = new Set(
    records.filter((record) => record.kind === 'opened').map((record) => record.requestId),
  );
  const closed = new Map<string, ClosedRecord[]>();
  for (const record of records) {
    if (record.kind === 'closed')
      closed.set(record.requestId, [...(closed.get(record.requestId) ?? []), record]);
  }
  for (const requestId of acknowledged.opened)
    assert.ok(opened.has(requestId), `${requestId} was acknowledged as opened`);
  for (const requestId of opened)
    assert.equal(closed.get(requestId)?.length, 1, `closed records of ${requestId}`);
  for (const requestId of acknowledged.closed)
    assert.equal(closed.get(requestId)?.[0]?.outcome, 'answered', requestId);
  const report = verifyLog({ auditDir: path.join(stateDir, 'audit') });
  assert.deepEqual(report.problems, []);
  assert.equal(report.stillOpen, 0);
}
