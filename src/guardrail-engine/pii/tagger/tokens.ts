import { foldCodePoint } from '../../text/fold.ts';

/** What stands before a token: nothing, a space, or a line's end. */
export type Gap = 0 | 1 | 2;

export type TokenKind = 'word' | 'number' | 'sign';

/** What a tagger reads: a word, a number or one sign. Offsets are UTF-16 code units of the whole text. */
export type Token = {
  start: number;
  end: number;
  kind: TokenKind;
  /** Hashes of the folded word in small letters, and of its ends. */
  hash: number;
  suffix2: number;
  suffix3: number;
  prefix3: number;
  /** One of `SHAPES`, or the sign itself. */
  shape: number;
  gap: Gap;
};

/** How words are written: that they are small matters most. */
export const SHAPES = {
  a: 1,
  A: 2,
  small: 3,
  capital: 4,
  short: 5,
  upper: 6,
  mixed: 7,
  caseless: 8,
} as const;
const NUMBER_SHAPES = 16;
const SIGN_SHAPES = 64;

// Invisible characters inside a word belong to it; an apostrophe does where a name goes on behind it (O'Brien). What is
// longer than words are is cut at fixed lengths, so that it does not matter where the text was cut.
const LETTER = String.raw`[\p{L}\p{M}\p{Cf}]`;
const WORD = String.raw`${LETTER}{1,64}(?:['’]${LETTER}{2,64}){0,2}`;
const TOKEN = new RegExp(String.raw`(${WORD})|(\p{N}{1,64})|[^\s\p{L}\p{M}\p{Cf}\p{N}]`, 'uy');
const MAY_GROW = /^[\p{L}\p{M}\p{Cf}\p{N}'’]$/u;
const LONGEST_TOKEN = 64 + 2 * 65;
const MOST_UNITS = 64;

/** Cuts a text into tokens. `finishedTo` is where what may still grow begins; `gap` is the space before the text. */
export function readTokens(
  text: string,
  at: { offset: number; isLast: boolean; gap: Gap },
): { tokens: Token[]; finishedTo: number; gap: Gap } {
  const limit = at.isLast ? text.length : findUnfinished(text);
  const tokens: Token[] = [];
  let { gap } = at;
  let i = 0;
  while (i < text.length) {
    const unit = text.charCodeAt(i);
    if (unit <= 0x20) {
      gap = unit === 10 || unit === 13 ? 2 : gap === 2 ? 2 : 1;
      i++;
      continue;
    }
    const end = findTokenEnd(text, i);
    if (end === i) {
      // A space of another kind than ASCII's.
      gap = /[\u2028\u2029\u0085]/.test(text.charAt(i)) ? 2 : gap === 2 ? 2 : 1;
      i++;
      continue;
    }
    // A token that can grow no more is finished even in the middle of a run.
    if (end > limit && end > text.length - LONGEST_TOKEN && !at.isLast) break;
    tokens.push(makeToken(text.slice(i, end), at.offset + i, gap));
    gap = 0;
    i = end;
  }
  return { tokens, finishedTo: i, gap };
}

const isLetter = (unit: number) => (unit | 32) >= 97 && (unit | 32) <= 122;
const isDigit = (unit: number) => unit >= 48 && unit <= 57;

// Where the token that begins here ends; the same place where none does.
function findTokenEnd(text: string, from: number): number {
  const first = text.charCodeAt(from);
  // One more than a token has, so that a long run is told from one that just fits.
  const most = Math.min(text.length, from + MOST_UNITS + 1);
  let end = from;
  if (isLetter(first)) while (end < most && isLetter(text.charCodeAt(end))) end++;
  else if (isDigit(first)) while (end < most && isDigit(text.charCodeAt(end))) end++;
  else if (first < 0x80) return from + 1;
  const next = end < text.length ? text.charCodeAt(end) : 0x20;
  const isPlain = end > from && end - from <= MOST_UNITS && next < 0x80 && next !== 0x27;
  if (isPlain) return end;
  TOKEN.lastIndex = from;
  const match = TOKEN.exec(text);
  return match ? from + match[0].length : from;
}

function findUnfinished(text: string): number {
  let at = text.length;
  const last = text.charCodeAt(at - 1);
  if (last >= 0xd800 && last <= 0xdbff) at--;
  for (;;) {
    while (at > 0 && MAY_GROW.test(text.charAt(at - 1))) at--;
    // A letter beyond the basic plane is two code units.
    if (at < 2 || !/^[\p{L}\p{M}\p{N}\p{Cf}]$/u.test(text.slice(at - 2, at))) return at;
    at -= 2;
  }
}

function makeToken(text: string, start: number, gap: Gap): Token {
  const first = text.charCodeAt(0);
  const plain = isAscii(text) ? text : fold(text);
  const isWord = isLetter(first) || (first >= 0x80 && /^[\p{L}\p{M}\p{Cf}]/u.test(text));
  const kind = isWord ? 'word' : isDigit(first) || /^\p{N}/u.test(text) ? 'number' : 'sign';
  const word = plain.toLowerCase();
  const { length } = word;
  return {
    start,
    end: start + text.length,
    kind,
    hash: hashWord(word),
    suffix2: hashPart(word, Math.max(0, length - 2), length, 2),
    suffix3: hashPart(word, Math.max(0, length - 3), length, 3),
    prefix3: hashPart(word, 0, Math.min(3, length), 4),
    shape: shapeOf(plain, word, kind),
    gap,
  };
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function fold(text: string): string {
  return Array.from(text, (char) => foldCodePoint(char.codePointAt(0) ?? 0)).join('');
}

function shapeOf(text: string, small: string, kind: TokenKind): number {
  if (kind === 'number') return NUMBER_SHAPES + Math.min(text.length, 6);
  if (kind === 'sign') return SIGN_SHAPES + (text.codePointAt(0) ?? 0);
  const upper = text.toUpperCase();
  if (text === small) {
    if (text === upper) return SHAPES.caseless;
    return text.length === 1 ? SHAPES.a : SHAPES.small;
  }
  if (text.length === 1) return SHAPES.A;
  if (text === upper) return text.length < 4 ? SHAPES.short : SHAPES.upper;
  return text.slice(1) === small.slice(1) ? SHAPES.capital : SHAPES.mixed;
}

/** What stands for a word, in small letters. */
export function hashWord(word: string): number {
  return hashPart(word, 0, word.length, 1);
}

// FNV-1a over UTF-16 code units.
function hashPart(text: string, from: number, to: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
