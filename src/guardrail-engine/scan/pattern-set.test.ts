import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RegexRefusedError } from '../regex/syntax.ts';
import { createPatternSet } from './pattern-set.ts';

const SOURCES = ['(?i)ignore (all|previous)', 'ab+c', '^x', 'y$', '\\bz\\b', 'a{2}'];
const references = ['ignore (all|previous)', 'ab+c', '^x', 'y$', '\\bz\\b', 'a{2}'].map(
  (source, index) => new RegExp(source, index === 0 ? 'i' : ''),
);

test('says of each pattern whether it matches, as a regular expression of the language does', () => {
  const set = createPatternSet(SOURCES);
  const word = fc.constantFrom('a', 'b', 'c', 'x', 'y', 'z', ' ', 'Ignore all', 'ignore previous', '-');
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 30 }).map((parts) => parts.join('')),
      (text) => {
        const expected = references.flatMap((regex, index) => (regex.test(text) ? [index] : []));
        assert.deepEqual(set.match(text), expected);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('takes no pattern that could only be found by going back and forth', () => {
  assert.throws(() => createPatternSet(['(a)\\1']), RegexRefusedError);
});
