import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, test } from 'node:test';
import { openLocalAuditLog } from './local.ts';
import { openAuditSearch, type AttemptQuery } from './search.ts';
import { listSegments, listWriters } from './read-log.ts';
import { makeClosed, makeIntent, makeStateDir, testClock } from './testing.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const HOUR_MS = 3_600_000;

/** Attempts a0 (newest) to a5: by maya and jo in turn, the fourth refused, the last still open. */
async function makeLog(stateDir: string): Promise<void> {
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  for (let index = 0; index < 6; index += 1) {
    const caller = {
      tenant: index < 3 ? 'acme' : 'globex',
      subject: index % 2 === 0 ? 'maya' : 'jo',
      issuer: 'i',
      kind: 'user',
      groups: [],
      workflow: `w${index}`,
    } as const;
    const intent = makeIntent(`a${index}`, {
      startedAtMs: NOW_MS - index * HOUR_MS,
      caller,
      capability: index === 5 ? 'invoices' : 'support',
      route: `route-${index % 3}`,
    });
    await log.open(intent);
    if (index === 4)
      await log.close(
        makeClosed(intent, {
          outcome: 'refused',
          refusal: { code: 'inference.deadline', detail: 'Timed OUT' },
        }),
      );
    else if (index !== 5) await log.close(makeClosed(intent));
  }
  await log.note({
    kind: 'admin',
    atMs: NOW_MS,
    action: 'archive.read',
    actor: 'os:eve',
    requestId: 'a1',
    reason: 'audit',
  });
  for (const [requestId, score] of [
    ['a2', 1],
    ['a3', -0.5],
    ['a4', 0],
  ] as const) {
    const feedback = { score, comment: 'none' } as const;
    await log.note({
      kind: 'admin',
      atMs: NOW_MS,
      action: 'feedback',
      actor: 'user:x/y',
      requestId,
      feedback,
    });
  }
  await log.stop();
}

const feedbackAt = (atMs: number, score: number) =>
  ({
    kind: 'admin',
    atMs,
    action: 'feedback',
    actor: 'user:x/y',
    requestId: 'a2',
    feedback: { score, comment: 'none' },
  }) as const;

const QUERIES: readonly { readonly query: AttemptQuery; readonly found: string }[] = [
  { query: {}, found: 'a0 a1 a2 a3 a4 a5' },
  { query: { limit: 2 }, found: 'a0 a1' },
  { query: { user: 'maya' }, found: 'a0 a2 a4' },
  { query: { user: "maya' OR 1=1 --" }, found: '' },
  { query: { tenant: 'globex' }, found: 'a3 a4 a5' },
  { query: { user: 'jo', tenant: 'globex' }, found: 'a3 a5' },
  { query: { capability: 'invoices' }, found: 'a5' },
  { query: { outcome: 'answered' }, found: 'a0 a1 a2 a3' },
  { query: { outcome: 'open' }, found: 'a5' },
  { query: { code: 'inference.deadline' }, found: 'a4' },
  { query: { workflow: 'w2' }, found: 'a2' },
  { query: { route: 'route-1' }, found: 'a1 a4' },
  { query: { sinceMs: NOW_MS - HOUR_MS }, found: 'a0 a1' },
  { query: { untilMs: NOW_MS - 3 * HOUR_MS }, found: 'a4 a5' },
  { query: { feedback: 'any' }, found: 'a2 a3 a4' },
  { query: { feedback: 'good' }, found: 'a2' },
  { query: { feedback: 'bad' }, found: 'a3' },
  { query: { feedback: 'bad', tenant: 'acme' }, found: '' },
  { query: { text: 'timed out' }, found: 'a4' },
  { query: { text: 'timed out', limit: 1 }, found: 'a4' },
];

describe('searching the log', () => {
  test('finds what the query says, newest first', async () => {
    const stateDir = makeStateDir();
    await makeLog(stateDir);
    const search = openAuditSearch({ stateDir });
    for (const { query, found } of QUERIES) {
      assert.equal(
        search
          .query(query)
          .map(({ requestId }) => requestId)
          .join(' '),
        found,
        JSON.stringify(query),
      );
    }
    search.close();
  });

  test('the newest feedback counts, whichever process recorded it', async () => {
    const stateDir = makeStateDir();
    await makeLog(stateDir);
    // Of two logs the one whose lines are read last has the older feedback.
    const readFirst = await openLocalAuditLog({ stateDir, clock: testClock });
    const laterClock = { ...testClock, nowMs: () => testClock.nowMs() + HOUR_MS };
    const readLast = await openLocalAuditLog({ stateDir, clock: laterClock });
    await readFirst.note(feedbackAt(NOW_MS + 2, -1));
    await readLast.note(feedbackAt(NOW_MS + 1, 0.5));
    await readFirst.stop();
    await readLast.stop();
    const search = openAuditSearch({ stateDir });
    const find = (feedback: 'good' | 'bad') => search.query({ feedback }).map(({ requestId }) => requestId);
    assert.deepEqual([find('good'), find('bad')], [[], ['a2', 'a3']]);
    const scores = search
      .find('a2')
      ?.notes.map(({ record }) => record.kind === 'admin' && record.feedback?.score);
    assert.deepEqual(scores, [1, 0.5, -1]);
    search.close();
  });

  test('tells one attempt from both of its lines and what operators did', async () => {
    const stateDir = makeStateDir();
    await makeLog(stateDir);
    const search = openAuditSearch({ stateDir });
    const attempt = search.find('a1');
    assert.deepEqual([attempt?.opened?.line, attempt?.closed?.line, attempt?.notes.length], [4, 5, 1]);
    assert.equal(attempt?.story.kind, 'closed');
    assert.equal(search.find('a5')?.story.kind, 'opened');
    assert.equal(search.find('nobody'), undefined);
    search.close();
  });

  test('sees what was written since, and answers the same after the index was deleted or damaged', async () => {
    const stateDir = makeStateDir();
    await makeLog(stateDir);
    const ask = () => {
      const search = openAuditSearch({ stateDir });
      const found = search.query({}).map(({ requestId, story }) => `${requestId} ${story.kind}`);
      search.close();
      return found;
    };
    assert.equal(ask().length, 6);
    // The next writer closes a5, which the one before left open.
    await (await openLocalAuditLog({ stateDir, clock: testClock })).stop();
    const found = ask();
    assert.equal(found.at(-1), 'a5 closed');
    const index = path.join(stateDir, 'index', 'audit.sqlite');
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(index + suffix, { force: true });
    assert.deepEqual(ask(), found);
    for (const suffix of ['-wal', '-shm']) fs.rmSync(index + suffix, { force: true });
    fs.writeFileSync(index, 'this is no database, but it is long enough to be looked at as one'.repeat(100));
    assert.deepEqual(ask(), found);
  });

  test('shows an edited line as edited, and the others as they are', async () => {
    const stateDir = makeStateDir();
    await makeLog(stateDir);
    const [writer = ''] = listWriters(path.join(stateDir, 'audit'));
    const [file = ''] = listSegments(path.join(stateDir, 'audit', writer));
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"subject":"maya"', '"subject":"mayo"'));
    const search = openAuditSearch({ stateDir });
    const found = search.query({});
    assert.equal(found.length, 6);
    assert.deepEqual(
      found.map(({ opened }) => opened?.damage !== undefined),
      [true, false, false, false, false, false],
    );
    search.close();
  });
});
