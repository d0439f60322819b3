import { decodeRun, LEAST_RUN_UNITS } from '../text/decoders.ts';
import { hasSpaced, isInRun, type SeenText } from '../text/traits.ts';

/** What was found in a text; offsets are UTF-16 code units. */
export type Found = { rule: number; start: number; end: number };

// A longer run is read in blocks that overlap; both are whole groups of base64, base32 and hex.
const BLOCK_UNITS = 4096;
const BLOCK_STEP = 3584;
const LEAST_SPACED = 4;
// Letters that stand apart without an end are read in blocks, too: a stream would else hold all of them back.
const SPACED_UNITS = 512;
const SPACED_STEP = 256;
const MOST_GAP = 3;

const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) => (isInRun(code) ? 1 : 0));
const LETTER = 1;
const GAP = 2;
const ALONE = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return /[A-Za-z0-9]/.test(char) ? LETTER : / |[._*|~-]/.test(char) ? GAP : 0;
});

/** Looks through what stands for another text: encoded runs, and letters that stand apart (`1 2 3`). */
export class RunStream {
  /** Everything found that begins before this has been given. */
  finalTo = 0;
  readonly #scanReading: (text: string) => Found[];
  #text = '';
  #base = 0;
  #readTo = 0;
  #runFrom = 0;
  // Letters that stand apart: where the first and the last one stand, and how many there are.
  #spacedFrom = -1;
  #lastAlone = -1;
  #aloneCount = 0;
  #wasLetter = false;

  constructor(scanReading: (text: string) => Found[]) {
    this.#scanReading = scanReading;
  }

  /** Whether a text may have anything that stands for another one; a no is certain. */
  static mayFind(seen: SeenText): boolean {
    return seen.hasLongRun || hasSpaced(seen.text);
  }

  read(chunk: string, { isLast }: { isLast: boolean }): Found[] {
    this.#text = this.#text.slice(this.finalTo - this.#base) + chunk;
    this.#base = this.finalTo;
    const found: Found[] = [];
    for (let i = 0; i < chunk.length; i++) {
      const unit = chunk.charCodeAt(i);
      const at = this.#readTo + i;
      if (unit >= 128 || IN_RUN[unit] === 0) {
        if (at - this.#runFrom >= LEAST_RUN_UNITS) this.#decode(found, this.#runFrom, at);
        this.#runFrom = at + 1;
      } else if (at + 1 - this.#runFrom === BLOCK_UNITS) {
        this.#decode(found, this.#runFrom, at + 1);
        this.#runFrom += BLOCK_STEP;
      }
      this.#readAlone(found, at, unit < 128 ? (ALONE[unit] ?? 0) : 0);
    }
    this.#readTo += chunk.length;
    if (isLast) {
      if (this.#readTo - this.#runFrom >= LEAST_RUN_UNITS) this.#decode(found, this.#runFrom, this.#readTo);
      this.#endSpaced(found, this.#readTo);
      this.#runFrom = this.#readTo;
    }
    this.finalTo = this.#spacedFrom < 0 ? this.#runFrom : Math.min(this.#runFrom, this.#spacedFrom);
    return found;
  }

  #decode(found: Found[], start: number, end: number): void {
    const run = this.#slice(start, end);
    for (const { text } of decodeRun(run)) {
      for (const { rule } of this.#scanReading(text)) found.push({ rule, start, end });
    }
  }

  #readAlone(found: Found[], at: number, kind: number): void {
    if (kind === LETTER) {
      if (!this.#wasLetter) {
        if (this.#spacedFrom < 0) this.#spacedFrom = at;
        if (at - this.#spacedFrom >= SPACED_UNITS) {
          this.#joinSpaced(found, this.#spacedFrom, at);
          this.#spacedFrom += SPACED_STEP;
        }
        this.#lastAlone = at;
        this.#aloneCount++;
      } else if (this.#lastAlone === at - 1) {
        // The second letter of a word: what stood apart ended before it.
        this.#endSpaced(found, at - 1);
      }
    } else if (this.#spacedFrom >= 0 && (kind !== GAP || at - this.#lastAlone > MOST_GAP)) {
      this.#endSpaced(found, at);
    }
    this.#wasLetter = kind === LETTER;
  }

  // Ends the letters that stand apart; those from `before` on are none of them.
  #endSpaced(found: Found[], before: number): void {
    const count = this.#lastAlone >= before ? this.#aloneCount - 1 : this.#aloneCount;
    if (this.#spacedFrom >= 0 && count >= LEAST_SPACED) this.#joinSpaced(found, this.#spacedFrom, before);
    this.#spacedFrom = -1;
    this.#lastAlone = -1;
    this.#aloneCount = 0;
  }

  #joinSpaced(found: Found[], from: number, to: number): void {
    const written = this.#slice(from, to);
    const places: number[] = [];
    let joined = '';
    for (const gap of written.matchAll(/[A-Za-z0-9]|[^A-Za-z0-9]{2,}(?=.)/g)) {
      joined += gap[0].length > 1 ? ' ' : gap[0];
      places.push(from + gap.index);
    }
    for (const { rule, start, end } of this.#scanReading(joined)) {
      found.push({ rule, start: places[start] ?? from, end: (places[end - 1] ?? to - 1) + 1 });
    }
  }

  #slice(from: number, to: number): string {
    return this.#text.slice(from - this.#base, to - this.#base);
  }
}
