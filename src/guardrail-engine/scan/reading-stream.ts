import { readLeet } from '../text/ciphers.ts';
import { findFoldable } from '../text/fold-mapped.ts';
import { hasLeet, SeenText } from '../text/traits.ts';
import { FoldLane } from './fold-lane.ts';
import type { ScanMatch, Scanner } from './scanner.ts';
import { ScanStream } from './stream.ts';

/**
 * What a text is scanned with. Each scanner has few patterns: an automaton for many at once has many more states than
 * all of theirs together, which texts then spend their time on making.
 */
export type ReadingScanners = {
  all: readonly Scanner[];
  /** The words once more, for text in leetspeak. */
  leetWords: readonly Scanner[];
};

/** A match of one of the scanners; those of the leet words are numbered behind the others. */
export type ReadingMatch = ScanMatch & { scanner: number };

const NONE: ReadingMatch[] = [];
const LEAST_LEET_UNITS = 4;

/**
 * Scans a text as it stands and as it may be meant: lookalikes, invisible characters and escapes folded, and, for
 * words, digits and signs taken for letters. Offsets are those of the caller's text. The folded reading begins where
 * there first is something to fold; before that, it would be the same.
 */
export class ReadingStream {
  /** Every match that begins before this has been given. */
  finalTo = 0;
  readonly #scanners: ReadingScanners;
  #streams: readonly ScanStream[] | undefined;
  #leetStreams: readonly ScanStream[] | undefined;
  #folded: { streams: readonly ScanStream[]; lane: FoldLane } | undefined;
  // The caller's text from `finalTo` of the push before.
  #text = '';
  #base = 0;
  #fedTo = 0;

  constructor(scanners: ReadingScanners) {
    this.#scanners = scanners;
  }

  // Made when they are first needed: most texts come in one piece, without any.
  get #leet(): readonly ScanStream[] {
    return (this.#leetStreams ??= this.#scanners.leetWords.map((scanner) => new ScanStream(scanner)));
  }

