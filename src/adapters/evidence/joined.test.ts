import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveEntry } from '../../ports/archive.ts';
import type { AdminRecord, ClosedRecord, Written } from '../../road/record.ts';
import { makeClosed, makeIntent } from '../audit-log/testing.ts';
import { joinEvidence } from './joined.ts';

const INTENT = makeIntent('a');
const RECORD = makeClosed(INTENT);
const PROMPT: ArchiveEntry = {
  requestId: 'a',
  tenant: 'acme',
  part: 'prompt',
  text: 'the prompt',
  writtenAtMs: 1,
  retentionDays: 30,
};
const COMMENT: ArchiveEntry = { ...PROMPT, part: 'feedback', text: 'the comment' };
const NOTE: AdminRecord = { kind: 'admin', atMs: 1, action: 'feedback', actor: 'user:acme/maya' };
const ANSWER: ArchiveEntry = { ...PROMPT, part: 'answer', text: 'the answer' };

/** Telemetry is told when whoever waits has been answered. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

type Fail = (() => Promise<void>) | undefined;
const reject = () => Promise.reject(new Error('disk full'));
const throws = () => {
  throw new Error('no key');
};

/** Engines in memory, which can be made to fail, and what they were told in its order. */
function join(
  failing: { readonly audit?: Fail; readonly archive?: Fail } = {},
  isAwaited: () => boolean = () => false,
) {
  const told: string[] = [];
  const closed: (ClosedRecord | Written<'closed'>)[] = [];
  const evidence = joinEvidence({
    audit: {
      open: async () => {
        await failing.audit?.();
        told.push('opened');
      },
      close: async (record) => {
        await failing.audit?.();
        closed.push(record);
        told.push('closed');
      },
      note: async () => {
        await failing.audit?.();
        told.push('noted');
      },
      fault: () => (failing.audit === undefined ? undefined : 'the log is away'),
      stop: async () => void told.push('audit stopped'),
    },
    archive: {
      // Not async, so that it can throw as well as reject.
      seal: (entry) =>
        (failing.archive?.() ?? Promise.resolve()).then(() => void told.push(`sealed ${entry.part}`)),
      fault: () => (failing.archive === undefined ? undefined : 'the archive is away'),
      stop: async () => void told.push('archive stopped'),
    },
    telemetry: {
      closed: (record) => void told.push(`counted ${record.outcome}`),
      stop: async () => void told.push('telemetry stopped'),
    },
    isAwaited,
  });
  return { evidence, told, closed };
}

test('an answer is kept before its record is closed, and telemetry hears of it last', async () => {
  const { evidence, told } = join();
  await evidence.open(INTENT, PROMPT);
  assert.deepEqual(told.toSorted(), ['opened', 'sealed prompt']);
  told.length = 0;
  await evidence.close(RECORD, ANSWER);
  await turn();
  assert.deepEqual(told, ['sealed answer', 'closed', 'counted answered']);
});

test('without a text the archive is not asked', async () => {
  const { evidence, told } = join({ archive: throws });
  await evidence.open(INTENT);
  await evidence.close(RECORD);
  await turn();
  assert.deepEqual(told, ['opened', 'closed', 'counted answered']);
});

test('telemetry waits as long as somebody waits for evidence, up to a number of records, and stops with all told', async (t) => {
  let isAwaited = true;
  t.after(() => (isAwaited = false));
  const { evidence, told } = join({}, () => isAwaited);
  const counted = () => told.filter((what) => what === 'counted answered').length;
  await evidence.close(RECORD);
  await turn();
  await turn();
  assert.equal(counted(), 0);
  isAwaited = false;
  await turn();
  await turn();
  assert.equal(counted(), 1);
  isAwaited = true;
  await Promise.all(Array.from({ length: 1000 }, () => evidence.close(RECORD)));
  await turn();
  assert.equal(counted(), 1 + 1000 - 512);
  await evidence.close(RECORD);
  await evidence.stop();
  assert.equal(counted(), 1002);
});

test('telemetry makes way for whoever comes while it is told', async (t) => {
  let [looks, isAwaited] = [0, () => false];
  t.after(() => (isAwaited = () => false));
  const { evidence, told } = join({}, () => isAwaited());
  const counted = () => told.filter((what) => what === 'counted answered').length;
  isAwaited = () => ++looks > 3; // somebody comes while the third record is told
  await Promise.all(Array.from({ length: 10 }, () => evidence.close(RECORD)));
  await turn();
  assert.equal(counted(), 3);
  isAwaited = () => false;
  await turn();
  assert.equal(counted(), 10);
});

test('a record that comes as JSON is written as it is, and telemetry reads it', async () => {
  const { evidence, told, closed } = join();
  const written = { kind: 'closed', requestId: 'a', json: JSON.stringify(RECORD) } as const;
  await evidence.close(written, ANSWER);
  await turn();
  assert.deepEqual(closed, [written]);
  assert.equal(told.at(-1), 'counted answered');
  const { evidence: failing, closed: failed } = join({ archive: reject });
  await assert.rejects(failing.close(written, ANSWER));
  assert.deepEqual(failed, [
    { ...RECORD, outcome: 'failed', refusal: { code: 'audit.unavailable', detail: 'disk full' } },
  ]);
});

test('an answer that cannot be kept is on the record as failed, and the close rejects', async () => {
  for (const [archive, detail] of [
    [reject, 'disk full'],
    [throws, 'no key'],
  ] as const) {
    const { evidence, told, closed } = join({ archive });
    await assert.rejects(evidence.close(RECORD, ANSWER), new RegExp(detail));
    assert.deepEqual(closed, [
      { ...RECORD, outcome: 'failed', refusal: { code: 'audit.unavailable', detail } },
    ]);
    await turn();
    assert.deepEqual(told, ['closed', 'counted failed']);
  }
});

test('whatever cannot be written, nothing is open, and nobody counts what is on no record', async () => {
  const failures = [
    { audit: reject },
    { archive: reject },
    { archive: throws },
    { audit: reject, archive: throws },
  ];
  for (const failing of failures) {
    const { evidence, told } = join(failing);
    await assert.rejects(evidence.open(INTENT, PROMPT));
    await assert.rejects(evidence.close(RECORD, ANSWER));
    assert.ok(!told.includes('counted answered'));
    assert.match(evidence.fault() ?? '', /is away/);
    // A rejection that nobody heard would end the process here.
    await turn();
  }
});

test('a text is kept before its note is written, and without it there is no note', async () => {
  const { evidence, told } = join();
  await evidence.note(NOTE, COMMENT);
  await evidence.note(NOTE);
  assert.deepEqual(told, ['sealed feedback', 'noted', 'noted']);
  for (const archive of [reject, throws]) {
    const broken = join({ archive });
    await assert.rejects(broken.evidence.note(NOTE, COMMENT));
    assert.deepEqual(broken.told, []);
  }
});

test('telemetry is stopped when nothing can be told any more', async () => {
  const { evidence, told } = join();
  await evidence.stop();
  assert.deepEqual(told.toSorted(), ['archive stopped', 'audit stopped', 'telemetry stopped']);
  assert.equal(told.at(-1), 'telemetry stopped');
});
