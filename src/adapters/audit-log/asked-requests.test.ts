import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { openAskedRequests } from './asked-requests.ts';
import { openLocalAuditLog } from './local.ts';
import { makeClosed, makeIntent, makeStateDir, testClock } from './testing.ts';

const MAYAS = { requestId: 'a', tenant: 'acme', subject: 'ünal', capability: 'support-assistant' };

test('finds what is under way, what is closed, and what is written while it is open', async () => {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  const asked = openAskedRequests({ stateDir });
  assert.equal(await asked.find('a'), undefined);
  await log.open(makeIntent('a'));
  assert.deepEqual(await asked.find('a'), MAYAS);
  await log.close(makeClosed(makeIntent('a')));
  const found = await Promise.all(
    Array.from({ length: 50 }, (_, index) => asked.find(index % 2 ? 'a' : 'b')),
  );
  assert.deepEqual(found.slice(0, 2), [undefined, MAYAS]);
  await log.stop();
  await asked.stop();
});

test('a request of nobody who proved who they are is nobodys', async () => {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  const { caller: _, ...anonymous } = makeClosed(makeIntent('a'));
  await log.close(anonymous);
  const asked = openAskedRequests({ stateDir });
  assert.equal(await asked.find('a'), undefined);
  await asked.stop();
  await log.stop();
});

test('an index that is taken away or damaged is made anew', async () => {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  await log.open(makeIntent('a'));
  const index = path.join(stateDir, 'index', 'audit.sqlite');
  fs.mkdirSync(path.dirname(index), { recursive: true });
  fs.writeFileSync(index, 'no database, but long enough to be looked at as one'.repeat(100));
  const asked = openAskedRequests({ stateDir });
  assert.deepEqual(await asked.find('a'), MAYAS);
  await asked.stop();
  fs.rmSync(path.dirname(index), { recursive: true });
  const again = openAskedRequests({ stateDir });
  assert.deepEqual(await again.find('a'), MAYAS);
  await again.stop();
  await log.stop();
});

test('who cannot be answered in time, or at all, is told so, and nobody waits for ever', async () => {
  const file = path.join(makeStateDir(), 'no-folder');
  fs.writeFileSync(file, '');
  const asked = openAskedRequests({ stateDir: file });
  await assert.rejects(asked.find('a'), /ENOTDIR/);
  const waiting = assert.rejects(asked.find('b'), /stopped|ENOTDIR/);
  await asked.stop();
  await waiting;
  await assert.rejects(asked.find('c'), /stopped/);
  const late = openAskedRequests({ stateDir: makeStateDir(), timeoutMs: 0 });
  await assert.rejects(late.find('a'), /in time/);
  const many = Array.from({ length: 300 }, () => late.find('a').catch((error: Error) => error.message));
  assert.ok((await Promise.all(many)).includes('too many look for requests'));
  await late.stop();
});
