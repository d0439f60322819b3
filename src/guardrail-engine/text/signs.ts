import { findShift, LEAST_LETTERS } from './ciphers.ts';
import { LEAST_RUN_UNITS } from './decoders.ts';

/** What in a text asks for another reading of it; found in one pass, since most texts need none. */
export type Signs = {
  /** Runs that may be encoded. */
  hasRun: boolean;
  hasEscape: boolean;
  hasLeet: boolean;
  hasSpaced: boolean;
  isReversed: boolean;
  /** By how far the letters of some clause must be shifted to be read. */
  shift: number;
};

const LETTER = 1;
const RUN = 2;
const LEET = 4;
const ESCAPE = 8;
const CLAUSE_END = 16;
const SPACE = 32;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  let kind = 0;
  if (/[A-Za-z]/.test(char)) kind |= LETTER;
  if (/[\w+/-]/.test(char)) kind |= RUN;
  if (/[0134578@$!]/.test(char)) kind |= LEET;
  if ('%\\&'.includes(char)) kind |= ESCAPE;
  if ('\n.:?"'.includes(char)) kind |= CLAUSE_END;
  if (/\s/.test(char)) kind |= SPACE;
  return kind;
});

// Frequent words of three letters, and the same from their end, as numbers of 15 bits.
const pack = (word: string) =>
  Array.from(word).reduce((code, letter) => (code << 5) | (letter.charCodeAt(0) - 96), 0);
const FORWARD = ['the', 'and', 'you', 'for', 'are', 'not', 'all', 'can', 'was', 'how', 'who', 'any'].map(
  pack,
);
const BACKWARD = ['eht', 'dna', 'uoy', 'rof', 'era', 'ton', 'lla', 'nac', 'saw', 'woh', 'ohw', 'yna'].map(
  pack,
);
const BALANCE = new Int8Array(1 << 15);
for (const code of FORWARD) BALANCE[code] = -1;
for (const code of BACKWARD) BALANCE[code] = 1;
const LEAST_BALANCE = 2;
const LEAST_SPACED = 4;

const letters = new Int32Array(32);

/** Looks for signs that a text should be read in another way, too. */
export function findSigns(text: string): Signs {
  const signs = {
    hasRun: false,
    hasEscape: false,
    hasLeet: false,
    hasSpaced: false,
    isReversed: false,
    shift: 0,
  };
  let run = 0;
  let word = 0;
  let code = 0;
  let balance = 0;
  let spaced = 0;
  let clauseLetters = 0;
  let last = 0;
  letters.fill(0);
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? text.charCodeAt(i) : 10;
    const kind = unit < 128 ? (KINDS[unit] ?? 0) : LETTER;
    if ((kind & LETTER) !== 0) {
      word++;
      code = ((code << 5) | (unit & 31)) & 0x7fff;
      if (unit < 128) {
        letters[unit & 31] = (letters[unit & 31] ?? 0) + 1;
        clauseLetters++;
      }
      if ((last & LEET) !== 0 && word === 1 && run > 1) signs.hasLeet = true;
    } else {
      if (word === 3) balance += BALANCE[code] ?? 0;
      if (word === 1) spaced++;
      else if (word > 1) spaced = 0;
      if (spaced >= LEAST_SPACED) signs.hasSpaced = true;
      if ((kind & LEET) !== 0 && word > 0) signs.hasLeet = true;
      word = 0;
    }
    if ((kind & RUN) !== 0) {
      if (++run === LEAST_RUN_UNITS) signs.hasRun = true;
    } else run = 0;
    if ((kind & ESCAPE) !== 0) signs.hasEscape = true;
    if ((kind & CLAUSE_END) !== 0) {
      if (clauseLetters >= LEAST_LETTERS) signs.shift ||= findShift(letters.subarray(1, 27), clauseLetters);
      if (clauseLetters > 0) letters.fill(0);
      clauseLetters = 0;
    }
    last = kind;
  }
  signs.isReversed = balance >= LEAST_BALANCE;
  return signs;
}
