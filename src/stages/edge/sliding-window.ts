/** So many runs at most hold a window's requests: what is closer together than a part of it counts as one moment. */
const MAX_RUNS = 8192;

/**
 * The requests of one visitor that still count: never more than the limit in any stretch of `windowMs`. Kept to the
 * millisecond as long as there are few; where thousands are allowed, capacity comes back up to a 8192nd of the window
 * late, and never early.
 */
export class SlidingWindow {
  /** Ends of runs, in milliseconds, and how many requests each has. The first `#head` of them are over. */
  #ends: number[] = [];
  #counts: number[] = [];
  #head = 0;
  #total = 0;

  /** Counts a request, or says after how many milliseconds there is room for it. */
  take(nowMs: number, rule: { readonly requests: number; readonly windowMs: number }): number | undefined {
    const { requests, windowMs } = rule;
    this.#forget(nowMs - windowMs);
    if (this.#total >= requests) return (this.#ends[this.#head] ?? nowMs) + windowMs - nowMs;
    const grainMs = requests <= MAX_RUNS ? 1 : Math.ceil(windowMs / MAX_RUNS);
    const endMs = Math.floor(nowMs / grainMs) * grainMs + grainMs - 1;
    const last = this.#ends.length - 1;
    // A run may end in the future, and another grain after a reload must not put an earlier end behind it.
    if (last >= this.#head && (this.#ends[last] ?? 0) >= endMs)
      this.#counts[last] = (this.#counts[last] ?? 0) + 1;
    else {
      this.#ends.push(endMs);
      this.#counts.push(1);
    }
    this.#total++;
    return undefined;
  }

  /** Whether nothing counts any more. */
  isIdle(nowMs: number, windowMs: number): boolean {
    return (this.#ends.at(-1) ?? Number.NEGATIVE_INFINITY) <= nowMs - windowMs;
  }

  #forget(untilMs: number): void {
    while (this.#head < this.#ends.length && (this.#ends[this.#head] ?? 0) <= untilMs) {
      this.#total -= this.#counts[this.#head] ?? 0;
      this.#head++;
    }
    // Moving what is left costs no more than what was forgotten.
    if (this.#head * 2 < this.#ends.length) return;
    this.#ends = this.#ends.slice(this.#head);
    this.#counts = this.#counts.slice(this.#head);
    this.#head = 0;
  }
}
