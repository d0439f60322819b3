import { CONFUSABLES } from './confusables.ts';

/** What a code point becomes: nothing where it is invisible, itself where there is nothing to fold. */
const folded = new Map<number, string>();
const MOST_REMEMBERED = 20_000;

const TAG_FIRST = 0xe0020;
const TAG_LAST = 0xe007e;
// Zero-width and format characters, bidi controls, variation selectors, fillers, and marks that are set over letters.
const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{Cf}\u034f\u2800\ufff9-\ufffb]$/u;
const MARK = /^\p{M}$/u;

/**
 * Folds one code point for scanning: compatibility forms to what they stand for (NFKC), lookalikes to ASCII, accents
 * off, invisible characters to nothing, and characters of the tag block to the ASCII that they smuggle.
 */
export function foldCodePoint(code: number): string {
  const known = folded.get(code);
  if (known !== undefined) return known;
  if (folded.size >= MOST_REMEMBERED) folded.clear();
  const made = makeFolded(code);
  folded.set(code, made);
  return made;
}

function makeFolded(code: number): string {
  if (code >= TAG_FIRST && code <= TAG_LAST) return String.fromCharCode(code - 0xe0000);
  // A lone surrogate is no character; it stays what it is.
  if (code >= 0xd800 && code <= 0xdfff) return String.fromCharCode(code);
  const char = String.fromCodePoint(code);
  if (INVISIBLE.test(char) || MARK.test(char)) return '';
  if (/^\p{Zs}$/u.test(char)) return ' ';
  const lookalike = CONFUSABLES.get(code);
  if (lookalike !== undefined) return lookalike;
  const plain = Array.from(char.normalize('NFKD'))
    .filter((part) => !MARK.test(part))
    .join('');
  // Hangul comes apart into letters that no rule is written in.
  if (plain.length > 4 || /^[\u1100-\u11ff]/.test(plain)) return char;
  return Array.from(plain, (part) => CONFUSABLES.get(part.codePointAt(0) ?? 0) ?? part).join('');
}

/** Whether folding may change a text. */
export function mayFold(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}
