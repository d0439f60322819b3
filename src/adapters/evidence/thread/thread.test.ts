import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Evidence } from '../../../ports/evidence.ts';
import { makeClosed, makeIntent } from '../../audit-log/testing.ts';
import { openEvidenceThread } from './client.ts';

const makeEntry = (text: string) =>
  ({ requestId: 'a', tenant: 'acme', part: 'prompt', text, writtenAtMs: 1, retentionDays: 1 }) as const;
const open = (evidence: Evidence, id: string, text?: string) =>
  evidence.open(makeIntent(id), text === undefined ? undefined : makeEntry(text));
const close = (evidence: Evidence, id: string) => evidence.close(makeClosed(makeIntent(id)));
const note = (evidence: Evidence, reason: string) =>
  evidence.note({ kind: 'admin', atMs: 1, action: 'gateway.start', actor: 'test', reason });

/** What the thread has written, in its order. */
async function writtenOf(evidence: Evidence): Promise<string[]> {
  const error: unknown = await note(evidence, 'written?').catch((thrown: unknown) => thrown);
  return error instanceof Error ? error.message.split(', ') : [];
}

async function start(t: TestContext, stallMs = 5000) {
  const faults: (string | undefined)[] = [];
  let worker: Worker | undefined;
  const evidence = await openEvidenceThread({
    stallMs,
    onFault: (fault) => void faults.push(fault),
    start: (memory) =>
      (worker = new Worker(new URL('./testing/faulty.thread.ts', import.meta.url), { workerData: memory })),
  });
  t.after(() => worker?.terminate());
  return { evidence, faults };
}

const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('performs calls in their order, with their text, and what comes meanwhile in the next batch', async (t) => {
  const { evidence } = await start(t);
  await open(evidence, 'a', 'hello');
  await Promise.all([close(evidence, 'a'), open(evidence, 'b', 'ü🙂'), open(evidence, 'c')]);
  assert.deepEqual(await writtenOf(evidence), ['open a 5', 'close a -', 'open b 3', 'open c -']);
  await evidence.stop();
});

test('a note brings its text', async (t) => {
  const { evidence } = await start(t);
  await evidence.note(
    { kind: 'admin', atMs: 1, action: 'feedback', actor: 'test', reason: 'b' },
    makeEntry('hello'),
  );
  await note(evidence, 'a');
  assert.deepEqual(await writtenOf(evidence), ['note b 5', 'note a -']);
  await evidence.stop();
});

test('a thousand calls at once are all performed, and texts of any size arrive whole', async (t) => {
  const { evidence } = await start(t);
  const sizes = Array.from({ length: 1000 }, (_, index) => (index === 500 ? 5_000_000 : index));
  await Promise.all(sizes.map((size, index) => open(evidence, `r${index}`, 'x'.repeat(size))));
  const expected = sizes.map((size, index) => `open r${index} ${size}`);
  assert.deepEqual(await writtenOf(evidence), expected);
  await evidence.stop();
});

test('whatever moment a call comes at, the thread that is about to sleep sees it', async (t) => {
  const { evidence } = await start(t);
  for (let round = 0; round < 3000; round += 1) {
    await open(evidence, `r${round}`);
    // From none to some ten microseconds: as long as the other thread takes to fall asleep.
    for (let spins = (round * 97) % 3000; spins > 0; spins -= 1) performance.now();
  }
  assert.equal((await writtenOf(evidence)).length, 3000);
  await evidence.stop();
});

test('a call that fails rejects, and no other of its batch does', async (t) => {
  const { evidence } = await start(t);
  const results = await Promise.allSettled([
    open(evidence, 'a'),
    open(evidence, 'fail'),
    open(evidence, 'b'),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'done' : String(result.reason))),
    ['done', 'Error: disk full', 'done'],
  );
  await evidence.stop();
});

