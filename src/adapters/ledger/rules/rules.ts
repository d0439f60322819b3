import type { Charge } from '../../../ports/ledger.ts';
import { readBucketLevel, reserveBucket } from './bucket.ts';
import { correctHeld, reserveHeld } from './held.ts';
import type { Correction, Decision, ScopeState } from './scope-state.ts';
import { correctSliding, readSliding, reserveSliding } from './sliding.ts';
import { correctTotal, reserveTotal } from './total.ts';

/** What is counted where, as the store knows it. */
export interface Limit {
  readonly kind: Charge['rule']['kind'];
  readonly scope: string;
  readonly window: string;
}

/** The same, as a reservation remembers it: its scope may be counted anew meanwhile. */
export interface TakenLimit extends Limit {
  /** Where the store counts it. */
  readonly key: string;
  readonly limit: number;
  readonly endsAtMs: number | undefined;
}

/** Whether a charge fits what is counted, and what is counted then. Pure, so that every engine decides alike. */
export function decideCharge(
  state: ScopeState | undefined,
  charge: Pick<Charge, 'rule' | 'amount'>,
  nowMs: number,
): Decision {
  const { rule, amount } = charge;
  switch (rule.kind) {
    case 'total':
      return reserveTotal(state, { rule, amount }, nowMs);
    case 'sliding':
      return reserveSliding(state, { rule, amount }, nowMs);
    case 'bucket':
      return reserveBucket(state, { rule, amount }, nowMs);
    case 'held':
      return reserveHeld(state, { rule, amount });
  }
}

/** What is counted once a reservation has ended. Undefined where that is nothing, and the state may go. */
export function correctCharge(
  state: ScopeState | undefined,
  taken: TakenLimit,
  correction: Correction,
): ScopeState | undefined {
  switch (taken.kind) {
    case 'total':
      return correctTotal(state, { ...correction, limit: taken.limit, endsAtMs: taken.endsAtMs });
    case 'sliding':
      return correctSliding(state, { ...correction, windowMs: Number(taken.window), limit: taken.limit });
    case 'held':
      return correctHeld(state, correction);
    case 'bucket':
      // A bucket counts arrivals: they are not undone.
      return state;
  }
}

/** What stands for the reader: settled and reserved at a time. */
export function readState(
  state: ScopeState,
  limit: Limit,
  nowMs: number,
): { settled: number; reserved: number } {
  if (limit.kind === 'sliding') return readSliding(state, { windowMs: Number(limit.window), nowMs });
  if (limit.kind === 'bucket') return { settled: readBucketLevel(state, nowMs), reserved: 0 };
  return { settled: state.settled, reserved: state.reserved };
}
