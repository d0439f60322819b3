import { ALL_UNITS, LINE_END, WORD, negateSet, type CharSet } from './charset.ts';
import { readCharEscape, readClass, readClassEscape, refuse, withCase, type Cursor } from './parse-class.ts';
import { EMPTY, type AssertionNode, type Neighbour, type RegexNode } from './syntax.ts';

const MAX_DEPTH = 100;
const MAX_COUNT = 10_000;
const NOT_LINEAR = 'matching it cannot be guaranteed to take linear time';

/**
 * Parses a regular expression; throws `RegexRefusedError` for what cannot run in linear time or is not known.
 * The meaning is that of JavaScript without the u flag: `^` and `$` are the text's ends unless (?m) is set.
 */
export function parseRegex(source: string, options: { allowNeighbours?: boolean } = {}): RegexNode {
  const cursor: Cursor = {
    source,
    allowNeighbours: options.allowNeighbours ?? false,
    at: 0,
    flags: { ignoreCase: false, dotAll: false, multiline: false },
    depth: 0,
  };
  const node = parseChoice(cursor);
  if (cursor.at < source.length) refuse(cursor, 'an unmatched )', 'no group is open');
  return node;
}

function parseChoice(cursor: Cursor): RegexNode {
  if (++cursor.depth > MAX_DEPTH) refuse(cursor, 'a group', `groups are nested deeper than ${MAX_DEPTH}`);
  const flags = cursor.flags;
  const branches = [parseSequence(cursor)];
  while (cursor.source[cursor.at] === '|') {
    cursor.at++;
    branches.push(parseSequence(cursor));
  }
  cursor.flags = flags;
  cursor.depth--;
  return branches.length === 1 ? (branches[0] ?? EMPTY) : { kind: 'choice', nodes: branches };
}

function parseSequence(cursor: Cursor): RegexNode {
  const nodes: RegexNode[] = [];
  while (cursor.at < cursor.source.length && !'|)'.includes(cursor.source[cursor.at] ?? '')) {
    const start = cursor.at;
    const atom = parseAtom(cursor);
    nodes.push(parseQuantifier(cursor, atom, start));
  }
  return nodes.length === 1 ? (nodes[0] ?? EMPTY) : { kind: 'sequence', nodes };
}

function parseQuantifier(cursor: Cursor, node: RegexNode, start: number): RegexNode {
  const rest = cursor.source.slice(cursor.at);
  const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(rest);
  if (!found) {
    if (/^\{,\d+\}/.test(rest)) refuse(cursor, '{,n}', 'engines differ on what it means', 'write {0,n}');
    return node;
  }
  if (node.kind === 'assertion' || cursor.source.slice(start, cursor.at).startsWith('(?=')) {
    refuse(cursor, `the quantifier ${found[0]}`, 'there is nothing to repeat');
  }
  const [min, max] = readBounds(found);
  if (min > max) refuse(cursor, found[0], 'its bounds are out of order');
  if (min > MAX_COUNT || (max !== Infinity && max > MAX_COUNT)) {
    refuse(cursor, found[0], `it repeats more than ${MAX_COUNT} times`);
  }
  cursor.at += found[0].length;
  const after = cursor.source[cursor.at] ?? '';
  if (after === '+') refuse(cursor, 'a possessive quantifier', NOT_LINEAR, 'leave out the second +');
  // Lazy or greedy, the language is the same, and this engine takes the longest match.
  if (after === '?') cursor.at++;
  else if (after === '*' || /^\{\d+(?:,\d*)?\}/.test(cursor.source.slice(cursor.at))) {
    refuse(cursor, `the quantifier ${after}`, 'there is nothing to repeat');
  }
  return { kind: 'repeat', node, min, max };
}

function readBounds(found: RegExpExecArray): [number, number] {
  if (found[0] === '*') return [0, Infinity];
  if (found[0] === '+') return [1, Infinity];
  if (found[0] === '?') return [0, 1];
  const min = Number(found[1]);
  if (found[2] === undefined) return [min, min];
  return [min, found[3] ? Number(found[3]) : Infinity];
}

function parseAtom(cursor: Cursor): RegexNode {
  switch (cursor.source[cursor.at]) {
    case '(':
      return parseGroup(cursor);
    case '[': {
      const { set, astral } = readClass(cursor);
      if (astral.length === 0) return { kind: 'set', set };
      return {
        kind: 'choice',
        nodes: [{ kind: 'set', set }, ...astral.map((code) => literal(cursor, code))],
      };
    }
    case '.':
      cursor.at++;
      return { kind: 'set', set: cursor.flags.dotAll ? ALL_UNITS : negateSet(LINE_END) };
    case '^':
      cursor.at++;
      return lookBehind(cursor.flags.multiline ? LINE_END : []);
    case '$':
      cursor.at++;
      return lookAhead(cursor.flags.multiline ? LINE_END : []);
    case '\\':
      return parseEscape(cursor);
    case '*':
    case '+':
    case '?':
      return refuse(cursor, `the quantifier ${cursor.source[cursor.at]}`, 'there is nothing to repeat');
    default: {
      const code = cursor.source.codePointAt(cursor.at) ?? 0;
      cursor.at += code > 0xffff ? 2 : 1;
      return literal(cursor, code);
    }
  }
}

