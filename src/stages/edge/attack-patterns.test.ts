import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEmbeddedPatternMatcher } from '../../adapters/pattern-matcher/embedded.ts';
import type { AttackPattern } from '../../road/edge-rules.ts';
import type { RecordedAttack } from '../../road/record.ts';
import { describeRefusal } from '../../road/refusal.ts';
import { findAttacks, undoEscapes, type AttackRules } from './attack-patterns.ts';

const compile = (patterns: readonly AttackPattern[]): AttackRules => ({
  patterns,
  matcher: createEmbeddedPatternMatcher(patterns.map(({ pattern }) => pattern)),
});
const RULES = compile([
  { name: 'counted', pattern: '(?i)ignore\\s+previous', action: 'count', message: undefined },
  { name: 'blocked', pattern: '<\\|im_start\\|>', action: 'block', message: 'No control tokens, please.' },
  { name: 'blocked-too', pattern: 'im_start', action: 'block', message: undefined },
]);

function judge(text: string, rules = RULES) {
  const attacks: RecordedAttack[] = [];
  const refusal = findAttacks(text, rules, (attack) => attacks.push(attack));
  return { refusal, found: attacks.map(({ pattern, action }) => `${pattern} ${action}`) };
}

test('an ordinary text passes, and nothing is told of it', () => {
  assert.deepEqual(judge('{"content":"Ignorance of the previous order?"}'), {
    refusal: undefined,
    found: [],
  });
});

test('what is counted passes, and is told of', () => {
  const { refusal, found } = judge('{"content":"IGNORE  previous, ignore previous"}');
  assert.deepEqual([refusal, found], [undefined, ['counted counted']]);
});

test('what blocks refuses in words of its own, and every pattern is told of', () => {
  const { refusal, found } = judge('{"content":"ignore previous <|im_start|>"}');
  assert.equal(refusal?.code, 'edge.attack_pattern');
  assert.equal(refusal?.detail, 'blocked');
  assert.equal(refusal && describeRefusal(refusal), 'No control tokens, please.');
  assert.deepEqual(found, ['counted counted', 'blocked blocked', 'blocked-too blocked']);
});

for (const disguised of [
  String.raw`{"content":"\u0069gnore\u0020pre\u0076ious"}`,
  String.raw`{"content":"ignore\n\t previous"}`,
  String.raw`{"content":"a \\ ignore\u000Aprevious \""}`,
]) {
  test(`sees through JSON escapes: ${disguised}`, () => {
    assert.deepEqual(judge(disguised).found, ['counted counted']);
  });
}

test('undoes the escapes of any JSON string', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = Array.from(
        { length: text.length },
        (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
      );
      assert.equal(undoEscapes(JSON.stringify(text)), `"${JSON.parse(JSON.stringify(text))}"`);
      assert.equal(undoEscapes(escaped.join('')), text);
    }),
  );
});

test('two megabytes of escapes take linear time', () => {
  const startedMs = performance.now();
  for (const text of ['\\'.repeat(2_000_000), '\\u0041'.repeat(333_000), 'ignore \\n'.repeat(220_000)])
    judge(text);
  assert.ok(performance.now() - startedMs < 1_500, `${performance.now() - startedMs} ms`);
});

test('a matcher that throws lets nothing through', () => {
  const broken = { ...RULES, matcher: { match: () => assert.fail('away') } };
  assert.throws(() => judge('{}', broken), /away/);
});
