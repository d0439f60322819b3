import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  makeAttempt,
  makeGrant,
  makeGuarded,
  makePlan,
  makePrompt,
  makeRoute,
  text,
  user,
} from '../../../test/support/facts.ts';
import type { Archive, ArchiveEntry } from '../../ports/archive.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Capability } from '../../road/governed.ts';
import type { ClosedRecord, Intent } from '../../road/record.ts';
import { isRefusal } from '../../road/refusal.ts';
import { closeAttempt, sealAnswer } from './closing.ts';
import { openIntent } from './intent.ts';
import { estimateUsage, priceUsage } from './price.ts';

/** Evidence in memory, which can be made to fail. */
function makeEvidence(
  failing: { readonly audit?: () => Promise<void>; readonly archive?: () => Promise<void> } = {},
) {
  const opened: Intent[] = [];
  const closed: ClosedRecord[] = [];
  const sealed: ArchiveEntry[] = [];
  const nothing = { fault: () => undefined, stop: async () => undefined };
  const audit: AuditLog = {
    ...nothing,
    open: async (intent) => {
      await failing.audit?.();
      opened.push(intent);
    },
    close: async (record) => {
      await failing.audit?.();
      closed.push(record);
    },
    note: async () => undefined,
  };
  const archive: Archive = {
    ...nothing,
    // Not async, so that it can throw as well as reject.
    seal: (entry) => (failing.archive?.() ?? Promise.resolve()).then(() => void sealed.push(entry)),
    read: async () => [],
    shred: async () => 0,
    expire: async () => 0,
  };
  return { audit, archive, opened, closed, sealed };
}

const archiving = (prompts: 'kept' | 'none', answers: 'kept' | 'none'): Partial<Capability> => ({
  archive: { prompts, answers, retentionDays: 30 },
});
const PROMPT = makePrompt([user(text('a secret question'))]);

function open(evidence: ReturnType<typeof makeEvidence>, capability: Partial<Capability> = {}) {
  const grant = makeGrant(capability);
  const { audit, archive } = evidence;
  const guarded = makeGuarded(PROMPT, grant);
  return openIntent({ attempt: makeAttempt(), guarded, plan: makePlan(grant), audit, archive, nowMs: 1 });
}

test('an intent is the hash of what the archive keeps, and holds no text', async () => {
  const evidence = makeEvidence();
  const intent = await open(evidence);
  assert.ok(!isRefusal(intent));
  assert.equal(intent.requestId, 'request-1');
  const [entry] = evidence.sealed;
  assert.deepEqual([entry?.tenant, entry?.part, entry?.retentionDays], ['acme', 'prompt', 90]);
  assert.match(entry?.text ?? '', /a secret question/);
  const { hash } = await import('node:crypto');
  assert.equal(evidence.opened[0]?.inputHash, hash('sha256', entry?.text ?? '', 'hex'));
  assert.ok(!JSON.stringify(evidence.opened).includes('secret'));
});

test('where prompts are not kept, the hash still is', async () => {
  const evidence = makeEvidence();
  assert.ok(!isRefusal(await open(evidence, archiving('none', 'kept'))));
  assert.deepEqual(evidence.sealed, []);
  assert.match(evidence.opened[0]?.inputHash ?? '', /^[0-9a-f]{64}$/);
});

const reject = (message: string) => () => Promise.reject(new Error(message));
const throws = (message: string) => () => {
  throw new Error(message);
};

/** Whatever of the evidence is away, nothing is inferred. */
const FAILURES: readonly (readonly [string, Parameters<typeof makeEvidence>[0], string])[] = [
  ['the log rejects', { audit: reject('disk full') }, 'disk full'],
  ['the archive rejects', { archive: reject('no key') }, 'no key'],
  ['the archive throws', { archive: throws('no key') }, 'no key'],
  ['both reject', { audit: reject('disk full'), archive: reject('disk full') }, 'disk full'],
  ['the log rejects and the archive throws', { audit: reject('x'), archive: throws('x') }, 'x'],
];

for (const [name, failing, detail] of FAILURES) {
  test(`refuses when ${name}`, async () => {
    const refusal = await open(makeEvidence(failing));
    assert.ok(isRefusal(refusal));
    assert.deepEqual([refusal.code, refusal.detail], ['audit.unavailable', detail]);
    // A rejection that nobody heard would end the process here.
    await new Promise((resolve) => setImmediate(resolve));
  });
}