function literal(cursor: Cursor, code: number): RegexNode {
  const units = String.fromCodePoint(code)
    .split('')
    .map((unit) => unit.charCodeAt(0));
  const nodes = units.map((unit): RegexNode => ({ kind: 'set', set: withCase(cursor, [unit, unit]) }));
  return nodes.length === 1 ? (nodes[0] ?? EMPTY) : { kind: 'sequence', nodes };
}

function parseEscape(cursor: Cursor): RegexNode {
  const letter = cursor.source[cursor.at + 1] ?? '';
  if ('bBAz'.includes(letter) && letter !== '') {
    cursor.at += 2;
    if (letter === 'A') return lookBehind([]);
    if (letter === 'z') return lookAhead([]);
    return wordBoundary(letter === 'b');
  }
  const set = readClassEscape(cursor);
  return set ? { kind: 'set', set } : literal(cursor, readCharEscape(cursor));
}

const ANYTHING: Neighbour = { set: ALL_UNITS, edge: true };
const IN_WORD: Neighbour = { set: WORD, edge: false };
const NOT_IN_WORD: Neighbour = { set: negateSet(WORD), edge: true };

function lookBehind(set: CharSet): AssertionNode {
  return { kind: 'assertion', behind: { set, edge: true }, ahead: ANYTHING };
}

function lookAhead(set: CharSet): AssertionNode {
  return { kind: 'assertion', behind: ANYTHING, ahead: { set, edge: true } };
}

function wordBoundary(isBoundary: boolean): RegexNode {
  const pairs = isBoundary
    ? [[IN_WORD, NOT_IN_WORD], [NOT_IN_WORD, IN_WORD]] as const
    : [[IN_WORD, IN_WORD], [NOT_IN_WORD, NOT_IN_WORD]] as const; // prettier-ignore
  const nodes = pairs.map(([behind, ahead]): AssertionNode => ({ kind: 'assertion', behind, ahead }));
  return { kind: 'choice', nodes };
}

function parseGroup(cursor: Cursor): RegexNode {
  const start = cursor.at;
  const rest = cursor.source.slice(start);
  const flags = /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])/.exec(rest);
  if (flags && (flags[1] || flags[2] || flags[3] === ':')) {
    const outer = cursor.flags;
    setFlags(cursor, flags[1] ?? '', flags[2] ?? '');
    cursor.at += flags[0].length;
    // (?i) lasts to the end of the group it stands in, which parseChoice restores.
    if (flags[3] === ')') return EMPTY;
    const node = closeGroup(cursor, start);
    cursor.flags = outer;
    return node;
  }
  if (rest.startsWith('(?')) {
    const named = /^\(\?P?<[A-Za-z_]\w*>/.exec(rest);
    if (!named) return parseLook(cursor, rest);
    cursor.at += named[0].length;
    return closeGroup(cursor, start);
  }
  cursor.at++;
  return closeGroup(cursor, start);
}

function closeGroup(cursor: Cursor, start: number): RegexNode {
  const node = parseChoice(cursor);
  if (cursor.source[cursor.at] !== ')') {
    cursor.at = start;
    refuse(cursor, '(', 'the group is never closed');
  }
  cursor.at++;
  // A group of one assertion must still not be mistaken for a bare one, so that (\b)? can be repeated.
  return node.kind === 'assertion' ? { kind: 'sequence', nodes: [node] } : node;
}

function setFlags(cursor: Cursor, on: string, off: string): void {
  const flags = { ...cursor.flags };
  for (const [letters, value] of [[on, true], [off, false]] as const) {
    for (const letter of letters) {
      if (letter === 'i') flags.ignoreCase = value;
      else if (letter === 's') flags.dotAll = value;
      else if (letter === 'm') flags.multiline = value;
      else refuse(cursor, `the flag ${letter}`, 'only i, s and m are known');
    }
  } // prettier-ignore
  cursor.flags = flags;
}

const UNSAFE_GROUPS: readonly (readonly [string, string])[] = [
  ['(?<=', 'a lookbehind'],
  ['(?<!', 'a lookbehind'],
  ['(?=', 'a lookahead'],
  ['(?!', 'a lookahead'],
  ['(?>', 'an atomic group'],
  ['(?P=', 'a backreference'],
  ['(?(', 'a conditional group'],
  ['(?R', 'a recursion'],
  ['(?&', 'a recursion'],
];

function parseLook(cursor: Cursor, rest: string): RegexNode {
  const unsafe = UNSAFE_GROUPS.find(([prefix]) => rest.startsWith(prefix));
  if (!unsafe) return refuse(cursor, `the group ${rest.slice(0, 3)}`, 'it is not supported');
  const [prefix, construct] = unsafe;
  const isLook = construct.startsWith('a look');
  if (!cursor.allowNeighbours || !isLook) {
    return refuse(cursor, construct, NOT_LINEAR, isLook ? 'use \\b, ^ or $ where they suffice' : undefined);
  }
  const start = cursor.at;
  cursor.at += prefix.length;
  const inner = closeGroup(cursor, start);
  if (inner.kind !== 'set') return refuse(cursor, construct, 'only one neighbour can be looked at');
  const isNegative = prefix.endsWith('!');
  const neighbour: Neighbour = isNegative
    ? { set: negateSet(inner.set), edge: true }
    : { set: inner.set, edge: false };
  const isBehind = construct === 'a lookbehind';
  return {
    kind: 'assertion',
    behind: isBehind ? neighbour : ANYTHING,
    ahead: isBehind ? ANYTHING : neighbour,
  };
}
