import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScanner } from '../scan/scanner.ts';
import { scanText } from '../scan/stream.ts';
import { parseRegex } from './parse.ts';
import { RegexRefusedError } from './syntax.ts';

function findAll(source: string, text: string): string[] {
  const scanner = createScanner({ patterns: [{ node: parseRegex(source) }] });
  return scanText(scanner, text).map(({ start, end }) => text.slice(start, end));
}

function refusalOf(source: string): RegexRefusedError {
  try {
    createScanner({ patterns: [{ node: parseRegex(source) }] });
  } catch (error) {
    assert.ok(error instanceof RegexRefusedError, String(error));
    return error;
  }
  return assert.fail(`${source} was taken`);
}

describe('regex parser', () => {
  const refused: readonly [source: string, construct: RegExp, offset: number][] = [
    ['a(?=b)', /lookahead/, 1],
    ['a(?!b)', /lookahead/, 1],
    ['(?<=a)b', /lookbehind/, 0],
    ['x(?<!a)b', /lookbehind/, 1],
    ['(a)\\1', /backreference/, 3],
    ['(?<n>a)\\k<n>', /backreference/, 7],
    ['(?P<n>a)(?P=n)', /backreference/, 8],
    ['(?>a+)b', /atomic/, 0],
    ['a++', /possessive/, 2],
    ['a*+b', /possessive/, 2],
    ['a{2}+', /possessive/, 4],
    ['(?(1)a|b)', /conditional/, 0],
    ['(?R)', /flag R|recursion/, 0],
    ['a\\Z', /\\Z/, 1],
    ['\\G', /escape \\G/, 0],
    ['(?x)a', /flag x/, 0],
    ['[[:alpha:]]', /POSIX/, 1],
    ['[a-z&&b]', /&&/, 4],
    ['[b-a]', /range out of order/, 4],
    ['a{3,2}', /\{3,2\}/, 1],
    ['a{,2}', /\{,n\}/, 1],
    ['*a', /quantifier/, 0],
    ['a**', /quantifier/, 2],
    ['^*', /quantifier/, 1],
    ['(a', /\(/, 0],
    ['a)', /unmatched \)/, 1],
    ['[a', /\[/, 0],
    ['a\\', /backslash/, 1],
    ['\\p{Nonsense}', /\\p/, 0],
    ['[^😀]', /negated class/, 0],
    ['a{10001}', /10001/, 1],
  ];
  for (const [source, construct, offset] of refused) {
    it(`refuses ${source} and says why`, () => {
      const refusal = refusalOf(source);
      assert.match(refusal.construct, construct);
      assert.equal(refusal.offset, offset);
      assert.match(refusal.message, new RegExp(`at offset ${offset}: .`));
    });
  }

  it('says that linear time cannot be guaranteed', () => {
    for (const source of ['a(?=b)', '(a)\\1', '(?>a)', 'a++']) {
      assert.match(refusalOf(source).message, /cannot be guaranteed to take linear time/);
    }
  });

  it('refuses patterns that are too large, however the size is hidden', () => {
    for (const source of [
      'a{9999}b{9999}',
      '(?:a{100}){101}',
      '(((a{30}){30}){30}){30}',
      '((){9999}){9999}',
      '('.repeat(200) + ')'.repeat(200),
    ]) {
      refusalOf(source);
    }
  });

  const taken: readonly [source: string, text: string, found: string[]][] = [
    ['a+?', 'baaa', ['aaa']],
    ['a*', 'baab', ['aa']],
    ['(?:a|ab)(?:c|bcd)?', 'abcd', ['abcd']],
    ['(?i)straße', 'STRAßE', ['STRAßE']],
    ['(?i:A)b', 'ab aB', ['ab']],
    ['a(?i)b|c', 'aB C c', ['aB', 'C', 'c']],
    ['(?s).+', 'a\nb', ['a\nb']],
    ['.+', 'a\nb', ['a', 'b']],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['^b$', 'a\nb\nc', []],
    ['\\Aab\\z', 'ab', ['ab']],
    ['[\\]a-]+', 'x]a-x', [']a-']],
    ['\\x41\\u0042\\t\\cJ\\0', 'AB\t\n\0', ['AB\t\n\0']],
    ['\\p{Lu}\\P{L}', 'aÄ1', ['Ä1']],
    ['[😀b]+', 'a😀b😀', ['😀b😀']],
    ['😀{2}', '😀😀', ['😀😀']],
    ['\\u{1f600}', '😀', ['😀']],
    ['a{2}b{0,1}c{1,}', 'aabccc', ['aabccc']],
    ['a{b', 'a{b', ['a{b']],
    ['(?<year>\\d{4})-(?P<month>\\d\\d)', 'on 2024-05', ['2024-05']],
    ['\\bcat\\b', 'cat concat cat.', ['cat', 'cat']],
    ['\\Bcat', 'cat concat', ['cat']],
    ['x*\\b', 'ab', []],
    ['[^\\d\\s]+', 'a 1b', ['a', 'b']],
    ['-----BEGIN (RSA |EC )?PRIVATE KEY-----', '-----BEGIN EC PRIVATE KEY-----', ['-----BEGIN EC PRIVATE KEY-----']],
  ]; // prettier-ignore
  for (const [source, text, found] of taken) {
    it(`finds ${source} in ${JSON.stringify(text)}`, () => assert.deepEqual(findAll(source, text), found));
  }
});
