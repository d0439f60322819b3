import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BY_CONTEXT, TAGGED, type TypeCases } from './cases/by-context.ts';
import { isCheckedVin, isNhsNumber } from './checksums.ts';
import { createPiiFinder } from './finder.ts';
import { piiScanner } from './pattern-node.ts';
import { TAGGED_TYPES } from './tag-stream.ts';
import { PII_TYPES, type PiiType } from './types.ts';

function textsOf(type: PiiType, text: string): string[] {
  return createPiiFinder([type])(text).map(({ start, end }) => text.slice(start, end));
}

describe('PII types', () => {
  it('are all of those of Bedrock, each with something that finds it', () => {
    assert.equal(new Set(PII_TYPES).size, 31);
    for (const type of PII_TYPES) assert.ok(TAGGED_TYPES.has(type) || piiScanner(type) !== undefined, type);
  });

  const all = Object.entries({ ...BY_CONTEXT, ...TAGGED }) as [PiiType, TypeCases][]; // the tables' own keys
  for (const [type, { found, passed }] of all) {
    for (const [text, ...parts] of found) {
      it(`finds ${type} in ${JSON.stringify(text)}`, () => assert.deepEqual(textsOf(type, text), parts));
    }
    for (const text of passed) {
      it(`finds no ${type} in ${JSON.stringify(text)}`, () => assert.deepEqual(textsOf(type, text), []));
    }
  }

  it('are found in what is decoded, as the whole that is encoded', () => {
    const mail = Buffer.from('reach me at ann@example.org').toString('base64');
    assert.deepEqual(textsOf('EMAIL', `see ${mail}!`), [mail]);
    assert.deepEqual(textsOf('EMAIL', 'a=ann%40example.org&b'), ['ann%40example.org']);
  });

  it('are found however often they are encoded', () => {
    let often = 'reach me at ann@example.org';
    for (let i = 0; i < 10; i++) often = Buffer.from(often).toString('base64');
    assert.deepEqual(textsOf('EMAIL', `see ${often}!`), [often]);
    for (const at of ['%2540', '%25252540', `%${'25'.repeat(10_000)}40`, '&amp;#64;', '&amp;amp;commat;']) {
      assert.deepEqual(textsOf('EMAIL', `to ann${at}example.org now`), [`ann${at}example.org`]);
    }
  });
});

describe('checksums', () => {
  const checks: readonly [name: string, check: (text: string) => boolean, right: string][] = [
    ['NHS', isNhsNumber, '9434765919'],
    ['VIN', isCheckedVin, '1M8GDM9AXKP042788'],
  ];
  for (const [name, check, right] of checks) {
    it(`of ${name} find each digit that is mistyped`, () => {
      assert.ok(check(right));
      for (let i = 0; i < right.length; i++) {
        const digit = Number(right[i]);
        if (Number.isNaN(digit)) continue;
        const wrong = `${right.slice(0, i)}${(digit + 1) % 10}${right.slice(i + 1)}`;
        assert.ok(!check(wrong), wrong);
      }
    });
  }
});
