import type { LinePlace } from './attempts.ts';

/** Lines that should stand before `place`. */
export interface MissingRange {
  readonly from: number;
  readonly to: number;
  readonly place: LinePlace;
}

/** Sequence numbers that were skipped, until they turn up later or are known to be gone. */
export class Missing {
  #ranges: MissingRange[] = [];

  get ranges(): readonly MissingRange[] {
    return this.#ranges;
  }

  add(range: MissingRange): void {
    this.#ranges.push(range);
  }

  /** Takes one number out; says whether it was missing. */
  take(seq: number): boolean {
    const hit = this.#ranges.find(({ from, to }) => from <= seq && seq <= to);
    if (hit === undefined) return false;
    const parts = [
      { ...hit, to: seq - 1 },
      { ...hit, from: seq + 1 },
    ];
    this.#ranges = [
      ...this.#ranges.filter((range) => range !== hit),
      ...parts.filter(({ from, to }) => from <= to),
    ];
    return true;
  }
}
