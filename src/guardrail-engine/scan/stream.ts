import type { DfaState } from '../regex/dfa.ts';
import { findEarliestAlive, followFrom, followOn } from './alive.ts';
import { findPatternMatches, type EndRun, type Window } from './matches.ts';
import { beginText, LOOK_BACK_UNITS, type ScanMatch, type Scanner } from './scanner.ts';

// Left of what is not final yet, this much stays readable: assertions and candidates look back a little.
const CONTEXT_UNITS = LOOK_BACK_UNITS + 16;
// From this length on, a partial match is followed instead of traced back at each chunk: tracing a text that is held
// back whole, at each of its chunks, would take quadratic time.
const FOLLOW_FROM_UNITS = 64;
const CLOSE_UNITS = 64;
const NONE: ScanMatch[] = [];

/**
 * Looks through a text that arrives in chunks. Each pattern's matches are leftmost, then longest, without overlaps
 * among themselves; words and different patterns may overlap. The matches are those of the whole text, however it
 * was cut.
 */
export class ScanStream {
  /** How much has been fed. */
  fedTo = 0;
  /** Every match that begins before this has been given; none that is alive begins before it. */
  finalTo = 0;
  readonly #scanner: Scanner;
  #state: DfaState;
  #text = '';
  #base = 0;
  // By pattern: where its matches may end, and where the next one may begin.
  readonly #runs: EndRun[][] = [];
  readonly #nextStarts: number[] = [];
  #followed: DfaState | undefined;
  #wordMatches: ScanMatch[] = [];
  #hasEnded = false;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
    this.#state = beginText(scanner);
  }

  /** Feeds a chunk and gives the matches that became final, in order. */
  push(chunk: string): ScanMatch[] {
    this.#read(chunk);
    if (this.#followed) {
      this.#followed = followOn(this.#scanner, this.#followed, chunk);
      if (!this.#scanner.follower.isDead(this.#followed)) return NONE;
    }
    const matches = this.#settle(findEarliestAlive(this.#scanner, this.#state, this.#window()));
    const isLong = this.fedTo - this.finalTo > FOLLOW_FROM_UNITS;
    const followed = isLong ? followFrom(this.#scanner, this.#window()) : undefined;
    this.#followed = followed && !this.#scanner.follower.isDead(followed) ? followed : undefined;
    return matches;
  }

  /** Ends the text and gives the remaining matches. */
  end(): ScanMatch[] {
    return this.pushLast('');
  }

  /** Feeds the last chunk, for which nothing has to be held back. */
  pushLast(chunk: string): ScanMatch[] {
    this.#read(chunk);
    this.#note(this.#scanner.finder.acceptAtEdge(this.#state), this.fedTo);
    this.#hasEnded = true;
    return this.#settle(this.fedTo);
  }

  /** A stream that has read the same text and can go on with another one. */
  fork(): ScanStream {
    const fork = new ScanStream(this.#scanner);
    fork.fedTo = this.fedTo;
    fork.finalTo = this.finalTo;
    fork.#state = this.#state;
    fork.#text = this.#text;
    fork.#base = this.#base;
    // Sparse, and with objects that a stream changes.
    this.#runs.forEach((runs, pattern) => (fork.#runs[pattern] = runs.map((run) => ({ ...run }))));
    this.#nextStarts.forEach((start, pattern) => (fork.#nextStarts[pattern] = start));
    fork.#followed = this.#followed;
    fork.#wordMatches = [...this.#wordMatches];
    return fork;
  }

  /** How much of a match that was just given is only what it was known by. */
  countPrefixOf({ pattern, start, end }: ScanMatch): number {
    return this.#scanner.patterns[pattern]?.countPrefix?.(this.slice(start, end)) ?? 0;
  }

  /** Text that was fed, from a little before `finalTo` of the push before; offsets are those of the whole text. */
  slice(from: number, to: number): string {
    return this.#text.slice(from - this.#base, to - this.#base);
  }

  #window(): Window {
    return { text: this.#text, base: this.#base, finalTo: this.finalTo, hasEnded: this.#hasEnded };
  }

  #read(chunk: string): void {
    const { finder } = this.#scanner;
    const keepFrom = this.finalTo - CONTEXT_UNITS;
    if (keepFrom > this.#base) {
      this.#text = this.#text.slice(keepFrom - this.#base);
      this.#base = keepFrom;
    }
    finder.row = finder.enter(this.#state);
    for (let at = 0; at < chunk.length;) {
      at = finder.runForward(chunk, at, chunk.length);
      const state = finder.stateAt(finder.row);
      this.#note(state.late, this.fedTo + at - 1);
      this.#note(state.now, this.fedTo + at);
    }
    this.#state = finder.stateAt(finder.row);
    this.#text += chunk;
    this.fedTo += chunk.length;
  }

  #note(patterns: readonly number[], end: number): void {
    const { trie, graphNodeCount, patterns: all } = this.#scanner;
    for (const pattern of patterns) {
      if (pattern < graphNodeCount || !trie) {
        this.#noteEnd(pattern, end);
        continue;
      }
      const start = end - (trie.depths[pattern - trie.firstNode] ?? 0);
      for (const word of trie.words[pattern - trie.firstNode] ?? []) {
        this.#wordMatches.push({ pattern: all.length + word, start, end });
      }
    }
  }

  #noteEnd(pattern: number, end: number): void {
    const runs = (this.#runs[pattern] ??= []);
    const last = runs.at(-1);
    if (last && end - last.last <= CLOSE_UNITS) last.last = end;
    else runs.push({ first: end, last: end });
  }

  // Gives the matches that begin before `aliveFrom`: all that they could still grow to has been read.
  #settle(aliveFrom: number): ScanMatch[] {
    let matches = NONE;
    // Sparse: only patterns that have matched somewhere are visited.
    this.#runs.forEach((runs, pattern) => {
      const from = Math.max(this.finalTo, this.#nextStarts[pattern] ?? 0);
      if ((runs.at(-1)?.last ?? 0) <= from || from >= aliveFrom) return;
      const found = findPatternMatches(this.#scanner, {
        pattern,
        from,
        to: aliveFrom,
        runs,
        window: this.#window(),
      });
      this.#nextStarts[pattern] = found.at(-1)?.end ?? from;
      this.#runs[pattern] = runs.filter(({ last }) => last > aliveFrom);
      matches = matches.concat(found);
    });
    if (this.#wordMatches.length > 0) {
      matches = matches.concat(this.#wordMatches.filter(({ start }) => start < aliveFrom));
      this.#wordMatches = this.#wordMatches.filter(({ start }) => start >= aliveFrom);
    }
    this.finalTo = aliveFrom;
    return matches.length > 1 ? matches.sort(compareMatches) : matches;
  }
}

/** Leftmost, then longest, then in the order of the patterns. */
export function compareMatches(a: ScanMatch, b: ScanMatch): number {
  return a.start - b.start || b.end - a.end || a.pattern - b.pattern;
}

/** All matches of a whole text. */
export function scanText(scanner: Scanner, text: string): ScanMatch[] {
  return new ScanStream(scanner).pushLast(text);
}
