import { readLeet } from '../text/ciphers.ts';
import { findFoldable } from '../text/fold-mapped.ts';
import { FoldLane } from './fold-lane.ts';
import type { ScanMatch, Scanner } from './scanner.ts';
import { ScanStream } from './stream.ts';

/** What a text is scanned with: everything; and the words once more, for text in leetspeak. */
export type ReadingScanners = { all: Scanner; leetWords: Scanner | undefined };

const NONE: ScanMatch[] = [];
const LEAST_LEET_UNITS = 4;

/**
 * Scans a text as it stands and as it may be meant: lookalikes, invisible characters and escapes folded, and, for
 * words, digits and signs taken for letters. Offsets are those of the caller's text. The folded reading begins where
 * there first is something to fold; before that, it would be the same.
 */
export class ReadingStream {
  /** Every match that begins before this has been given. */
  finalTo = 0;
  readonly #original: ScanStream;
  readonly #leet: ScanStream | undefined;
  readonly #leetOffset: number;
  #folded: { stream: ScanStream; lane: FoldLane } | undefined;
  // The caller's text from `finalTo` of the push before.
  #text = '';
  #base = 0;

  constructor(scanners: ReadingScanners) {
    this.#original = new ScanStream(scanners.all);
    this.#leet = scanners.leetWords && new ScanStream(scanners.leetWords);
    this.#leetOffset = scanners.all.patterns.length;
  }

  /** Reads a chunk and gives the matches that became final, in no order. */
  read(chunk: string, { isLast }: { isLast: boolean }): ScanMatch[] {
    this.#text = this.#text.slice(this.finalTo - this.#base) + chunk;
    this.#base = this.finalTo;
    const foldFrom = this.#folded ? 0 : findFoldable(chunk);
    const same = foldFrom < 0 ? chunk : chunk.slice(0, foldFrom);
    const isDone = isLast && foldFrom < 0;
    const matches = [...feed(this.#original, same, isDone), ...this.#readLeet(same, isDone)];
    if (foldFrom >= 0) {
      this.#folded ??= { stream: this.#original.fork(), lane: new FoldLane(this.#original.fedTo) };
      const { stream, lane } = this.#folded;
      const rest = chunk.slice(foldFrom);
      matches.push(...feed(this.#original, rest, isLast));
      const text = lane.fold(rest, { isLast });
      for (const match of feed(stream, text, isLast)) {
        matches.push({ ...match, start: lane.startOf(match.start), end: lane.endOf(match.end) });
      }
      matches.push(...this.#readLeet(text, isLast));
    }
    this.#settle();
    return matches;
  }

  #readLeet(text: string, isLast: boolean): ScanMatch[] {
    if (!this.#leet) return NONE;
    const lane = this.#folded?.lane;
    return feed(this.#leet, readLeet(text), isLast).flatMap(({ pattern, start: from, end: to }) => {
      const start = lane ? lane.startOf(from) : from;
      const end = lane ? lane.endOf(to) : to;
      const written = this.#text.slice(start - this.#base, end - this.#base);
      // Words that are spelt as they are found have been found already, and numbers are numbers.
      const isLeet = to - from >= LEAST_LEET_UNITS && /\p{L}/u.test(written) && /[^\p{L}\s]/u.test(written);
      return isLeet ? [{ pattern: pattern + this.#leetOffset, start, end }] : [];
    });
  }

  #settle(): void {
    const { lane, stream } = this.#folded ?? {};
    const leetTo = this.#leet?.finalTo ?? Infinity;
    this.finalTo = this.#original.finalTo;
    if (!lane || !stream) {
      this.finalTo = Math.min(this.finalTo, leetTo);
      return;
    }
    this.finalTo = Math.min(this.finalTo, lane.endOf(stream.finalTo));
    if (this.#leet) this.finalTo = Math.min(this.finalTo, lane.endOf(leetTo));
    lane.forget(Math.min(stream.finalTo, leetTo));
  }
}

// Matches without what they were only known by.
function feed(stream: ScanStream, text: string, isLast: boolean): ScanMatch[] {
  const matches = isLast ? stream.pushLast(text) : text === '' ? NONE : stream.push(text);
  return matches.map((match) => {
    const count = stream.countPrefixOf(match);
    return count === 0 ? match : { ...match, start: match.start + count };
  });
}
