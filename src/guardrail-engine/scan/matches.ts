import type { DfaState, LazyDfa } from '../regex/dfa.ts';
import type { ScanMatch, Scanner } from './scanner.ts';

/** The part of a text that is at hand: `base` is the offset of its first code unit in the whole text. */
export type Window = { text: string; base: number; finalTo: number; hasEnded: boolean };

/** The kind of the neighbour that stands ahead of a position of the window. */
export function kindAhead(scanner: Scanner, window: Window, at: number): number {
  const { alphabet } = scanner;
  if (at < window.text.length) return kindOf(scanner, window.text.charCodeAt(at));
  return window.hasEnded ? alphabet.edgeKind : alphabet.unknownKind;
}

/** The kind of the neighbour that stands before a position of the window. */
export function kindBehind(scanner: Scanner, window: Window, at: number): number {
  return at === 0 ? scanner.alphabet.edgeKind : kindOf(scanner, window.text.charCodeAt(at - 1));
}

function kindOf({ alphabet }: Scanner, unit: number): number {
  return alphabet.kindOfClass[alphabet.classOfUnit[unit] ?? 0] ?? 0;
}

/**
 * Reads text[to, from) backward and calls back, in falling order, for each position at which the automaton accepts;
 * it ends early where nothing is alive, and gives the state it ended in.
 */
export function walkBack(
  dfa: LazyDfa,
  walk: { state: DfaState; text: string; from: number; to: number },
  visit: (at: number, patterns: readonly number[]) => void,
): DfaState {
  let { state } = walk;
  dfa.row = dfa.enter(state);
  for (let at = walk.from; at > walk.to;) {
    at = dfa.runBackward(walk.text, at, walk.to);
    state = dfa.stateAt(dfa.row);
    // What is accepted late has waited for the code unit that was read last.
    if (state.late.length > 0) visit(at + 1, state.late);
    if (state.now.length > 0) visit(at, state.now);
    if (dfa.isDead(state)) break;
  }
  return state;
}

/** What an automaton that has read a text backward accepts before its first code unit. */
export function acceptAtBeginning(dfa: LazyDfa, state: DfaState): readonly number[] {
  // A dead state may have died before the beginning was reached.
  return dfa.isDead(state) ? [] : dfa.acceptAtEdge(state);
}

/** Ends of matches that stand close together: the first and the last of them. */
export type EndRun = { first: number; last: number };

/** A search for one pattern's matches that begin in [from, to) of the text and end where `runs` say. */
export type PatternSearch = {
  pattern: number;
  from: number;
  to: number;
  runs: readonly EndRun[];
  window: Window;
};

/** Finds a pattern's matches: leftmost, then the longest that is accepted, without overlaps. */
export function findPatternMatches(scanner: Scanner, search: PatternSearch): ScanMatch[] {
  const { pattern, window } = search;
  const { text, base } = window;
  const matches: ScanMatch[] = [];
  const hopeless: Hopeless = new Map();
  let next = search.from - base;
  const maxUnits = scanner.patterns[pattern]?.maxUnits ?? Infinity;
  for (const start of findStarts(scanner, search)) {
    if (start < next || start >= search.to - base) continue;
    if (!hasEndWithin(search.runs, start + base, maxUnits)) continue;
    const ends = findEnds(scanner, search, start, hopeless);
    const end = chooseEnd(scanner, { pattern, text, start, ends });
    if (end <= start) continue;
    matches.push({ pattern, start: start + base, end: end + base });
    next = end;
  }
  return matches;
}

// Spares trying each start of a long run whose end is too far away for any of them.
function hasEndWithin(runs: readonly EndRun[], start: number, maxUnits: number): boolean {
  return runs.some(({ first, last }) => last > start && first <= start + maxUnits);
}

