import type { Found } from './run-stream.ts';

/**
 * Puts what several readings of a text gave into order, and what one rule found twice together: findings of one rule
 * that overlap are one finding. What could still grow is kept back, so that the result does not depend on how the
 * text was cut.
 */
export class FoundMerger {
  #pending: Found[] = [];

  /** Takes findings; `finalTo` says before which offset none is missing any more. Gives those that are whole. */
  add(found: readonly Found[], finalTo: number): Found[] {
    if (found.length > 0) this.#pending = mergeSorted([...this.#pending, ...found].sort(compareFound));
    if (this.#pending.length === 0) return NONE;
    const isOpen = this.#pending.findIndex(({ end }) => end > finalTo);
    if (isOpen === 0) return NONE;
    const whole = isOpen < 0 ? this.#pending : this.#pending.slice(0, isOpen);
    this.#pending = isOpen < 0 ? [] : this.#pending.slice(isOpen);
    return whole;
  }

  /** Before which offset nothing is held. */
  get heldFrom(): number {
    return this.#pending[0]?.start ?? Infinity;
  }
}

const NONE: Found[] = [];

/** Leftmost, then longest, then in the order of the rules. */
export function compareFound(a: Found, b: Found): number {
  return a.start - b.start || b.end - a.end || a.rule - b.rule;
}

function mergeSorted(sorted: readonly Found[]): Found[] {
  const merged: Found[] = [];
  const lastOf = new Map<number, Found>();
  for (const found of sorted) {
    const last = lastOf.get(found.rule);
    if (last && found.start < last.end) {
      last.end = Math.max(last.end, found.end);
      continue;
    }
    const own = { ...found };
    lastOf.set(found.rule, own);
    merged.push(own);
  }
  return merged.sort(compareFound);
}
