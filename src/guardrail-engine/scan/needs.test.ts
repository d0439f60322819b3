import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CharSet } from '../regex/charset.ts';
import { parseRegex } from '../regex/parse.ts';
import { SeenText } from '../text/traits.ts';
import { findNeeds } from './needs.ts';
import { RunStream } from './run-stream.ts';
import { createScanner } from './scanner.ts';
import { scanText } from './stream.ts';

/** Pattern → what each of its matches has: a unit of the class, or one of the stretches. */
const NEEDS: readonly (readonly [string, string | undefined])[] = [
  ['TCK-[0-9]{6}', 'TCK-[0-9][0-9][0-9][0-9][0-9][0-9]'],
  ['(?:AKIA|ASIA)[0-9]{12}', `A[KS]IA${'[0-9]'.repeat(12)}`],
  ['(?:ignore|forget)', 'ignore forget'],
  ['(?:ignore|forget) all', '[fi][go][nr][go][er][et] all'],
  ['(?i)stop', '[Ss][Tt][Oo][Pp]'],
  ['[a-z]+@[a-z]+', '@'],
  ['(?:secret|#[a-z]) [a-z]', '# secret'],
  ['secret: (?:a|bc)', 'secret: [ab]'],
  ['[0-9]{4}', '[0-9]'],
  ['[0-9]{3}-[0-9]{4}', '[0-9][0-9][0-9]-[0-9][0-9][0-9][0-9]'],
  ['(?:[a-z]+(?![a-z])|[0-9]+(?![0-9])){14,}', '[0-9a-z]'.repeat(14)],
  ['x?(?:ab){8,}', 'ab'.repeat(8)],
  ['\\bword\\b', 'word'],
  ['café', 'café'],
  ['[a-z]*', undefined],
  ['ab?c', undefined],
  ['word|de', undefined],
  ['(?:word|)', undefined],
];

for (const [source, expected] of NEEDS) {
  test(`every match of ${source} has ${expected ?? 'nothing worth looking for'}`, () => {
    const needs = findNeeds(parseRegex(source, { allowNeighbours: true }));
    const units = needs && needs.units.length > 0 ? [[needs.units]] : [];
    const shown = needs && [...units, ...needs.stretches].map((stretch) => stretch.map(showClass).join(''));
    assert.equal(shown?.join(' '), expected);
  });
}

function showClass(set: CharSet): string {
  let shown = '';
  for (let i = 0; i + 1 < set.length; i += 2) {
    const [lo, hi] = [String.fromCharCode(set[i] ?? 0), String.fromCharCode(set[i + 1] ?? 0)];
    shown += lo === hi ? lo : set[i + 1] === (set[i] ?? 0) + 1 ? lo + hi : `${lo}-${hi}`;
  }
  return shown.length === 1 ? shown : `[${shown}]`;
}

const PIECES = 'a b c ab TCK- 0 7 12 - _ é word WORD . <'.split(' ');
const piece = fc.constantFrom(...PIECES, ' ', 'secret: ');
const texts = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
const PARTS =
  'a b [ab] [^a] [0-9] é word \\b (?:a|bc) (?:ab) (?:c|) . < (?:word|secret) (?:word|a) (?:a?b) (?:ab|c)';
const part = fc.constantFrom(...PARTS.split(' '), ' ');
const sources = fc
  .array(fc.tuple(part, fc.constantFrom('', '', '?', '*', '+', '{2}', '{1,3}', '{6,}')), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.map(([text, times]) => (text === '\\b' ? text : text + times)).join(''));

test('a text without what a pattern needs has no match of it', () => {
  let spared = 0;
  fc.assert(
    fc.property(sources, fc.constantFrom('', '(?i)'), texts, (source, flags, text) => {
      const scanner = createScanner({ patterns: [{ node: parseRegex(flags + source) }] });
      const isFound = new RegExp(source, flags === '' ? 'g' : 'gi');
      if (scanner.mayMatch(new SeenText(text))) return;
      spared++;
      assert.ok(
        (text.match(isFound) ?? []).every((match) => match === ''),
        source,
      );
    }),
    { numRuns: 20_000 },
  );
  assert.ok(spared > 2000, `${spared} searches spared`);
});

test('long stretches and words are found wherever they stand, in whatever case', () => {
  const words = ['project nightjar', 'lawsuit settlement', 'kilkenny street'];
  const filler = fc.constantFrom('a', 'e', ' ', 'r', 't', 'ar', 'project ', 'night', 'settle', 'T', 'é', '1');
  const around = fc.array(filler, { maxLength: 40 }).map((parts) => parts.join(''));
  const disguise = fc.constantFrom(
    (word: string) => word,
    (word: string) => word.toUpperCase(),
    (word: string) => word.replaceAll('k', '\u212a').replaceAll('s', '\u017f'),
  );
  const scanner = createScanner({
    patterns: ['[0-9a-f]{4}\\.[0-9a-f]{4}\\.[0-9a-f]{4}', '[A-Z]{14,}'].map((source) => ({
      node: parseRegex(source),
    })),
    words,
  });
  const planted = fc.oneof(
    fc.tuple(fc.constantFrom(...words), disguise).map(([word, change]) => change(word)),
    fc.constantFrom('abcd.ef01.2345', 'ABCDEFGHIJKLMN', 'abcd.efgh', 'nightjar', ''),
  );
  let spared = 0;
  fc.assert(
    fc.property(around, planted, around, (before, inside, behind) => {
      const text = before + inside + behind;
      if (scanner.mayMatch(new SeenText(text))) return;
      spared++;
      assert.deepEqual(scanText(scanner, text), [], text);
    }),
    { numRuns: 10_000 },
  );
  assert.ok(spared > 1000, `${spared} searches spared`);
});

test('a text that is made to be looked at again and again takes linear time', () => {
  const scanner = createScanner({ patterns: [], words: ['a'.repeat(60), `${'a'.repeat(30)}b`] });
  const text = `${'a'.repeat(11)} `.repeat(100_000);
  const startedMs = performance.now();
  scanner.mayMatch(new SeenText(text));
  assert.ok(performance.now() - startedMs < 500);
});

test('a text that has neither a long run nor letters that stand alone stands for no other', () => {
  const unit = fc.constantFrom('a', 'B', '1', ' ', ' ', '.', '-', '_', '|', ',', 'word', 'é', '=');
  const spread = fc.array(unit, { maxLength: 40 }).map((units) => units.join(''));
  fc.assert(
    fc.property(spread, (text) => {
      let isRead = false;
      const runs = new RunStream(() => {
        isRead = true;
        return [];
      });
      runs.read(text, { isLast: true });
      if (isRead) assert.ok(RunStream.mayFind(new SeenText(text)), text);
    }),
    { numRuns: 20_000 },
  );
});
