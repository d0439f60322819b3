import type { Alphabet } from './alphabet.ts';
import type { Nfa } from './nfa.ts';

/** Edges of one kind, grouped by the node they leave: node n has `targets[offsets[n] … offsets[n + 1])`. */
export type EdgeList = { offsets: Int32Array; targets: Int32Array; labels: Int32Array };

/** An automaton read in one direction; a label is a set's or an assertion's index. */
export type Graph = {
  nodeCount: number;
  empty: EdgeList;
  consume: EdgeList;
  assert: EdgeList;
  /** What the neighbour that was read last, and the one that comes next, must be. */
  lastMasks: Int32Array;
  nextMasks: Int32Array;
};

/** Reads the automaton in the order of the text. */
export function forwardGraph(nfa: Nfa, alphabet: Alphabet): Graph {
  const pairs = toTriples(nfa.empty);
  return {
    nodeCount: nfa.nodeCount,
    empty: listEdges(nfa.nodeCount, pairs, 0, 2),
    consume: listEdges(nfa.nodeCount, nfa.consume, 0, 2),
    assert: listEdges(nfa.nodeCount, nfa.assert, 0, 2),
    lastMasks: alphabet.behindMasks,
    nextMasks: alphabet.aheadMasks,
  };
}

/** Reads the automaton, and so the text, from its end. */
export function backwardGraph(nfa: Nfa, alphabet: Alphabet): Graph {
  const pairs = toTriples(nfa.empty);
  return {
    nodeCount: nfa.nodeCount,
    empty: listEdges(nfa.nodeCount, pairs, 2, 0),
    consume: listEdges(nfa.nodeCount, nfa.consume, 2, 0),
    assert: listEdges(nfa.nodeCount, nfa.assert, 2, 0),
    lastMasks: alphabet.aheadMasks,
    nextMasks: alphabet.behindMasks,
  };
}

function toTriples(pairs: readonly number[]): number[] {
  const triples: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) triples.push(pairs[i] ?? 0, 0, pairs[i + 1] ?? 0);
  return triples;
}

function listEdges(nodeCount: number, triples: readonly number[], from: number, to: number): EdgeList {
  const count = triples.length / 3;
  const offsets = new Int32Array(nodeCount + 1);
  for (let i = 0; i < count; i++) {
    const node = (triples[3 * i + from] ?? 0) + 1;
    offsets[node] = (offsets[node] ?? 0) + 1;
  }
  for (let n = 0; n < nodeCount; n++) offsets[n + 1] = (offsets[n + 1] ?? 0) + (offsets[n] ?? 0);
  const fill = offsets.slice();
  const targets = new Int32Array(count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const node = triples[3 * i + from] ?? 0;
    const slot = fill[node] ?? 0;
    fill[node] = slot + 1;
    targets[slot] = triples[3 * i + to] ?? 0;
    labels[slot] = triples[3 * i + 1] ?? 0;
  }
  return { offsets, targets, labels };
}
