import type { ChargeRule, HeldRule, SlidingRule, TotalRule } from '../../../ports/ledger.ts';
import { leftOfBucket, readBucketLevel, reserveBucket, restoreBucket, storeBucket } from './bucket.ts';
import { correctHeld, reserveHeld, restoreHeld, storeHeld } from './held.ts';
import { ofKind, type Correction, type Decision, type ScopeState, type StoredState } from './scope-state.ts';
import {
  correctSliding,
  readSliding,
  reserveSliding,
  restoreSliding,
  slotOfSliding,
  storeSliding,
} from './sliding.ts';
import { correctTotal, reserveTotal, restoreTotal, storeTotal } from './total.ts';

/** What is counted where, as the store knows it. */
export interface Limit {
  readonly kind: ChargeRule['kind'];
  readonly scope: string;
  readonly window: string;
}

/** A rule whose charges give back when a reservation ends. A bucket's do not: it counts arrivals. */
export type TakenRule = TotalRule | SlidingRule | HeldRule;

/** A limit as a reservation remembers it: its scope may be counted anew meanwhile. */
export interface TakenLimit {
  readonly scope: string;
  /** Where the store counts it. */
  readonly key: string;
  readonly rule: TakenRule;
}

/** Whether a charge fits what is counted, and what is counted then. Pure, so that every engine decides alike. */
export function decideCharge(
  state: ScopeState | undefined,
  rule: ChargeRule,
  amount: number,
  nowMs: number,
): Decision {
  switch (rule.kind) {
    case 'total':
      return reserveTotal(ofKind(state, 'total'), rule, amount, nowMs);
    case 'sliding':
      return reserveSliding(ofKind(state, 'sliding'), rule, amount, nowMs);
    case 'bucket':
      return reserveBucket(ofKind(state, 'bucket'), rule, amount, nowMs);
    case 'held':
      return reserveHeld(ofKind(state, 'held'), rule, amount);
  }
}

/** What the reservation that made this state left of the limit. */
export function leftOf(state: ScopeState): number {
  switch (state.kind) {
    case 'total':
      return state.rule.limit - state.settled - state.reserved;
    case 'sliding': {
      const { settled, reserved } = readSliding(state, state.seenMs);
      return state.rule.limit - settled - reserved;
    }
    case 'bucket':
      return leftOfBucket(state);
    case 'held':
      return state.rule.limit - state.reserved;
  }
}

/** Where a sliding window counted the reservation that made this state; otherwise 0. */
export function slotOf(state: ScopeState | undefined): number {
  return state?.kind === 'sliding' ? slotOfSliding(state) : 0;
}

/** What is counted once a reservation has ended. Undefined where that is nothing, and the state may go. */
export function correctCharge(
  state: ScopeState | undefined,
  rule: TakenRule,
  correction: Correction,
): ScopeState | undefined {
  switch (rule.kind) {
    case 'total':
      return correctTotal(ofKind(state, 'total'), rule, correction);
    case 'sliding':
      return correctSliding(ofKind(state, 'sliding'), rule, correction);
    case 'held':
      return correctHeld(ofKind(state, 'held'), correction);
  }
}

/** What stands for the reader: settled and reserved at a time. */
export function readState(state: ScopeState, nowMs: number): { settled: number; reserved: number } {
  switch (state.kind) {
    case 'total':
      return { settled: state.settled, reserved: state.reserved };
    case 'sliding':
      return readSliding(state, nowMs);
    case 'bucket':
      return { settled: readBucketLevel(state, nowMs), reserved: 0 };
    case 'held':
      return { settled: 0, reserved: state.reserved };
  }
}

/** As the last reservation knew it; of a bucket, its burst. */
export function limitOf({ rule }: ScopeState): number {
  return rule.kind === 'bucket' ? rule.burst : rule.limit;
}

export function storeState(state: ScopeState): StoredState {
  switch (state.kind) {
    case 'total':
      return storeTotal(state);
    case 'sliding':
      return storeSliding(state);
    case 'bucket':
      return storeBucket(state);
    case 'held':
      return storeHeld(state);
  }
}

export function restoreState(stored: StoredState, { kind, window }: Limit): ScopeState {
  switch (kind) {
    case 'total':
      return restoreTotal(stored, window);
    case 'sliding':
      return restoreSliding(stored, window);
    case 'bucket':
      return restoreBucket(stored);
    case 'held':
      return restoreHeld(stored);
  }
}
