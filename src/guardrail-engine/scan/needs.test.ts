import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRegex } from '../regex/parse.ts';
import { measureTraits } from '../text/traits.ts';
import { findNeeds, hasNeeds } from './needs.ts';
import { RunStream } from './run-stream.ts';

/** Pattern → the text and the length of the run that each of its matches has. */
const NEEDS: readonly (readonly [string, string, number])[] = [
  ['TCK-[0-9]{6}', 'TCK-', 10],
  ['(?:AKIA|ASIA)[A-Z0-9]{16}', '', 20],
  ['ab?c', 'a', 2],
  ['secret: (?:a|bc)', 'secret: ', 6],
  ['[a-z]*', '', 0],
  ['x*abc|de', '', 2],
  ['(?:ab){3}', '', 6],
  ['(?:a b){3}', 'a b', 1],
  ['(?:[a-z]+(?![a-z])|[0-9]+(?![0-9])){14,}', '', 14],
  ['\\bword\\b', 'word', 4],
  ['é', 'é', 0],
  ['(?:foo|)', '', 0],
  ['[^a]bc', 'bc', 2],
];

for (const [source, literal, run] of NEEDS) {
  test(`every match of ${source} has ${literal === '' ? 'no certain text' : literal} and a run of ${run}`, () => {
    assert.deepEqual(findNeeds(parseRegex(source, { allowNeighbours: true })), { literal, run });
  });
}

const piece = fc.constantFrom(
  'a',
  'b',
  'c',
  'ab',
  'TCK-',
  '0',
  '7',
  '12',
  ' ',
  '-',
  '_',
  'é',
  'secret: ',
  'word',
  '.',
);
const texts = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
const part = fc.constantFrom(
  'a',
  'b',
  '[ab]',
  '[^a]',
  '[0-9]',
  ' ',
  'é',
  'word',
  '\\b',
  '(?:a|bc)',
  '(?:ab)',
  '(?:c|)',
  '.',
);
const sources = fc
  .array(fc.tuple(part, fc.constantFrom('', '', '?', '*', '+', '{2}', '{1,3}')), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.map(([text, times]) => (text === '\\b' ? text : text + times)).join(''));

test('a text without what a pattern needs has no match of it', () => {
  fc.assert(
    fc.property(sources, texts, (source, text) => {
      const isFound = (text.match(new RegExp(source, 'g')) ?? []).some((match) => match !== '');
      if (isFound) assert.ok(hasNeeds(findNeeds(parseRegex(source)), text, measureTraits(text)), source);
    }),
    { numRuns: 20_000 },
  );
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
      if (isRead) assert.ok(RunStream.mayFind(measureTraits(text)), text);
    }),
    { numRuns: 20_000 },
  );
});
