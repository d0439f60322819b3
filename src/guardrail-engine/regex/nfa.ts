import type { CharSet } from './charset.ts';
import { RegexRefusedError, type AssertionNode, type RegexNode } from './syntax.ts';

/** Edges in the order they were made; `empty` in pairs (from, to), the others in triples (from, index, to). */
export type Nfa = {
  nodeCount: number;
  empty: number[];
  consume: number[];
  assert: number[];
  sets: CharSet[];
  assertions: AssertionNode[];
  /** Where pattern i begins and ends. */
  starts: number[];
  ends: number[];
};

/** More states than this are refused: each of them can cost time at every character of a text. */
export const MAX_PATTERN_STATES = 10_000;
const MAX_FRAGMENTS = 100_000;

type Build = { nfa: Nfa; firstNode: number; fragments: number; setIndex: Map<string, number> };

/** Builds one automaton out of many patterns (Thompson's construction). */
export function buildNfa(patterns: readonly RegexNode[]): Nfa {
  const nfa: Nfa = {
    nodeCount: 0, empty: [], consume: [], assert: [], sets: [], assertions: [], starts: [], ends: [],
  }; // prettier-ignore
  const build: Build = { nfa, firstNode: 0, fragments: 0, setIndex: new Map() };
  for (const pattern of patterns) {
    build.firstNode = nfa.nodeCount;
    build.fragments = 0;
    const start = addNode(build);
    nfa.starts.push(start);
    nfa.ends.push(addFragment(build, pattern, start));
  }
  return nfa;
}

function addNode(build: Build): number {
  if (build.nfa.nodeCount - build.firstNode >= MAX_PATTERN_STATES) refuseSize();
  return build.nfa.nodeCount++;
}

function refuseSize(): never {
  throw new RegexRefusedError({
    construct: 'the pattern',
    offset: 0,
    because: `it needs more than ${MAX_PATTERN_STATES} states`,
    fix: 'lower its repetition counts',
  });
}

// Adds what `node` matches behind `from` and gives the node behind it, which has no outgoing edge yet.
function addFragment(build: Build, node: RegexNode, from: number): number {
  // Nested repetitions of the empty text make no states, but would take for ever to unroll.
  if (++build.fragments > MAX_FRAGMENTS) refuseSize();
  const { nfa } = build;
  switch (node.kind) {
    case 'set': {
      const to = addNode(build);
      nfa.consume.push(from, indexOfSet(build, node.set), to);
      return to;
    }
    case 'assertion': {
      const to = addNode(build);
      nfa.assert.push(from, nfa.assertions.push(node) - 1, to);
      return to;
    }
    case 'sequence': {
      let end = addNode(build);
      nfa.empty.push(from, end);
      for (const part of node.nodes) end = addFragment(build, part, end);
      return end;
    }
    case 'choice': {
      const to = addNode(build);
      for (const branch of node.nodes) nfa.empty.push(addBranch(build, branch, from), to);
      return to;
    }
    case 'repeat':
      return addRepeat(build, node, from);
  }
}

function addBranch(build: Build, node: RegexNode, from: number): number {
  const start = addNode(build);
  build.nfa.empty.push(from, start);
  return addFragment(build, node, start);
}

function addRepeat(build: Build, repeat: Extract<RegexNode, { kind: 'repeat' }>, from: number): number {
  const { node, min, max } = repeat;
  const { nfa } = build;
  let last = from;
  for (let i = 0; i < min; i++) last = addBranch(build, node, last);
  const end = addNode(build);
  if (max === Infinity) {
    const loop = addNode(build);
    nfa.empty.push(last, loop, loop, end);
    nfa.empty.push(addBranch(build, node, loop), loop);
    return end;
  }
  for (let i = min; i < max; i++) {
    nfa.empty.push(last, end);
    last = addBranch(build, node, last);
  }
  nfa.empty.push(last, end);
  return end;
}

function indexOfSet(build: Build, set: CharSet): number {
  const key = set.join();
  const known = build.setIndex.get(key);
  if (known !== undefined) return known;
  const index = build.nfa.sets.push(set) - 1;
  build.setIndex.set(key, index);
  return index;
}
