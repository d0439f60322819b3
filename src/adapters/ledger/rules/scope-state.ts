import type { BucketRule, ChargeRule, HeldRule, SlidingRule, TotalRule } from '../../../ports/ledger.ts';

/** What is counted in one scope under one rule, which is the rule as the last reservation knew it. Never changes. */
export type ScopeState = TotalState | SlidingState | BucketState | HeldState;

export interface TotalState {
  readonly kind: 'total';
  readonly rule: TotalRule;
  readonly settled: number;
  readonly reserved: number;
}

export interface SlidingState {
  readonly kind: 'sliding';
  readonly rule: SlidingRule;
  /** The latest time that it was reckoned at. Never goes back, whatever the clock does. */
  readonly seenMs: number;
  /** Undefined where no slot counts anything. */
  readonly newest: NewestSlot | undefined;
}

/** What was counted in one stretch of time of a sliding window. */
export interface Slot {
  readonly number: number;
  readonly settled: number;
  readonly reserved: number;
}

/** All slots of a window: most bookings change the newest alone, so that the others are shared and summed up once. */
export interface NewestSlot extends Slot {
  readonly older: OlderSlots;
}

export interface OlderSlots {
  /** In the order of their numbers. */
  readonly slots: readonly Slot[];
  /** Of all of them. */
  readonly settled: number;
  readonly reserved: number;
}

export interface BucketState {
  readonly kind: 'bucket';
  readonly rule: BucketRule;
  /** At `seenMs`, in millionths; it flows off. */
  readonly level: number;
  /** The latest time that it was reckoned at. Never goes back, whatever the clock does. */
  readonly seenMs: number;
}

export interface HeldState {
  readonly kind: 'held';
  readonly rule: HeldRule;
  readonly reserved: number;
}

/** Whether a charge fits: what is then counted, or why it does not. */
export type Decision = ScopeState | Misfit;

export interface Misfit {
  readonly kind: 'misfit';
  readonly remaining: number;
  readonly retryAfterMs: number | undefined;
}

/** What a reservation took of a scope, and what is made of it. */
export interface Correction {
  readonly taken: number;
  /** Where a sliding window counted it; otherwise 0. */
  readonly slot: number;
  /** Where the taken amount stands now: an expired reservation was settled in full. */
  readonly from: 'reserved' | 'settled';
  readonly actual: number;
  readonly nowMs: number;
}

/** A state as the tables have it. Which fields mean something depends on the rule; the others are 0. */
export interface StoredState {
  /** Of a bucket, its burst. */
  readonly limit: number;
  /** Of a bucket, its level. */
  readonly settled: number;
  readonly reserved: number;
  readonly seenMs: number;
  /** Of a bucket. */
  readonly perSecond: number;
  /** From when on the state says nothing that an absent one would not; undefined where that is never so. */
  readonly idleAtMs: number | undefined;
  /** Of a sliding window: number, settled, reserved; number, settled, reserved; … in the order of the slots. */
  readonly slots: readonly number[];
}

export const NO_SLOTS: readonly number[] = [];

/** A state of this kind. Throws where it is of another: its key says which kind it is. */
export function ofKind<Kind extends ChargeRule['kind']>(
  state: ScopeState | undefined,
  kind: Kind,
): Extract<ScopeState, { readonly kind: Kind }> | undefined {
  if (state !== undefined && state.kind !== kind)
    throw new Error(`the ledger holds what a ${state.kind} counts where it is a ${kind}`);
  return state as Extract<ScopeState, { readonly kind: Kind }> | undefined; // it was just compared
}

/** Counts stay exact: what cannot be told from more is held at the last number that can. */
export function addExactly(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}
