import { countUnfinished, foldMapped } from '../text/fold-mapped.ts';

/**
 * A text as it is folded while it arrives, with the way back: offsets of the folded text are those of the caller's up
 * to where folding began.
 */
export class FoldLane {
  readonly #from: number;
  #held = '';
  #readTo: number;
  // By code unit of the folded text from #base on: where it stands in the caller's.
  #base: number;
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(from: number) {
    this.#from = from;
    this.#readTo = from;
    this.#base = from;
  }

  /** Folds what has arrived, but for what may be the beginning of an escape or half a character. */
  fold(chunk: string, { isLast }: { isLast: boolean }): string {
    const text = this.#held + chunk;
    const ready = isLast ? text : text.slice(0, text.length - countUnfinished(text));
    const mapped = foldMapped(ready, this.#readTo);
    // One by one: spreading a megabyte into a call overflows the stack.
    for (const start of mapped.starts) this.#starts.push(start);
    for (const end of mapped.ends) this.#ends.push(end);
    this.#readTo += ready.length;
    this.#held = text.slice(ready.length);
    return mapped.text;
  }

  /** Where in the caller's text a code unit of the folded one begins. */
  startOf(at: number): number {
    return at < this.#from ? at : (this.#starts[at - this.#base] ?? this.#readTo);
  }

  /** Where in the caller's text what stands before an offset of the folded one has ended. */
  endOf(at: number): number {
    if (at <= this.#from) return at;
    return this.#ends[at - 1 - this.#base] ?? this.#readTo;
  }

  /** Forgets the way back from what stands before an offset. */
  forget(before: number): void {
    const count = Math.min(this.#starts.length, before - 1 - this.#base);
    if (count < FORGET_FROM) return;
    this.#starts = this.#starts.slice(count);
    this.#ends = this.#ends.slice(count);
    this.#base += count;
  }
}

const FORGET_FROM = 256;
