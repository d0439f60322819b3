import {
  DIGIT,
  SPACE,
  WORD,
  foldCase,
  negateSet,
  normalizeRanges,
  unicodePropertySet,
  type CharSet,
} from './charset.ts';
import { RegexRefusedError } from './syntax.ts';

/** The flags that patterns may set inline. */
export type RegexFlags = { ignoreCase: boolean; dotAll: boolean; multiline: boolean };

/** Where a parser stands in a pattern. */
export type Cursor = {
  readonly source: string;
  /** Internal patterns may look at one neighbour: `(?<![a-z])`, `(?!\d)`. */
  readonly allowNeighbours: boolean;
  at: number;
  flags: RegexFlags;
  depth: number;
};

const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['t', 9], ['n', 10], ['v', 11], ['f', 12], ['r', 13], ['a', 7], ['e', 27],
]); // prettier-ignore

/** Refuses a construct that stands where the cursor is. */
export function refuse(cursor: Cursor, construct: string, because: string, fix?: string): never {
  throw new RegexRefusedError({ construct, offset: cursor.at, because, ...(fix ? { fix } : {}) });
}

/** Applies (?i) to a set. */
export function withCase(cursor: Cursor, set: CharSet): CharSet {
  return cursor.flags.ignoreCase ? foldCase(set) : set;
}

/** Reads `\d`, `\W`, `\p{L}` and the like; undefined (and nothing read) where another escape stands. */
export function readClassEscape(cursor: Cursor): CharSet | undefined {
  const letter = cursor.source[cursor.at + 1] ?? '';
  const set = { d: DIGIT, w: WORD, s: SPACE }[letter.toLowerCase()];
  if (set) {
    cursor.at += 2;
    return letter === letter.toLowerCase() ? set : negateSet(set);
  }
  if (letter !== 'p' && letter !== 'P') return undefined;
  const name = /^\{([^}]*)\}|^[A-Z]/.exec(cursor.source.slice(cursor.at + 2));
  const property = name ? unicodePropertySet(name[1] ?? name[0]) : undefined;
  if (!name || !property) {
    refuse(
      cursor,
      `\\${letter}`,
      'this Unicode property is not known',
      'write it as \\p{L} or \\p{Script=Greek}',
    );
  }
  cursor.at += 2 + name[0].length;
  return letter === 'p' ? property : negateSet(property);
}

/** Reads an escape that stands for one character; code points beyond U+FFFF come back as they are. */
export function readCharEscape(cursor: Cursor): number {
  const rest = cursor.source.slice(cursor.at + 1);
  const letter = rest[0];
  if (letter === undefined) return refuse(cursor, 'a lone backslash', 'there is nothing to escape');
  const hex = /^x([0-9a-fA-F]{2})|^u([0-9a-fA-F]{4})|^[xu]\{([0-9a-fA-F]{1,6})\}/.exec(rest);
  if (hex) {
    const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16);
    if (code > 0x10ffff) return refuse(cursor, `\\${hex[0]}`, 'there is no such code point');
    cursor.at += 1 + hex[0].length;
    return code;
  }
  const control = /^c([A-Za-z])/.exec(rest);
  if (control) {
    cursor.at += 3;
    return (control[1] ?? '').charCodeAt(0) % 32;
  }
  const fixed = CONTROL_ESCAPES.get(letter) ?? (/^0(?!\d)/.test(rest) ? 0 : undefined);
  if (fixed === undefined && /[A-Za-z0-9]/.test(letter)) return refuseEscape(cursor, letter, rest);
  cursor.at += 2;
  return fixed ?? letter.charCodeAt(0);
}

function refuseEscape(cursor: Cursor, letter: string, rest: string): never {
  if (/^[1-9]/.test(letter) || /^k[<{']/.test(rest)) {
    refuse(cursor, `a backreference (\\${letter})`, 'matching it cannot be guaranteed to take linear time');
  }
  if (letter === 'Z')
    refuse(cursor, '\\Z', 'engines differ on what it means', 'use \\z or $, the end of the text');
  refuse(cursor, `the escape \\${letter}`, 'it is not supported');
}

/** Reads `[…]`; astral characters come back apart, since they are two code units each. */
export function readClass(cursor: Cursor): { set: CharSet; astral: readonly number[] } {
  const { source } = cursor;
  const start = cursor.at++;
  const isNegated = source[cursor.at] === '^';
  if (isNegated) cursor.at++;
  const ranges: number[] = [];
  const astral: number[] = [];
  while (source[cursor.at] !== ']') {
    if (cursor.at >= source.length) {
      cursor.at = start;
      refuse(cursor, '[', 'the class is never closed');
    }
    readClassItem(cursor, ranges, astral);
  }
  cursor.at++;
  if (astral.length > 0 && isNegated) {
    cursor.at = start;
    refuse(cursor, 'a negated class with a character beyond U+FFFF', 'the engine reads UTF-16 code units');
  }
  const set = withCase(cursor, normalizeRanges(ranges));
  return { set: isNegated ? negateSet(set) : set, astral };
}

function readClassItem(cursor: Cursor, ranges: number[], astral: number[]): void {
  const { source } = cursor;
  if (source.startsWith('&&', cursor.at))
    refuse(cursor, '&& in a class', 'engines differ on what it means', 'write \\&&');
  if (/^\[[:.=]/.test(source.slice(cursor.at)))
    refuse(cursor, 'a POSIX class', 'engines differ on what it means', 'use \\p{…}');
  const first = readClassAtom(cursor);
  const isRange = source[cursor.at] === '-' && source[cursor.at + 1] !== ']' && cursor.at + 1 < source.length;
  if (typeof first !== 'number') {
    ranges.push(...first);
    return;
  }
  if (!isRange) {
    if (first > 0xffff) astral.push(first);
    else ranges.push(first, first);
    return;
  }
  cursor.at++;
  const last = readClassAtom(cursor);
  if (typeof last !== 'number') {
    ranges.push(first, first, 0x2d, 0x2d, ...last);
    return;
  }
  if (last < first) refuse(cursor, 'a range out of order', 'its end comes before its start');
  if (last > 0xffff) refuse(cursor, 'a range beyond U+FFFF', 'the engine reads UTF-16 code units');
  ranges.push(first, last);
}

function readClassAtom(cursor: Cursor): number | CharSet {
  const { source } = cursor;
  if (source[cursor.at] !== '\\') {
    const code = source.codePointAt(cursor.at) ?? 0;
    cursor.at += code > 0xffff ? 2 : 1;
    return code;
  }
  const set = readClassEscape(cursor);
  if (set) return set;
  if (source[cursor.at + 1] === 'b') {
    cursor.at += 2;
    return 8;
  }
  return readCharEscape(cursor);
}
