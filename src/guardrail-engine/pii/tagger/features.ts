import type { Gazetteer } from './gazetteer.ts';
import type { Token } from './tokens.ts';

/** How many weights a label has; features are hashed into them. */
export const FEATURE_BITS = 22;
const MASK = (1 << FEATURE_BITS) - 1;
export const MOST_FEATURES = 40;
/** How many tokens before and behind a token its features look at. */
export const CONTEXT_TOKENS = 2;

function mix(kind: number, value: number): number {
  let hash = Math.imul(value ^ Math.imul(kind, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) & MASK;
}

const EDGE = 0x5bd1e995;

/**
 * Writes the features of tokens[at] and gives how many there are. `previous` and `beforePrevious` are the labels of
 * the two tokens before; `lists[i]` says in which lists of the gazetteer tokens[i] stands.
 */
export function writeFeatures(
  features: Int32Array,
  tokens: readonly Token[],
  lists: readonly number[],
  { at, previous, beforePrevious }: { at: number; previous: number; beforePrevious: number },
): number {
  const token = tokens[at];
  if (!token) return 0;
  const p1 = tokens[at - 1];
  const p2 = tokens[at - 2];
  const n1 = tokens[at + 1];
  const n2 = tokens[at + 2];
  const list = lists[at] ?? 0;
  const glue =
    (token.gap << 4) | ((n1?.gap ?? 3) << 2) | (p1?.kind === 'sign' ? 2 : 0) | (n1?.kind === 'sign' ? 1 : 0);
  let count = 0;
  const add = (kind: number, value: number) => {
    features[count++] = mix(kind, value);
  };
  add(1, 0);
  add(2, token.hash);
  add(3, token.suffix2);
  add(4, token.suffix3);
  add(5, token.prefix3);
  add(6, token.shape);
  add(7, list);
  add(8, glue);
  add(9, p1?.hash ?? EDGE);
  add(10, n1?.hash ?? EDGE);
  add(11, Math.imul(p1?.hash ?? EDGE, 31) ^ (p2?.hash ?? EDGE));
  add(12, Math.imul(n1?.hash ?? EDGE, 31) ^ (n2?.hash ?? EDGE));
  add(13, (p1?.shape ?? EDGE) ^ Math.imul(token.shape, 31));
  add(14, (n1?.shape ?? EDGE) ^ Math.imul(token.shape, 37));
  add(15, previous);
  add(16, previous * 16 + beforePrevious);
  add(17, Math.imul(token.shape, 7) + previous);
  add(18, list * 64 + (lists[at + 1] ?? 7) * 8 + (lists[at - 1] ?? 7));
  add(19, list * 16 + previous);
  add(20, Math.imul(token.shape, 11) ^ Math.imul(p1?.hash ?? EDGE, 13));
  add(21, Math.imul(token.hash, 3) + previous);
  add(22, token.gap * 16 + previous);
  add(23, Math.imul(p2?.hash ?? EDGE, 5) ^ list);
  add(24, Math.imul(p1?.hash ?? EDGE, 7) ^ Math.imul(list + 1, 77) ^ token.shape);
  add(25, Math.imul(n1?.hash ?? EDGE, 9) ^ Math.imul(list + 1, 99) ^ token.shape);
  add(26, (n2?.shape ?? EDGE) ^ Math.imul(n1?.shape ?? EDGE, 31) ^ Math.imul(token.shape, 17));
  add(27, Math.imul(p1?.shape ?? EDGE, 31) ^ Math.imul(p2?.shape ?? EDGE, 17) ^ previous);
  add(28, Math.imul(previous + 1, 0x51ed27) ^ (n1?.hash ?? EDGE));
  add(29, Math.imul(list * 64 + (lists[at + 1] ?? 7) * 8 + (lists[at - 1] ?? 7), 0x2545f491) ^ token.shape);
  // What is glued together by dots and signs is a part of something else: an e-mail address, a host, a number.
  const ahead = n1 && n1.gap === 0 ? Math.imul(n1.shape, 3) + (n2?.gap ?? 3) : 0;
  const behind = token.gap === 0 ? Math.imul(p1?.shape ?? EDGE, 5) + (p1?.gap ?? 3) : 0;
  add(30, ahead);
  add(31, behind);
  add(32, Math.imul(ahead, 31) ^ behind ^ token.shape);
  add(33, Math.imul(ahead, 17) ^ Math.imul(behind, 7) ^ Math.imul(previous + 1, 0x2c1b3c6d));
  return count;
}

/** By token: in which lists of the gazetteer it stands. */
export function lookUp(gazetteer: Gazetteer, token: Token): number {
  return token.kind === 'word' && token.end - token.start > 1 ? gazetteer.listsOf(token.hash) : 0;
}
