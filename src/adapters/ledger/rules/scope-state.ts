/** What is counted in one scope under one rule. Which fields mean something depends on the rule. */
export interface ScopeState {
  /** As the last reservation knew it; of a bucket, its burst. */
  readonly limit: number;
  /** Of a bucket, its level at `seenMs` in millionths, which flows off. Of a sliding window, nothing. */
  readonly settled: number;
  readonly reserved: number;
  /** The latest time that a rate was reckoned at. Never goes back, whatever the clock does. */
  readonly seenMs: number;
  /** Of a bucket, what flows off in a second, as the last reservation knew it; otherwise 0. */
  readonly perSecond: number;
  /** From when on the state says nothing that an absent one would not; undefined where that is never so. */
  readonly idleAtMs: number | undefined;
  /** Of a sliding window: slot, settled, reserved; slot, settled, reserved; … in the order of the slots. */
  readonly slots: readonly number[];
}

/** Whether a charge fits, and what is then counted. */
export type Decision =
  | {
      readonly fits: true;
      readonly next: ScopeState;
      readonly remaining: number;
      /** Where a sliding window counted it; otherwise 0. */
      readonly slot: number;
    }
  | { readonly fits: false; readonly remaining: number; readonly retryAfterMs: number | undefined };

/** What a reservation took of a scope, and what is made of it. */
export interface Correction {
  readonly taken: number;
  readonly slot: number;
  /** Where the taken amount stands now: an expired reservation was settled in full. */
  readonly from: 'reserved' | 'settled';
  readonly actual: number;
  readonly nowMs: number;
}

export const NO_SLOTS: readonly number[] = [];

/** Counts stay exact: what cannot be told from more is held at the last number that can. */
export function addExactly(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}
