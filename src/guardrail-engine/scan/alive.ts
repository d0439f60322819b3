import type { DfaState } from '../regex/dfa.ts';
import { walkBack, type Window } from './matches.ts';
import type { Scanner } from './scanner.ts';

/** How far the words go back that a state is in the middle of, and the state in which to trace the patterns back. */
type Alive = { wordUnits: number; tracerStart: DfaState };
const aliveByScanner = new WeakMap<Scanner, WeakMap<DfaState, Alive>>();

/**
 * The earliest position from which the text up to the window's end could be the beginning of a match, or one that
 * could still grow, or one that waits for the next code unit; the window's end where there is none.
 */
export function findEarliestAlive(scanner: Scanner, state: DfaState, window: Window): number {
  const end = window.text.length;
  const { wordUnits, tracerStart } = describeAlive(scanner, state);
  let earliest = end - wordUnits;
  if (tracerStart.nodes.length > 0) {
    const walk = { state: tracerStart, text: window.text, from: end, to: window.finalTo - window.base };
    walkBack(scanner.tracer, walk, (at) => {
      earliest = Math.min(earliest, at);
    });
  }
  return earliest + window.base;
}

function describeAlive(scanner: Scanner, state: DfaState): Alive {
  const byState = aliveByScanner.get(scanner) ?? new WeakMap<DfaState, Alive>();
  aliveByScanner.set(scanner, byState);
  const known = byState.get(state);
  if (known) return known;
  const { trie, graphNodeCount, alphabet, tracer } = scanner;
  const nodes = [...state.nodes];
  const inWords = nodes.filter((node) => node >= graphNodeCount);
  const depths = inWords.map((node) => (trie ? (trie.depths[node - trie.firstNode] ?? 0) : 0));
  // The entrance of the words is in the graph, but in no pattern: the tracer does not know it.
  const patternNodes = nodes.filter((node) => node < graphNodeCount - (trie ? 1 : 0));
  const alive = {
    wordUnits: Math.max(0, ...depths),
    tracerStart: tracer.begin(patternNodes, alphabet.unknownKind),
  };
  byState.set(state, alive);
  return alive;
}
