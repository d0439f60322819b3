import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  makeAttempt,
  makeGrant,
  makeGuarded,
  makePlan,
  makePrompt,
  text,
  user,
} from '../../../test/support/facts.ts';
import type { ArchiveEntry } from '../../ports/archive.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Capability } from '../../road/governed.ts';
import type { ClosedRecord, Intent } from '../../road/record.ts';
import { isRefusal, RefusalError } from '../../road/refusal.ts';
import { closeAttempt } from './closing.ts';
import { openIntent } from './intent.ts';

/** Evidence in memory, which can be made to fail. */
function makeEvidence(fail?: () => Promise<void>) {
  const opened: Intent[] = [];
  const closed: ClosedRecord[] = [];
  const kept: ArchiveEntry[] = [];
  const evidence: Evidence = {
    open: async (intent, prompt) => {
      await fail?.();
      opened.push(intent);
      if (prompt !== undefined) kept.push(prompt);
    },
    close: async (record, answer) => {
      await fail?.();
      closed.push(record);
      if (answer !== undefined) kept.push(answer);
    },
    note: async () => undefined,
    fault: () => undefined,
    stop: async () => undefined,
  };
  return { evidence, opened, closed, kept };
}

const archiving = (prompts: 'kept' | 'none', answers: 'kept' | 'none'): Partial<Capability> => ({
  archive: { prompts, answers, retentionDays: 30 },
});
const PROMPT = makePrompt([user(text('a secret question'))]);

function open({ evidence }: ReturnType<typeof makeEvidence>, capability: Partial<Capability> = {}) {
  const grant = makeGrant(capability);
  const guarded = makeGuarded(PROMPT, grant);
  return openIntent({ attempt: makeAttempt(), guarded, plan: makePlan(grant), evidence, nowMs: 1 });
}

test('an intent is the hash of what the archive keeps, and holds no text', async () => {
  const evidence = makeEvidence();
  const intent = await open(evidence);
  assert.ok(!isRefusal(intent));
  assert.equal(intent.requestId, 'request-1');
  const [entry] = evidence.kept;
  assert.deepEqual([entry?.tenant, entry?.part, entry?.retentionDays], ['acme', 'prompt', 90]);
  assert.match(entry?.text ?? '', /a secret question/);
  const { hash } = await import('node:crypto');
  assert.equal(evidence.opened[0]?.inputHash, hash('sha256', entry?.text ?? '', 'hex'));
  assert.ok(!JSON.stringify(evidence.opened).includes('secret'));
});

test('where prompts are not kept, the hash still is', async () => {
  const evidence = makeEvidence();
  assert.ok(!isRefusal(await open(evidence, archiving('none', 'kept'))));
  assert.deepEqual(evidence.kept, []);
  assert.match(evidence.opened[0]?.inputHash ?? '', /^[0-9a-f]{64}$/);
});

test('refuses when the evidence cannot be written, whether it rejects or throws', async () => {
  const fails = [
    () => Promise.reject(new Error('disk full')),
    () => {
      throw new Error('disk full');
    },
  ];
  for (const fail of fails) {
    const refusal = await open(makeEvidence(fail));
    assert.ok(isRefusal(refusal));
    assert.deepEqual([refusal.code, refusal.detail], ['audit.unavailable', 'disk full']);
  }
});

const close = (
  { evidence }: ReturnType<typeof makeEvidence>,
  input: Partial<Parameters<typeof closeAttempt>[0]> = {},
) =>
  closeAttempt({
    attempt: makeAttempt(),
    end: { outcome: 'answered' },
    answer: undefined,
    evidence,
    nowMs: 3,
    ...input,
  });

test('an attempt is closed exactly once, whoever closes it', async () => {
  const evidence = makeEvidence();
  const attempt = makeAttempt();
  await Promise.all([close(evidence, { attempt }), close(evidence, { attempt })]);
  await close(evidence, { attempt });
  assert.equal(evidence.closed.length, 1);
});

test('a record that cannot be written is a refusal', async () => {
  const evidence = makeEvidence(() => Promise.reject(new Error('disk full')));
  await assert.rejects(close(evidence), (error) => {
    assert.ok(error instanceof RefusalError);
    assert.deepEqual([error.refusal.code, error.refusal.detail], ['audit.unavailable', 'disk full']);
    return true;
  });
});

test('a no does not wait for a disk that is known to be full, and its record is handed over all the same', async () => {
  const held: ClosedRecord[] = [];
  const evidence: Evidence = {
    ...makeEvidence().evidence,
    fault: () => 'disk full',
    close: (record) => {
      held.push(record);
      return new Promise(() => undefined);
    },
  };
  await assert.rejects(
    close({ ...makeEvidence(), evidence }),
    (error) => error instanceof RefusalError && error.refusal.detail === 'disk full',
  );
  assert.equal(held.length, 1);
});

test('an answer is kept with its record where the capability says so, and an empty one nowhere', async () => {
  const keptOf = async (capability: Partial<Capability>, text: string) => {
    const evidence = makeEvidence();
    await close(evidence, { answer: { grant: makeGrant(capability), text } });
    assert.equal(evidence.closed.length, 1);
    return evidence.kept.map((entry) => [entry.part, entry.text, entry.retentionDays]);
  };
  assert.deepEqual(await keptOf(archiving('kept', 'none'), 'the answer'), []);
  assert.deepEqual(await keptOf(archiving('none', 'kept'), 'the answer'), [['answer', 'the answer', 30]]);
  assert.deepEqual(await keptOf(archiving('none', 'kept'), ''), []);
});