// Where a match begins, in rising order. The text is read backward from the ends that were found, as far as
// something is alive: near them, each position is taken for an end, which does no harm where it is none.
function findStarts(scanner: Scanner, { pattern, from, runs, window }: PatternSearch): number[] {
  const { text, base } = window;
  const { tracer, ends } = scanner;
  const starter = scanner.starterOf(pattern);
  const least = from - base;
  // An acceptance at `from` may wait for the code unit before it.
  const low = Math.max(0, least - 1);
  const starts: number[] = [];
  const visit = (at: number) => {
    if (at >= least && starts.at(-1) !== at) starts.push(at);
  };
  let state: DfaState | undefined;
  for (let i = runs.length - 1; i >= 0; i--) {
    const { first, last } = runs[i] ?? { first: from, last: from };
    if (last <= from) break;
    const top = last - base;
    const bottom = Math.max(low, first - base);
    const end = ends[pattern] ?? 0;
    const kind = kindAhead(scanner, window, top);
    const near =
      state && state.nodes.length > 0
        ? starter.begin([...state.nodes, end], kind)
        : starter.beginAt(end, kind);
    state = tracer.adopt(walkBack(starter, { state: near, text, from: top, to: bottom }, visit));
    const floor = Math.max(low, (runs[i - 1]?.last ?? 0) - base);
    state = walkBack(tracer, { state, text, from: bottom, to: floor }, visit);
  }
  if (least === 0 && state && acceptAtBeginning(tracer, state).length > 0) visit(0);
  return starts.reverse();
}

function chooseEnd(
  scanner: Scanner,
  candidate: { pattern: number; text: string; start: number; ends: readonly number[] },
): number {
  const accept = scanner.patterns[candidate.pattern]?.accept;
  if (!accept) return candidate.ends.at(-1) ?? -1;
  for (let i = candidate.ends.length - 1; i >= 0; i--) {
    const end = accept(candidate.text, candidate.start, candidate.ends[i] ?? 0);
    if (end > candidate.start) return end;
  }
  return -1;
}

/** By position: states from which nothing further ends. */
type Hopeless = Map<number, Set<DfaState>>;
const CHECK_EVERY = 64;

/**
 * Where the matches from one start end, in rising order. A match can be short and its pattern alive long after
 * (`a|a.*b`); so that text full of such starts is not read again from each of them, every 64 code units the states
 * that came to nothing are remembered (after Reps, "Maximal-munch" tokenization in linear time, 1998).
 */
function findEnds(scanner: Scanner, search: PatternSearch, start: number, hopeless: Hopeless): number[] {
  const { follower, starts } = scanner;
  const { window, pattern } = search;
  const { text } = window;
  const maxUnits = scanner.patterns[pattern]?.maxUnits ?? Infinity;
  const limit = Math.min(
    (search.runs.at(-1)?.last ?? 0) - window.base + 1,
    text.length,
    start + maxUnits + 1,
  );
  const ends: number[] = [];
  const visited: { at: number; state: DfaState }[] = [];
  let state = follower.beginAt(starts[pattern] ?? 0, kindBehind(scanner, window, start));
  follower.row = follower.enter(state);
  for (let at = start; at < limit;) {
    const stop = Math.min(limit, at - (at % CHECK_EVERY) + CHECK_EVERY);
    at = follower.runForward(text, at, stop);
    state = follower.stateAt(follower.row);
    if (state.late.length > 0) addEnd(ends, at - 1);
    if (state.now.length > 0) addEnd(ends, at);
    if (follower.isDead(state)) break;
    if (at !== stop || at === limit) continue;
    if (hopeless.get(at)?.has(state)) break;
    visited.push({ at, state });
  }
  if (
    window.hasEnded &&
    limit === text.length &&
    state.nodes.length > 0 &&
    follower.acceptAtEdge(state).length > 0
  ) {
    addEnd(ends, limit);
  }
  // A run that was cut short because of its length says nothing about what would have followed.
  if (maxUnits === Infinity) noteHopeless(hopeless, visited, ends.at(-1) ?? 0);
  return ends.filter((end) => end <= start + maxUnits);
}

function addEnd(ends: number[], end: number): void {
  if (ends.at(-1) !== end) ends.push(end);
}

function noteHopeless(
  hopeless: Hopeless,
  visited: readonly { at: number; state: DfaState }[],
  lastEnd: number,
): void {
  for (const { at, state } of visited) {
    if (at < lastEnd) continue;
    const states = hopeless.get(at);
    if (states) states.add(state);
    else hopeless.set(at, new Set([state]));
  }
}
