import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLocalArchive } from '../adapters/archive/local.ts';
import { startRetention } from './retention.ts';

const DAY_MS = 86_400_000;

test('what is past its retention is deleted at start, and that is on the record', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'goldenpath-retention-'));
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { nowMs: () => nowMs, monotonicUs: () => performance.now() * 1000, random: Math.random };
  const archive = openLocalArchive({ stateDir, clock });
  await archive.seal({
    requestId: 'request-1',
    tenant: 'acme',
    part: 'prompt',
    text: 'kept for a month',
    writtenAtMs: nowMs,
    retentionDays: 30,
  });
  nowMs += 20 * DAY_MS;
  const noted: string[] = [];
  const watched = {
    note: async (record: { readonly reason?: string }) => void noted.push(record.reason ?? ''),
  };
  const errors: unknown[] = [];
  const run = async () => {
    const retention = startRetention({
      archive,
      evidence: watched,
      clock,
      onError: (e) => errors.push(e),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    retention.close();
  };
  await run();
  assert.equal((await archive.read('request-1')).length, 1);
  nowMs += 12 * DAY_MS;
  await run();
  assert.deepEqual(await archive.read('request-1'), []);
  assert.deepEqual(noted, ['1 entries were past their retention']);
  assert.deepEqual(errors, []);
  await archive.stop();
});
