import type { DfaState } from '../regex/dfa.ts';
import { acceptAtBeginning, kindBehind, walkBack, type Window } from './matches.ts';
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
    const least = window.finalTo - window.base;
    // What began at `least` may wait for the code unit before it.
    const walk = { state: tracerStart, text: window.text, from: end, to: Math.max(0, least - 1) };
    const visit = (at: number, patterns: readonly number[]) => {
      if (at < least || at >= earliest) return;
      // What is longer than a pattern's matches may be is decided: all its ends have been read.
      const canGrow = patterns.some(
        (pattern) => end - at <= (scanner.patterns[pattern]?.maxUnits ?? Infinity),
      );
      if (canGrow) earliest = at;
    };
    const last = walkBack(scanner.tracer, walk, visit);
    if (least === 0) visit(0, acceptAtBeginning(scanner.tracer, last));
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

/**
 * The state of everything of unbounded length that began at `finalTo`, so that a long partial match need not be
 * traced back each time.
 */
export function followFrom(scanner: Scanner, window: Window): DfaState {
  const { follower, patterns } = scanner;
  const starts = scanner.starts.filter((_, pattern) => patterns[pattern]?.maxUnits === undefined);
  const from = window.finalTo - window.base;
  const begin = follower.begin(starts, kindBehind(scanner, window, from));
  return followOn(scanner, begin, window.text.slice(from));
}

/** The state after some more text. */
export function followOn({ follower }: Scanner, state: DfaState, text: string): DfaState {
  follower.row = follower.enter(state);
  let last = state;
  for (let at = 0; at < text.length && !follower.isDead(last);) {
    at = follower.runForward(text, at, text.length);
    last = follower.stateAt(follower.row);
  }
  return last;
}
