import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseRegex } from '../regex/parse.ts';
import { createScanner, type ScanMatch, type Scanner } from './scanner.ts';
import { ScanStream, scanText } from './stream.ts';

/** Compiles random patterns; skips the one thing that is refused here, repetitions of what may be an assertion alone. */
function scannerOf(sources: readonly string[], words: readonly string[] = []): Scanner {
  try {
    return createScanner({ patterns: sources.map((source) => ({ node: parseRegex(source) })), words });
  } catch (error) {
    assert.match(String(error), /assertion alone/);
    return fc.pre(false) as never; // fc.pre(false) throws
  }
}

/** V8 as the judge: leftmost, then longest, by trying every start and every end. */
function findByBruteForce(source: string, flags: string, text: string): [number, number][] {
  const found: [number, number][] = [];
  for (let start = 0; start < text.length; start++) {
    for (let end = text.length; end > start; end--) {
      const whole = new RegExp(
        `(?<=(?<![^])[^]{${start}})(?:${source})(?=[^]{${text.length - end}}(?![^]))`,
        flags,
      );
      whole.lastIndex = start;
      if (!whole.test(text)) continue;
      found.push([start, end]);
      start = end - 1;
      break;
    }
  }
  return found;
}

const atom = fc.constantFrom(
  'a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '\\W', '1', ' ', '-', '\\s', '[a-c1]', '\\u0061', '[\\d-]',
); // prettier-ignore
const assertion = fc.constantFrom('\\b', '\\B', '^', '$');
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{2,}', '*?', '+?', '{0,2}?');
const { regex } = fc.letrec<{ regex: string; term: string; group: string }>((tie) => ({
  regex: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(tie('term'), { minLength: 1, maxLength: 4 }).map((terms) => terms.join('')),
    },
    { weight: 1, arbitrary: fc.tuple(tie('term'), tie('regex')).map(([a, b]) => `${a}|${b}`) },
  ),
  term: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(atom, quantifier).map(([a, q]) => a + q) },
    { weight: 2, arbitrary: assertion },
    { weight: 2, arbitrary: fc.tuple(tie('group'), quantifier).map(([g, q]) => g + q) },
  ),
  group: fc.tuple(fc.constantFrom('(', '(?:'), tie('regex')).map(([open, inner]) => `${open}${inner})`),
}));
const shortText = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '-', '\n', 'A'),
  maxLength: 10,
});

describe('scanner', () => {
  it('finds what V8 finds, leftmost and then longest', () => {
    fc.assert(
      fc.property(regex, shortText, fc.boolean(), (source, text, ignoreCase) => {
        const scanner = scannerOf([(ignoreCase ? '(?i)' : '') + source]);
        const ours = scanText(scanner, text).map(({ start, end }) => [start, end]);
        assert.deepEqual(ours, findByBruteForce(source, ignoreCase ? 'yi' : 'y', text));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds what V8 finds in longer texts with many matches', () => {
    // Without groups: V8 would take exponential time to judge nested repetitions.
    const flat = fc.array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 4 });
    const inners = flat.map((terms) => terms.flat().join(''));
    const longer = fc.string({
      unit: fc.constantFrom('a', 'b', '1', ' ', 'ab1', '-'),
      minLength: 15,
      maxLength: 25,
    });
    fc.assert(
      fc.property(fc.tuple(assertion, inners, assertion), longer, ([before, inner, behind], text) => {
        const source = `${before}(?:${inner})${behind}`;
        const ours = scanText(scannerOf([source]), text).map(({ start, end }) => [start, end]);
        assert.deepEqual(ours, findByBruteForce(source, 'y', text));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same matches for every way of cutting the text', () => {
    const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 8 });
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', '1', ' ', '-', '\n', '\ud83d', '\ude00'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(regex, { minLength: 1, maxLength: 3 }), text, cuts, (sources, text, cuts) => {
        const scanner = scannerOf(sources, ['a', 'ab 1', 'B-a', 'b-']);
        const stream = new ScanStream(scanner);
        const points = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
          (a, b) => a - b,
        );
        const found: ScanMatch[] = [];
        points.slice(1).forEach((end, i) => found.push(...stream.push(text.slice(points[i], end))));
        found.push(...stream.end());
        assert.deepEqual(found, scanText(scanner, text));
      }),
      { numRuns: 1500 },
    );
  });
});
