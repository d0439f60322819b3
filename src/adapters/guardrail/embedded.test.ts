import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE, NEVER } from '../../../test/support/facts.ts';
import { systemClock } from '../clock/system.ts';
import { createEmbeddedGuardrail } from './embedded.ts';
import { classifyAction, summariseFindings } from './findings.ts';

const BASELINE = EXAMPLE.guardrails.get('support-baseline@1');
assert.ok(BASELINE);
const guardrail = createEmbeddedGuardrail(BASELINE, systemClock);
const assess = (...texts: string[]) => guardrail.assess({ source: 'INPUT', texts, signal: NEVER });

test('says what was found by policy and name, and never the text', async () => {
  const verdict = await assess('Project Nightjar and PROJECT NIGHTJAR', 'TCK-123456', 'clean');
  assert.equal(verdict.action, 'blocked');
  assert.equal(verdict.message, 'I cannot help with that request.');
  const names = verdict.recorded.findings.map(({ policy, name, action }) => [policy, name, action]);
  assert.deepEqual(names, [
    ['word', 'custom word', 'BLOCKED'],
    // Where a text is blocked, nothing of it is masked.
    ['regex', 'internal-ticket', 'NONE'],
  ]);
  assert.ok(!/nightjar|123456/i.test(JSON.stringify(verdict.recorded)));
});

test('gives as many texts as it was given, masked in their places', async () => {
  const verdict = await assess('clean', 'TCK-123456', '', 'see TCK-654321');
  assert.equal(verdict.action, 'masked');
  assert.deepEqual(verdict.texts, ['clean', '{internal-ticket}', '', 'see {internal-ticket}']);
});

test('clean texts are given back as they came', async () => {
  const verdict = await assess('clean', '');
  assert.deepEqual([verdict.action, verdict.texts, verdict.recorded.findings], ['none', ['clean', ''], []]);
});

test('a configuration that it cannot enforce is not compiled', () => {
  const config = {
    name: 'a',
    blockedInputMessaging: 'no',
    blockedOutputsMessaging: 'no',
    contentPolicyConfig: {
      filtersConfig: [
        { type: 'HATE', inputStrength: 'HIGH', outputStrength: 'HIGH', inputModalities: ['TEXT', 'IMAGE'] },
      ],
    },
  };
  assert.throws(() => createEmbeddedGuardrail({ ...BASELINE, config }, systemClock), /cannot evaluate/);
  assert.throws(
    () => createEmbeddedGuardrail({ ...BASELINE, config: { name: 'a' } }, systemClock),
    /guardrail support-baseline@1/,
  );
});

test('findings of one name and action are counted; what was looked at and not detected is none', () => {
  const email = { type: 'EMAIL', action: 'ANONYMIZED', match: 'maya@example.com' };
  const findings = summariseFindings([
    { sensitiveInformationPolicy: { piiEntities: [email, email, { ...email, detected: false }] } },
    { sensitiveInformationPolicy: { piiEntities: [{ ...email, action: 'BLOCKED' }] } },
    { wordPolicy: { customWords: [{ action: 'BLOCKED' }], managedWordLists: [{ type: 'PROFANITY' }] } },
    { topicPolicy: { topics: [{ name: 'Investments', action: 'BLOCKED' }] } },
  ]);
  assert.deepEqual(
    findings.map(({ policy, name, action, count }) => `${policy} ${name} ${action} ${count}`),
    [
      'pii EMAIL ANONYMIZED 2',
      'pii EMAIL BLOCKED 1',
      'word custom word BLOCKED 1',
      'word PROFANITY NONE 1',
      'topic Investments BLOCKED 1',
    ],
  );
  assert.ok(!JSON.stringify(findings).includes('maya'));
});

/** ApplyGuardrail's action and reason → what it was; what is not understood is a block. */
const ACTIONS = [
  [{ action: 'NONE' }, 'none'],
  [{ action: 'GUARDRAIL_INTERVENED', actionReason: 'Guardrail masked.' }, 'masked'],
  [{ action: 'GUARDRAIL_INTERVENED', actionReason: 'Guardrail blocked.' }, 'blocked'],
  [{ action: 'GUARDRAIL_INTERVENED' }, 'blocked'],
  [{ action: 'SOMETHING_NEW' }, 'blocked'],
  [{}, 'blocked'],
] as const;

for (const [response, action] of ACTIONS) {
  test(`${JSON.stringify(response)} is ${action}`, () => assert.equal(classifyAction(response), action));
}
