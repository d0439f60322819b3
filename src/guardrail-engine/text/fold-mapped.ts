import { foldCodePoint } from './fold.ts';
import { isAscii } from './traits.ts';

/** Text as it is scanned, with the place of each of its code units in the caller's text. */
export type MappedText = { text: string; starts: number[]; ends: number[] };

// One character as %41 or %C3%A9, \u0041, \u{41}, \x41, &#65;, &#x41; or an entity of ASCII; %252541 and &amp;#65; are
// the same character, escaped again and again.
const AGAIN = '%(?:25){0,8}';
const NEXT_BYTE = `${AGAIN}[89ab][0-9a-f]`;
const ESCAPE = new RegExp(
  [
    `%(?:25){0,10000}[0-7][0-9a-f]|${AGAIN}(?:[cd][0-9a-f]${NEXT_BYTE}|e[0-9a-f](?:${NEXT_BYTE}){2}|f[0-7](?:${NEXT_BYTE}){3})`,
    String.raw`\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}`,
    '&(?:amp;){0,8}(?:#x[0-9a-f]{1,6};|#[0-9]{1,7};|(?:lt|gt|amp|quot|apos|nbsp|commat|period);)',
  ].join('|'),
  'iy',
);
const PARTIAL_ESCAPE = new RegExp(
  [
    `%(?:25){0,10000}[0-7]?$|${AGAIN}(?:[cd][0-9a-f]?(?:${AGAIN}[89ab]?)?`,
    `|e[0-9a-f]?(?:${NEXT_BYTE})?(?:${AGAIN}[89ab]?)?|f[0-7]?(?:${NEXT_BYTE}){0,2}(?:${AGAIN}[89ab]?)?)$`,
    String.raw`|\\(?:u(?:\{[0-9a-f]{0,6}|[0-9a-f]{0,3})|x[0-9a-f]?)?$`,
    '|&(?:amp;){0,8}(?:#x?[0-9a-f]{0,7}|[a-z]{0,6})$',
  ].join(''),
  'i',
);
const LONGEST_ESCAPE = 80;
const LONGEST_PERCENT = 2 * 10_000 + 3;
const ESCAPE_BEGINS = /[%\\&]/;
const FOLDABLE = /[^\0-\x7f]|[%\\&]/;
const NAMES: Readonly<Record<string, string>> = {
  lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ', commat: '@', period: '.',
}; // prettier-ignore

/** Where in a text something may have to be folded; -1 where nothing has. */
export function findFoldable(text: string): number {
  // Most texts have none: these two looks are many times faster than the search.
  if (!ESCAPE_BEGINS.test(text) && isAscii(text)) return -1;
  return text.search(FOLDABLE);
}

/** How much of a text's end must be held until more of it is known: half a character, or a part of an escape. */
export function countUnfinished(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  if (last >= 0xd800 && last <= 0xdbff) return 1;
  let tail = text.slice(-LONGEST_ESCAPE);
  if (/^5?(?:25)*2?[0-7]?$/.test(tail)) tail = text.slice(-LONGEST_PERCENT);
  return PARTIAL_ESCAPE.exec(tail)?.[0].length ?? 0;
}

/**
 * Folds a text for scanning: every code point as `foldCodePoint` does, and escapes to what they stand for. `from` is
 * the offset of the text in the caller's.
 */
export function foldMapped(text: string, from: number): MappedText {
  const mapped: MappedText = { text: '', starts: [], ends: [] };
  for (let i = 0; i < text.length;) {
    const unit = text.charCodeAt(i);
    let units = 1;
    let made: string;
    if (unit === 0x25 || unit === 0x5c || unit === 0x26) {
      ESCAPE.lastIndex = i;
      const escape = ESCAPE.exec(text)?.[0];
      made = escape === undefined ? text.charAt(i) : readEscape(escape);
      units = escape?.length ?? 1;
    } else if (unit < 0x80) {
      made = text.charAt(i);
    } else {
      const code = text.codePointAt(i) ?? 0;
      made = foldCodePoint(code);
      if (code > 0xffff) units = 2;
    }
    mapped.text += made;
    for (let k = 0; k < made.length; k++) {
      mapped.starts.push(from + i);
      mapped.ends.push(from + i + units);
    }
    i += units;
  }
  return mapped;
}

function readEscape(escape: string): string {
  if (escape.startsWith('%')) {
    const bytes = escape.match(/[0-9a-f]{2}(?=%|$)/gi) ?? [];
    const char = Buffer.from(bytes.join(''), 'hex').toString();
    return char.includes('\ufffd') ? escape : char;
  }
  const name = /^&(?:amp;)*?([a-z]+);$/i.exec(escape)?.[1];
  if (name !== undefined) return NAMES[name.toLowerCase()] ?? escape;
  const decimal = /#([0-9]+);$/.exec(escape)?.[1];
  const hex = /[0-9a-f]+(?=[};]?$)/i.exec(escape)?.[0] ?? '0';
  const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escape;
}
