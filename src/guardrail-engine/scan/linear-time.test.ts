import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { piiScanPattern } from '../pii/pattern-node.ts';
import { PII_DETECTOR_TYPES } from '../pii/types.ts';
import { parseRegex } from '../regex/parse.ts';
import { createScanner, type Scanner } from './scanner.ts';
import { ScanStream, scanText } from './stream.ts';

/** Code units read and nodes visited, by all automata of a scanner. */
function countWork(scanner: Scanner): number {
  const starters = scanner.patterns.map((_, pattern) => scanner.starterOf(pattern).work);
  return [scanner.finder.work, scanner.follower.work, scanner.tracer.work, ...starters].reduce(
    (a, b) => a + b,
  );
}

function workOf(source: string, run: (scanner: Scanner) => void): number {
  const scanner = createScanner({ patterns: [{ node: parseRegex(source) }] });
  run(scanner);
  return countWork(scanner);
}

function assertLinear(source: string, textOf: (length: number) => string, cut?: number): void {
  const run = (length: number) => (scanner: Scanner) => {
    const text = textOf(length);
    if (cut === undefined) {
      scanText(scanner, text);
      return;
    }
    const stream = new ScanStream(scanner);
    for (let i = 0; i < text.length; i += cut) stream.push(text.slice(i, i + cut));
    stream.end();
  };
  const small = workOf(source, run(5_000));
  const large = workOf(source, run(50_000));
  // Ten times the text: linear is 10, quadratic would be 100. What is made once makes it less.
  assert.ok(large < 13 * small + 10_000, `${source}: ${small} for 5,000, ${large} for 50,000`);
}

describe('linear time', () => {
  const evil: readonly [source: string, unit: string][] = [
    ['(a+)+$', 'a'],
    ['(a|a)*b', 'a'],
    ['(a|aa)+c', 'a'],
    ['(.*a){12}', 'a'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
    ['(\\w+\\s?)*!', 'ab '],
    ['a.*b', 'a'],
    ['a|a.*b', 'a'],
    ['a|a[^]*b|c', 'ac'],
    ['x|x(a|b)*y', 'xab'],
    ['\\w+@\\w+\\.com', 'a'],
    ['(?:a?){30}a{30}', 'a'],
    ['a[^b]{0,200}c', 'a'],
    ['\\b\\w+\\b', 'ab '],
    ['.', '.'],
  ];
  for (const [source, unit] of evil) {
    const textOf = (length: number) => unit.repeat(length / unit.length);
    it(`reads ${source} against ${unit}${unit}… in time linear to the text`, () =>
      assertLinear(source, textOf));
    it(`and so in chunks of one`, () => assertLinear(source, textOf, 1));
  }

  it('reads a million times the same character, for all PII', () => {
    const scanner = createScanner({
      patterns: PII_DETECTOR_TYPES.map(piiScanPattern),
      words: ['secret', 'aaaa'],
    });
    for (const char of ['a', '1', ' ', '@', '.', ':', '/', '\ud83d', 'é']) {
      const stream = new ScanStream(scanner);
      const before = countWork(scanner);
      const text = char.repeat(1_000_000);
      assert.deepEqual(stream.push(text), []);
      assert.deepEqual(stream.end(), []);
      assert.ok(countWork(scanner) - before < 2_500_000);
    }
  });

  it('does not let what decides on candidates take longer either', () => {
    const scanner = createScanner({ patterns: PII_DETECTOR_TYPES.map(piiScanPattern) });
    const before = countWork(scanner);
    const dots = `https://x${'.'.repeat(500_000)}y 10.0.0.1${'.'.repeat(500_000)} ${'a'.repeat(500_000)}@b.org`;
    assert.deepEqual(
      scanText(scanner, dots).map(({ end, start }) => end - start),
      [500_010, 8, 70],
    );
    assert.ok(countWork(scanner) - before < 6_000_000);
  });

  it('keeps its memory bounded when a text needs ever new states', () => {
    const scanner = createScanner({ patterns: [{ node: parseRegex('[ab]*a[ab]{15}c') }] });
    let seed = 1;
    const text = Array.from({ length: 100_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % 2 === 0 ? 'a' : 'b';
    }).join('');
    assert.deepEqual(scanText(scanner, text), []);
    assert.ok(scanner.finder.generation > 1, 'states were forgotten');
    const end = scanText(scanner, `${text} a${'b'.repeat(15)}c`).map(({ start }) => start);
    assert.deepEqual(end, [text.length + 1]);
  });

  it('holds back no more than the longest partial match', () => {
    const scanner = createScanner({
      patterns: [{ node: parseRegex('secret-\\d{4}\\b') }],
      words: ['top hat'],
    });
    const held = (text: string) => {
      const stream = new ScanStream(scanner);
      stream.push(text);
      return text.slice(stream.finalTo);
    };
    assert.equal(held('nothing here'), '');
    assert.equal(held('a secret'), 'secret');
    assert.equal(held('a secret-123'), 'secret-123');
    assert.equal(held('a secret-1234'), 'secret-1234');
    assert.equal(held('a secret-1234 '), '');
    assert.equal(held('a secret-x'), '');
    assert.equal(held('a top ha'), 'top ha');
    assert.equal(held('a stop ha'), '');
    assert.equal(held('secrets'), 's');
  });

  it('lets a match go as soon as nothing can change it', () => {
    const stream = new ScanStream(createScanner({ patterns: [{ node: parseRegex('abc') }] }));
    assert.deepEqual(stream.push('xabc'), [{ pattern: 0, start: 1, end: 4 }]);
  });
});

describe('words', () => {
  const find = (words: string[], text: string) =>
    scanText(createScanner({ patterns: [], words }), text).map(({ pattern, start, end }) => [
      words[pattern],
      text.slice(start, end),
    ]);

  it('are found whatever their case, between delimiters alone', () => {
    assert.deepEqual(find(['Acme', 'C++', 'naïve'], 'ACME acme. xacme acmes ac-me C++! c++11 NAÏVE _acme'), [
      ['Acme', 'ACME'],
      ['Acme', 'acme'],
      ['C++', 'C++'],
      ['naïve', 'NAÏVE'],
    ]);
  });

  it('are found inside a script that is written without spaces', () => {
    assert.deepEqual(find(['秘密'], '这是秘密计划'), [['秘密', '秘密']]);
  });

  it('may overlap, contain each other and be written twice', () => {
    assert.deepEqual(find(['a b', 'b c', 'a b c', 'A B'], 'a b c'), [
      ['a b c', 'a b c'],
      ['a b', 'a b'],
      ['A B', 'a b'],
      ['b c', 'b c'],
    ]);
  });

  it('can be ten thousand', () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `word${i} of ${i * 7}`);
    const scanner = createScanner({ patterns: [], words });
    const before = scanner.finder.work;
    assert.deepEqual(scanText(scanner, 'a Word77 of 539, b word78 of 5'), [
      { pattern: 77, start: 2, end: 15 },
    ]);
    assert.ok(scanner.finder.work - before < 1_000);
  });
});
