import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRefusal } from '../../road/refusal.ts';
import { admitBody } from './body.ts';

const LIMITS = { maxBytes: 1000, maxDepth: 4 };
const admit = (body: string | Buffer, limits = LIMITS) => {
  const result = admitBody(Buffer.from(body), limits);
  return isRefusal(result) ? result.code : result.text;
};

/** Body → what admits it, or the code that refuses. */
const CASES: readonly (readonly [name: string, body: string | Buffer, expected: string])[] = [
  ['an empty body', '', ''],
  ['text of several bytes', '{"ä":"€🦊"}', '{"ä":"€🦊"}'],
  ['the deepest that is allowed', '[[[[1]]]]', '[[[[1]]]]'],
  ['one deeper', '[[[[[1]]]]]', 'edge.body_too_deep'],
  ['objects and arrays by turns', '{"a":[{"b":[{}]}]}', 'edge.body_too_deep'],
  ['brackets in a string', '["[[[[[[{{{{{{"]', '["[[[[[[{{{{{{"]'],
  ['brackets behind an escaped quote', String.raw`["\"[[[[[["]`, String.raw`["\"[[[[[["]`],
  ['brackets behind an escaped backslash and a quote', String.raw`["\\",[[[[1]]]]]`, 'edge.body_too_deep'],
  ['a string that never ends', '["[[[[[[', '["[[[[[['],
  ['brackets that were closed before', '[[],[],[],[],[],[]]', '[[],[],[],[],[],[]]'],
  ['a byte that is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'edge.invalid_utf8'],
  ['a letter cut in two', Buffer.from('€').subarray(0, 2), 'edge.invalid_utf8'],
  ['an overlong slash', Buffer.from([0xc0, 0xaf]), 'edge.invalid_utf8'],
  ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'edge.invalid_utf8'],
  ['the largest that is allowed', 'x'.repeat(1000), 'x'.repeat(1000)],
  ['one byte more', 'x'.repeat(1001), 'edge.body_too_large'],
  ['more bytes than letters', '€'.repeat(334), 'edge.body_too_large'],
];

for (const [name, body, expected] of CASES) {
  test(`${name}: ${expected.startsWith('edge.') ? expected : 'admitted'}`, () => {
    assert.equal(admit(body), expected);
  });
}

test('whatever JSON it is, its depth is that of the parsed value', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map((item) => depthOf(item)))
      : 0;
  fc.assert(
    fc.property(fc.json({ maxDepth: 7 }), (json) => {
      const limits = { maxBytes: 1_000_000, maxDepth: 3 };
      assert.equal(admit(json, limits) === 'edge.body_too_deep', depthOf(JSON.parse(json)) > 3);
    }),
  );
});

test('two megabytes of brackets are refused at once', () => {
  const startedMs = performance.now();
  assert.equal(admit('['.repeat(2_000_000), { maxBytes: 2_000_000, maxDepth: 64 }), 'edge.body_too_deep');
  assert.ok(performance.now() - startedMs < 200);
});

test('a string of backslashes takes linear time', () => {
  const startedMs = performance.now();
  const body = `["${'\\'.repeat(1_999_000)}"]`;
  assert.equal(admit(body, { maxBytes: 2_000_000, maxDepth: 64 }), body);
  admit(`["${'\\"'.repeat(990_000)}"]`, { maxBytes: 2_000_000, maxDepth: 64 });
  assert.ok(performance.now() - startedMs < 500);
});
