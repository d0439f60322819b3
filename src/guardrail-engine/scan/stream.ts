import type { DfaState } from '../regex/dfa.ts';
import { findEarliestAlive } from './alive.ts';
import { findPatternMatches, type Window } from './matches.ts';
import { beginText, isClean, type ScanMatch, type Scanner } from './scanner.ts';

// Left of what is not final yet, this much stays readable: assertions and candidates look back a little.
const CONTEXT_UNITS = 16;

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
  readonly #lastEnds: Int32Array;
  readonly #nextStarts: Int32Array;
  #wordMatches: ScanMatch[] = [];
  #hasEnded = false;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
    this.#state = beginText(scanner);
    this.#lastEnds = new Int32Array(scanner.patterns.length);
    this.#nextStarts = new Int32Array(scanner.patterns.length);
  }

  /** Feeds a chunk and gives the matches that became final, in order. */
  push(chunk: string): ScanMatch[] {
    this.#read(chunk);
    return this.#settle(findEarliestAlive(this.#scanner, this.#state, this.#window()));
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
        this.#lastEnds[pattern] = end;
        continue;
      }
      const start = end - (trie.depths[pattern - trie.firstNode] ?? 0);
      for (const word of trie.words[pattern - trie.firstNode] ?? []) {
        this.#wordMatches.push({ pattern: all.length + word, start, end });
      }
    }
  }

  // Gives the matches that begin before `aliveFrom`: all that they could still grow to has been read.
  #settle(aliveFrom: number): ScanMatch[] {
    const matches: ScanMatch[] = [];
    const window = this.#window();
    this.#lastEnds.forEach((lastEnd, pattern) => {
      const from = Math.max(this.finalTo, this.#nextStarts[pattern] ?? 0);
      if (lastEnd <= from || from >= aliveFrom) return;
      const found = findPatternMatches(this.#scanner, { pattern, from, to: aliveFrom, lastEnd, window });
      matches.push(...found);
      this.#nextStarts[pattern] = found.at(-1)?.end ?? from;
    });
    if (this.#wordMatches.length > 0) {
      matches.push(...this.#wordMatches.filter(({ start }) => start < aliveFrom));
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
  return isClean(scanner, text) ? [] : new ScanStream(scanner).pushLast(text);
}
