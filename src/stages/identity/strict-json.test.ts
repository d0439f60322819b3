import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decodeBase64url, decodeJsonPart } from './strict-json.ts';
import { encode } from './testing/forge.ts';

describe('a part of a token', () => {
  it('is read as JSON.parse reads it, whatever its strings hold', () => {
    const value = fc.jsonValue({ maxDepth: 8 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (object) => {
        assert.deepEqual(decodeJsonPart(encode(object)), JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it('is refused with a name that stands twice, wherever it stands', () => {
    const inner = '{"\\"{":1,"a":[{"b":"}"}],"\\"{":2}';
    for (const text of [inner, `{"x":${inner}}`, `{"x":[0,${inner}]}`, inner.replaceAll(':', '\n\t : ')]) {
      assert.equal(decodeJsonPart(encode(text)), 'a member name stands twice');
    }
  });

  it('may have a name twice in different objects, and as a value', () => {
    const text = '{"a":{"a":"a"},"b":[{"a":1},{"a":2}],"c":"a"}';
    assert.deepEqual(decodeJsonPart(encode(text)), JSON.parse(text));
  });

  it('keeps names that objects inherit as names alone', () => {
    const decoded = decodeJsonPart(encode('{"__proto__":{"alg":"none"}}'));
    assert.ok(typeof decoded === 'object' && decoded['alg'] === undefined);
  });

  it('has one spelling', () => {
    assert.deepEqual(decodeBase64url('QQ'), Buffer.from('A'));
    for (const text of ['', 'QR', 'QQ==', 'Q', 'Q Q', 'Q+Q', 'QQ\n'])
      assert.equal(decodeBase64url(text), undefined);
  });
});
