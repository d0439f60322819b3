import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listArgumentTexts, replaceArgumentTexts } from './tool-arguments.ts';

const same = (text: string) => text;

test('gives keys, strings and numbers as they read', () => {
  const json = String.raw`{"to\u0040":["maya\u0040example.com","a\nb",4111111111111111111,true,null,{"x":"\/"}]}`;
  assert.deepEqual(listArgumentTexts(json), [
    'maya@example.com',
    'a\nb',
    '4111111111111111111',
    '/',
    'x',
    'to@',
  ]);
});

test('arguments that hide nothing go on byte for byte', () => {
  for (const json of ['{ "a": 1.0, "b": [ "x\\ny" ] }\n', '{}', '"text"', '12345678901234567890'])
    assert.equal(replaceArgumentTexts(json, same), json);
});

test('what would be read differently is written anew', () => {
  assert.equal(replaceArgumentTexts('{"a":"secret","a":"b"}', same), '{"a":"b"}');
  assert.equal(replaceArgumentTexts(String.raw`{"a":"\u0062"}`, same), '{"a":"b"}');
});

test('a number that is replaced becomes a text, and others keep their digits', () => {
  const mask = (text: string) => (text === '4111111111111111' ? '[CARD_1]' : text);
  assert.equal(
    replaceArgumentTexts('{"card":4111111111111111,"n":1.50}', mask),
    '{"card":"[CARD_1]","n":1.50}',
  );
});

test('what is no JSON is given whole, its escapes undone', () => {
  assert.deepEqual(listArgumentTexts(String.raw`{"to": "maya\u0040example.com`), [
    '{"to": "maya@example.com',
  ]);
});

test('a key named __proto__ stays a key', () => {
  assert.equal(
    replaceArgumentTexts('{"__proto__":{"a":"x"}}', (text) => `${text}!`),
    '{"__proto__!":{"a!":"x!"}}',
  );
  assert.equal(
    replaceArgumentTexts('{"__proto__":"x"}', (text) => (text === 'x' ? 'y' : text)),
    '{"__proto__":"y"}',
  );
});

test('nesting without end throws, and is not passed over', () => {
  assert.throws(() => replaceArgumentTexts('['.repeat(200_000) + ']'.repeat(200_000), same), RangeError);
});

test('any JSON keeps its meaning, and shows every one of its strings', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      assert.deepEqual(JSON.parse(replaceArgumentTexts(json, same)), JSON.parse(json));
      const shown = new Set(listArgumentTexts(json));
      JSON.parse(json, (_key, value: unknown) => {
        if (typeof value === 'string') assert.ok(shown.has(value));
        return value;
      });
    }),
  );
});
