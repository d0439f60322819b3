import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { openLocalArchive } from './local.ts';

const clock = { nowMs: () => Date.now(), monotonicUs: () => performance.now() * 1000, random: Math.random };

void test('returns what was sealed', async () => {
  const archive = openLocalArchive({ stateDir: mkdtempSync(path.join(tmpdir(), 'gp-archive-')), clock });
  const writtenAtMs = clock.nowMs();
  const entry = { requestId: 'a', tenant: 'acme', text: 'hello é', writtenAtMs, retentionDays: 90 };
  await Promise.all([archive.seal({ ...entry, part: 'prompt' }), archive.seal({ ...entry, part: 'answer' })]);
  assert.deepEqual(await archive.read('a'), [
    { part: 'prompt', text: 'hello é', writtenAtMs },
    { part: 'answer', text: 'hello é', writtenAtMs },
  ]);
  assert.equal(await archive.shred('acme'), 1);
  assert.deepEqual(await archive.readWithReasons('a'), {
    parts: [],
    withheld: [
      { part: 'prompt', reason: 'shredded' },
      { part: 'answer', reason: 'shredded' },
    ],
  });
  await archive.stop();
});
