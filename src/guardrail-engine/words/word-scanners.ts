import { createScanner, type Scanner } from '../scan/scanner.ts';
import { reverseText, shiftLetters } from '../text/ciphers.ts';
import { PROFANITY } from './profanity.ts';

/** What finds words as they stand, and what finds them in leetspeak; `wordOf` says which word a match is of. */
export type WordScanners = { plain: Scanner; leet: Scanner; wordOf: readonly number[] };

/** Compiles words, which are also found in rot13 and from their end. */
export function createWordScanners(words: readonly string[]): WordScanners {
  const disguised = words.flatMap((word, index) => listDisguises(word).map((text) => ({ text, index })));
  return {
    plain: createScanner({ patterns: [], words: [...words, ...disguised.map(({ text }) => text)] }),
    leet: createScanner({ patterns: [], words }),
    wordOf: [...words.map((_, index) => index), ...disguised.map(({ index }) => index)],
  };
}

let profanity: WordScanners | undefined;

/** The scanners of the managed list, made once for all guardrails. */
export function openProfanityScanners(): WordScanners {
  return (profanity ??= createWordScanners(PROFANITY));
}

const LEAST_DISGUISED_LETTERS = 6;

// A short word in rot13 would be found in the middle of anything.
function listDisguises(word: string): string[] {
  if ((word.match(/[a-z]/gi)?.length ?? 0) < LEAST_DISGUISED_LETTERS) return [];
  const disguises = [shiftLetters(word, 13), reverseText(word)];
  return disguises.filter((text) => text.toLowerCase() !== word.toLowerCase());
}