  /** Reads a chunk and gives the matches that became final, in no order. */
  read(chunk: string, { isLast }: { isLast: boolean }): ReadingMatch[] {
    if (this.#leet.length > 0) {
      this.#text = this.#text.slice(this.finalTo - this.#base) + chunk;
      this.#base = this.finalTo;
    }
    const originals = (this.#streams ??= this.#scanners.all.map((scanner) => new ScanStream(scanner)));
    const foldFrom = this.#folded ? 0 : findFoldable(chunk);
    const same = foldFrom < 0 ? chunk : chunk.slice(0, foldFrom);
    const isDone = isLast && foldFrom < 0;
    const matches = [...feedAll(originals, same, isDone), ...this.#readLeet(same, isDone)];
    if (foldFrom >= 0) {
      this.#folded ??= {
        streams: originals.map((stream) => stream.fork()),
        lane: new FoldLane(this.#fedTo + foldFrom),
      };
      const { streams, lane } = this.#folded;
      const rest = chunk.slice(foldFrom);
      const text = lane.fold(rest, { isLast });
      for (const match of feedAll(originals, rest, isLast)) matches.push(match);
      for (const match of feedAll(streams, text, isLast)) {
        matches.push({ ...match, start: lane.startOf(match.start), end: lane.endOf(match.end) });
      }
      for (const match of this.#readLeet(text, isLast)) matches.push(match);
    }
    this.#fedTo += chunk.length;
    this.#settle(originals);
    return matches;
  }

  #readLeet(text: string, isLast: boolean): ReadingMatch[] {
    if (this.#leet.length === 0) return NONE;
    const lane = this.#folded?.lane;
    const behind = this.#scanners.all.length;
    return feedLeet(this.#leet, { text, isLast, lane, behind, written: this.#text, base: this.#base });
  }

  #settle(originals: readonly ScanStream[]): void {
    const leetTo = earliest(this.#leet);
    this.finalTo = Math.min(this.#fedTo, earliest(originals));
    if (!this.#folded) {
      this.finalTo = Math.min(this.finalTo, leetTo);
      return;
    }
    const { lane, streams } = this.#folded;
    const foldedTo = Math.min(earliest(streams), leetTo);
    if (foldedTo !== Infinity) this.finalTo = Math.min(this.finalTo, lane.endOf(foldedTo));
    lane.forget(foldedTo);
  }
}

/** Reads a text that comes in one piece: it is spared the scanners that can find nothing in it. */
export function readWhole({ all, leetWords }: ReadingScanners, whole: SeenText): readonly ReadingMatch[] {
  const { text } = whole;
  const foldFrom = findFoldable(text);
  const lane = foldFrom < 0 ? undefined : new FoldLane(foldFrom);
  const folded = lane ? text.slice(0, foldFrom) + lane.fold(text.slice(foldFrom), { isLast: true }) : text;
  const seenFolded = lane ? new SeenText(folded) : whole;
  const matches: ReadingMatch[] = [];
  for (let scanner = 0; scanner < all.length; scanner++) {
    const one = all[scanner];
    if (one === undefined) continue;
    if (one.mayMatch(whole)) {
      for (const match of feed(new ScanStream(one), { text, isLast: true, scanner })) matches.push(match);
    }
    if (!lane || !one.mayMatch(seenFolded)) continue;
    for (const match of feed(new ScanStream(one), { text: folded, isLast: true, scanner })) {
      matches.push({ ...match, start: lane.startOf(match.start), end: lane.endOf(match.end) });
    }
  }
  if (leetWords.length === 0 || !hasLeet(folded)) return matches;
  const streams = leetWords.map((scanner) => new ScanStream(scanner));
  const leet = { text: folded, isLast: true, lane, behind: all.length, written: text, base: 0 };
  for (const match of feedLeet(streams, leet)) matches.push(match);
  return matches;
}

/** Feeds words in leetspeak. Offsets are those of the caller's text, which is `written` from `base` on. */
function feedLeet(
  streams: readonly ScanStream[],
  feeding: {
    readonly text: string;
    readonly isLast: boolean;
    readonly lane: FoldLane | undefined;
    readonly behind: number;
    readonly written: string;
    readonly base: number;
  },
): ReadingMatch[] {
  const { text, isLast, lane, behind, written, base } = feeding;
  return feedAll(streams, readLeet(text), isLast).flatMap(({ scanner, pattern, start: from, end: to }) => {
    const start = lane ? lane.startOf(from) : from;
    const end = lane ? lane.endOf(to) : to;
    const word = written.slice(start - base, end - base);
    // Words that are spelt as they are found have been found already, and numbers are numbers.
    const isLeet = to - from >= LEAST_LEET_UNITS && /\p{L}/u.test(word) && /[^\p{L}\s]/u.test(word);
    return isLeet ? [{ scanner: behind + scanner, pattern, start, end }] : [];
  });
}

function earliest(streams: readonly ScanStream[]): number {
  let least = Infinity;
  for (const { finalTo } of streams) if (finalTo < least) least = finalTo;
  return least;
}

function feedAll(streams: readonly ScanStream[], text: string, isLast: boolean): ReadingMatch[] {
  if (text === '' && !isLast) return NONE;
  const all: ReadingMatch[] = [];
  streams.forEach((stream, scanner) => {
    for (const match of feed(stream, { text, isLast, scanner })) all.push(match);
  });
  return all;
}

// Matches without what they were only known by.
function feed(
  stream: ScanStream,
  { text, isLast, scanner }: { text: string; isLast: boolean; scanner: number },
): ReadingMatch[] {
  const matches = isLast ? stream.pushLast(text) : stream.push(text);
  return matches.map((match) => ({
    scanner,
    pattern: match.pattern,
    start: match.start + stream.countPrefixOf(match),
    end: match.end,
  }));
}
