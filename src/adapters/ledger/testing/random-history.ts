import * as fc from 'fast-check';
import type { Charge, Usage } from '../../../ports/ledger.ts';
import { DAY_MS } from './reference-ledger.ts';

/** What one lane does in one turn of the event loop. Lanes share the store and the clock, and no scope. */
export type Step =
  | {
      readonly kind: 'reserve';
      /** Four bits: which of the four limits are charged. */
      readonly limits: number;
      readonly amount: number;
      /** The policy may change from one request to the next. */
      readonly limit: number;
      readonly lifetimeMs: number;
    }
  | { readonly kind: 'settle'; readonly which: number; readonly amount: number }
  | { readonly kind: 'release'; readonly which: number };

/** What happens to all lanes before a round: time passes or jumps, leftovers expire, a process dies. */
export interface Round {
  readonly advanceMs: number;
  readonly event: 'none' | 'expire' | 'crash';
  /** For each lane, what it does at once. */
  readonly lanes: readonly (readonly Step[])[];
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      limits: fc.integer({ min: 0, max: 15 }),
      amount: fc.integer({ min: 0, max: 60 }),
      limit: fc.constantFrom(100, 100, 100, 40, 150),
      lifetimeMs: fc.constantFrom(500, 5000, 60_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(5),
      amount: fc.integer({ min: 0, max: 70 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(5) }) },
);

const advanceMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 2, arbitrary: fc.integer({ min: -3000, max: 10_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, DAY_MS / 2, 2 * DAY_MS) },
);

/** Histories of so many lanes and rounds. */
export function arbitraryHistory(size: { lanes: number; rounds: number }): fc.Arbitrary<readonly Round[]> {
  const round = fc.record({
    advanceMs,
    event: fc.constantFrom('none' as const, 'none' as const, 'expire' as const, 'crash' as const),
    lanes: fc.array(fc.array(step, { maxLength: 3 }), {
      minLength: size.lanes,
      maxLength: size.lanes,
      size: 'max',
    }),
  });
  return fc.array(round, { minLength: size.rounds, maxLength: size.rounds, size: 'max' });
}

/** The charges of a step: requests per second, a day's budget, tokens per second, concurrent requests. */
export function chargesOf(step: Step & { kind: 'reserve' }, at: { lane: number; nowMs: number }): Charge[] {
  const { amount, limit } = step;
  const day = Math.floor(at.nowMs / DAY_MS);
  const few = amount % 3;
  const limitOfFew = Math.floor(limit / 20);
  const all: Charge[] = [
    { scope: `requests/${at.lane}`, rule: { kind: 'bucket', perSecond: 4, burst: limitOfFew }, amount: few },
    {
      scope: `budget/${at.lane}`,
      rule: { kind: 'total', limit, window: `day-${day}`, endsAtMs: (day + 1) * DAY_MS },
      amount,
    },
    { scope: `tokens/${at.lane}`, rule: { kind: 'sliding', limit, windowMs: 1000 }, amount },
    { scope: `concurrent/${at.lane}`, rule: { kind: 'held', limit: limitOfFew }, amount: few },
  ];
  return all.filter((_, index) => (step.limits >> index) % 2 === 1);
}

/** What was used of a day's budget and of the tokens: sometimes less, sometimes more than was reserved. */
export function usageOf(step: Step & { kind: 'settle' }, lane: number): Usage[] {
  return [
    { scope: `budget/${lane}`, amount: step.amount },
    { scope: `tokens/${lane}`, amount: step.amount },
  ];
}
