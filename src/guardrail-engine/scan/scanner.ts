import { buildAlphabet, type Alphabet } from '../regex/alphabet.ts';
import { LazyDfa, type DfaState } from '../regex/dfa.ts';
import { backwardGraph, forwardGraph, type Graph } from '../regex/graph.ts';
import { buildNfa, type Nfa } from '../regex/nfa.ts';
import { removeEmptyMatches } from '../regex/nonempty.ts';
import type { RegexNode } from '../regex/syntax.ts';
import { buildTrie, listWordDelimiters, listWords, listWordSets, type WordTrie } from '../regex/words.ts';
import { findNeeds, joinNeeds, needsOfWord } from './needs.ts';
import { createPrefilter, type Prefilter } from './prefilter.ts';

/** How far before a candidate a decision on it may look; what is nearer is at hand however the text was cut. */
export const LOOK_BACK_UNITS = 80;

/**
 * Decides on a candidate text[start, end): its accepted end, at most `end`, or -1. It may look at the candidate and
 * at `LOOK_BACK_UNITS` before it, and at nothing else, or the verdict would depend on how a text was cut.
 */
export type AcceptCandidate = (text: string, start: number, end: number) => number;

/** A regular expression to look for, and what a candidate must pass beyond it. */
export type ScanPattern = {
  node: RegexNode;
  accept?: AcceptCandidate;
  /** Whether every match that is accepted has one of the digits 0 to 9 in it. */
  needsDigit?: boolean;
  /** How much of a match's beginning is only what it was known by (`PIN: ` of `PIN: 1234`). */
  countPrefix?: (match: string) => number;
  /** No longer candidate is accepted; a stream then holds no more than this back for the pattern. */
  maxUnits?: number;
};

/** A match; words are numbered behind the patterns. Offsets are UTF-16 code units. */
export type ScanMatch = { pattern: number; start: number; end: number };

/** Everything that a set of patterns needs to be looked for, shared by all texts. */
export type Scanner = {
  readonly patterns: readonly ScanPattern[];
  readonly alphabet: Alphabet;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly graphNodeCount: number;
  readonly trie: WordTrie | undefined;
  /** Whether there may be a match in a text, by a quick look; a no is certain. */
  readonly mayMatch: Prefilter;
  /** All patterns and words, from every position: finds where something ends. */
  readonly finder: LazyDfa;
  /** Some patterns from one position: finds how far a match goes. */
  readonly follower: LazyDfa;
  /** Some nodes, backward from one position: finds where what is alive began. */
  readonly tracer: LazyDfa;
  /** By pattern, backward: finds where its matches begin. Made when needed. */
  starterOf(pattern: number): LazyDfa;
};

/** Compiles patterns and words, to be looked for together in one pass. */
export function createScanner(spec: {
  patterns: readonly ScanPattern[];
  words?: readonly string[];
}): Scanner {
  const nfa = buildNfa(spec.patterns.map(({ node }) => removeEmptyMatches(node)));
  const list = spec.words && spec.words.length > 0 ? listWords(spec.words) : undefined;
  const delimiters = list ? listWordDelimiters() : undefined;
  if (delimiters) nfa.assertions.push(delimiters.before, delimiters.behind);
  const alphabet = buildAlphabet([...nfa.sets, ...(list ? listWordSets(list) : [])], nfa.assertions);
  const backward = backwardGraph(nfa, alphabet);
  const everywhere = [...nfa.starts];
  let trie: WordTrie | undefined;
  if (list) {
    const entrance = nfa.nodeCount++;
    everywhere.push(entrance);
    nfa.assert.push(entrance, nfa.assertions.length - 2, nfa.nodeCount);
    trie = buildTrie(list, alphabet, nfa.nodeCount);
  }
  const mayMatch = lookForNeeds(spec.patterns, spec.words ?? []);
  return assemble({ patterns: spec.patterns, mayMatch, nfa, alphabet, backward, everywhere, trie });
}

function assemble(parts: {
  patterns: readonly ScanPattern[];
  mayMatch: Prefilter;
  nfa: Nfa;
  alphabet: Alphabet;
  backward: Graph;
  everywhere: number[];
  trie: WordTrie | undefined;
}): Scanner {
  const { nfa, alphabet, backward, trie } = parts;
  const graph = forwardGraph(nfa, alphabet);
  const ends = markNodes(nfa.nodeCount, nfa.ends);
  const begins = markNodes(nfa.nodeCount, nfa.starts);
  const starters: (LazyDfa | undefined)[] = [];
  return {
    patterns: parts.patterns,
    alphabet,
    starts: nfa.starts,
    ends: nfa.ends,
    graphNodeCount: nfa.nodeCount,
    trie,
    mayMatch: parts.mayMatch,
    finder: new LazyDfa({
      graph,
      alphabet,
      accepts: ends,
      everywhere: parts.everywhere,
      ...(trie ? { trie } : {}),
    }),
    follower: new LazyDfa({ graph, alphabet, accepts: ends, everywhere: [] }),
    tracer: new LazyDfa({ graph: backward, alphabet, accepts: begins, everywhere: [] }),
    starterOf(pattern) {
      const everywhere = [nfa.ends[pattern] ?? 0];
      return (starters[pattern] ??= new LazyDfa({ graph: backward, alphabet, accepts: begins, everywhere }));
    },
  };
}

// Made when a text is first looked at: many a guardrail is only checked.
function lookForNeeds(patterns: readonly ScanPattern[], words: readonly string[]): Prefilter {
  const make = (): Prefilter => {
    if (words.length > MOST_WORDS_LOOKED_FOR) return () => true;
    const needs = [...patterns.map(({ node }) => findNeeds(node)), ...words.map(needsOfWord)];
    const known = needs.filter((each) => each !== undefined);
    return (known.length === needs.length && createPrefilter(joinNeeds(known))) || (() => true);
  };
  const needsDigit = words.length === 0 && patterns.every((pattern) => pattern.needsDigit);
  let prefilter: Prefilter | undefined;
  return (seen) => (!needsDigit || /[0-9]/.test(seen.text)) && (prefilter ??= make())(seen);
}

// With more of them, nearly every place of a text may be a part of some.
const MOST_WORDS_LOOKED_FOR = 64;

function markNodes(nodeCount: number, nodes: readonly number[]): Int32Array {
  const marks = new Int32Array(nodeCount).fill(-1);
  nodes.forEach((node, pattern) => (marks[node] = pattern));
  return marks;
}

const firstStates = new WeakMap<Scanner, DfaState>();

/** The state of the finder before the first code unit. */
export function beginText(scanner: Scanner): DfaState {
  const known = firstStates.get(scanner);
  if (known) return known;
  const first = scanner.finder.begin(listEverywhere(scanner), scanner.alphabet.edgeKind);
  firstStates.set(scanner, first);
  return first;
}

function listEverywhere(scanner: Scanner): number[] {
  // The entrance of the words is the last node of the graph.
  return scanner.trie ? [...scanner.starts, scanner.graphNodeCount - 1] : [...scanner.starts];
}