test('a slow call holds up no other one, and settles when it is done', async (t) => {
  const { evidence } = await start(t);
  const order: string[] = [];
  const slow = close(evidence, 'slow 150').then(() => order.push('slow'));
  const slowFailure = assert.rejects(close(evidence, 'fail'));
  await open(evidence, 'quick').then(() => order.push('quick'));
  await open(evidence, 'next').then(() => order.push('next'));
  await Promise.all([slow, slowFailure]);
  assert.deepEqual(order, ['quick', 'next', 'slow']);
  await evidence.stop();
});

test('a fault of the evidence is told when it begins and when it ends, and nothing is opened meanwhile', async (t) => {
  const { evidence, faults } = await start(t);
  await close(evidence, 'fault');
  await until(() => evidence.fault() !== undefined);
  await assert.rejects(open(evidence, 'a'), /disk full/);
  await close(evidence, 'mend');
  await until(() => evidence.fault() === undefined);
  await open(evidence, 'b');
  assert.deepEqual(faults, ['disk full', undefined]);
  await evidence.stop();
});

test('a no does not wait until a full disk has room, and an answer does', async (t) => {
  const { evidence } = await start(t);
  const refused = evidence.close(makeClosed(makeIntent('full'), { outcome: 'refused' }));
  const answered = close(evidence, 'full');
  await assert.rejects(refused, /disk full/);
  await answered;
  await close(evidence, 'mend');
  await until(() => evidence.fault() === undefined);
  const written = await writtenOf(evidence);
  assert.equal(written.filter((what) => what === 'close full -').length, 2, 'both are written in the end');
  await evidence.stop();
});

test('a thread that does not answer refuses what would wait for it, holds records, and goes on', async (t) => {
  const { evidence, faults } = await start(t, 200);
  const blocked = close(evidence, 'block 700');
  await assert.rejects(open(evidence, 'a'), /has not answered for 0.2 s/);
  await assert.rejects(open(evidence, 'b'), /has not answered/);
  const held = close(evidence, 'held');
  await Promise.all([blocked, held]);
  await until(() => evidence.fault() === undefined);
  await open(evidence, 'c');
  assert.match(faults[0] ?? '', /has not answered/);
  assert.equal(faults.at(-1), undefined);
  const written = await writtenOf(evidence);
  assert.ok(written.includes('close held -') && written.includes('open c -'), written.join());
  await evidence.stop();
});

test('when the thread dies everything is refused, and the fault stays', async (t) => {
  const { evidence, faults } = await start(t);
  const slow = assert.rejects(close(evidence, 'slow 5000'), /ended/);
  await open(evidence, 'a');
  await assert.rejects(close(evidence, 'die'), /the thread that writes evidence ended: exit code 3/);
  await slow;
  await assert.rejects(open(evidence, 'b'), /ended/);
  await assert.rejects(close(evidence, 'b'), /ended/);
  await assert.rejects(note(evidence, 'b'), /ended/);
  assert.match(evidence.fault() ?? '', /ended/);
  assert.equal(faults.length, 1);
  await evidence.stop();
});

test('a stop writes what was taken before, and takes nothing more', async (t) => {
  const { evidence } = await start(t);
  const before = [open(evidence, 'a'), close(evidence, 'slow 10')];
  const stopped = evidence.stop();
  await assert.rejects(open(evidence, 'b'), /stopped/);
  await assert.rejects(close(evidence, 'b'), /stopped/);
  await Promise.all([...before, stopped]);
  assert.match(evidence.fault() ?? '', /stopped/);
  await evidence.stop();
});

test('a stop that could not write everything says so', async (t) => {
  const { evidence } = await start(t);
  await close(evidence, 'fault');
  await assert.rejects(evidence.stop(), /could not be written: disk full/);
});

test('a thread that ends at its start is no evidence', async () => {
  const startNothing = () => new Worker('process.exit(1)', { eval: true });
  await assert.rejects(
    openEvidenceThread({ start: startNothing, onFault: () => undefined }),
    /ended at its start/,
  );
});