const close = (evidence: ReturnType<typeof makeEvidence>, attempt = makeAttempt(), told: string[] = []) =>
  closeAttempt({
    attempt,
    end: { outcome: 'answered' },
    audit: evidence.audit,
    telemetry: { closed: (record) => told.push(record.outcome), stop: async () => undefined },
    nowMs: 2,
  });

test('an attempt is closed exactly once, whoever closes it', async () => {
  const evidence = makeEvidence();
  const attempt = makeAttempt();
  const told: string[] = [];
  await Promise.all([close(evidence, attempt, told), close(evidence, attempt, told)]);
  await close(evidence, attempt, told);
  assert.equal(evidence.closed.length, 1);
  assert.deepEqual(told, ['answered']);
});

test('a record that cannot be written rejects, and telemetry is not told of it', async () => {
  const told: string[] = [];
  await assert.rejects(close(makeEvidence({ audit: reject('disk full') }), makeAttempt(), told), /disk full/);
  assert.deepEqual(told, []);
});

test('an answer is kept where the capability says so', async () => {
  const evidence = makeEvidence();
  const seal = (capability: Partial<Capability>) =>
    sealAnswer({
      grant: makeGrant(capability),
      requestId: 'request-1',
      text: 'the answer',
      archive: evidence.archive,
      nowMs: 3,
    });
  await seal(archiving('kept', 'none'));
  assert.deepEqual(evidence.sealed, []);
  await seal(archiving('none', 'kept'));
  assert.deepEqual(
    evidence.sealed.map(({ part, text: kept, retentionDays }) => [part, kept, retentionDays]),
    [['answer', 'the answer', 30]],
  );
});

const priced = (input: number, output: number) =>
  makeRoute({ price: { inputMicroUsdPerMillion: input, outputMicroUsdPerMillion: output } });
const used = (inputTokens: number, outputTokens: number) =>
  ({ inputTokens, outputTokens, source: 'provider' }) as const;

/** Tokens in and out, price in and out → micro-dollars. */
const PRICES: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 3_000_000, 15_000_000, 0],
  [1, 0, 1, 1, 1],
  [1_000_000, 0, 3_000_000, 15_000_000, 3_000_000],
  [1_000, 500, 3_000_000, 15_000_000, 10_500],
  [1, 1, 3_000_000, 15_000_000, 18],
  [1, 1, 400_000, 400_000, 1],
  [7, 3, 0, 0, 0],
];

for (const [input, output, inputPrice, outputPrice, cost] of PRICES) {
  test(`${input} + ${output} tokens at ${inputPrice} + ${outputPrice} cost ${cost}`, () => {
    assert.equal(priceUsage(used(input, output), priced(inputPrice, outputPrice)), cost);
  });
}

test('a cost is whole, never below what was used, and never more than one above', () => {
  const tokens = fc.nat(1_000_000);
  const microUsd = fc.nat(100_000_000);
  fc.assert(
    fc.property(tokens, tokens, microUsd, microUsd, (input, output, inputPrice, outputPrice) => {
      const cost = priceUsage(used(input, output), priced(inputPrice, outputPrice));
      const exact = BigInt(input) * BigInt(inputPrice) + BigInt(output) * BigInt(outputPrice);
      assert.ok(Number.isSafeInteger(cost));
      assert.ok(BigInt(cost) * 1_000_000n >= exact && BigInt(cost) * 1_000_000n < exact + 1_000_000n);
    }),
  );
});

test('an answer that was cut off is estimated from every text of the prompt, and never free', () => {
  const argumentsJson = '{"a":"bcd"}';
  const guarded = makeGuarded(
    makePrompt([
      user(text('12345678')),
      { role: 'assistant', blocks: [{ type: 'tool_call', id: 'c', name: 'n', argumentsJson }] },
    ]),
  );
  const usage = estimateUsage(guarded, 1);
  const characters = 'You help.'.length + 8 + argumentsJson.length;
  assert.deepEqual(usage, { inputTokens: Math.ceil(characters / 4), outputTokens: 1, source: 'estimate' });
});
