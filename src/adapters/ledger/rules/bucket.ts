import type { BucketRule } from '../../../ports/ledger.ts';
import { NO_SLOTS, type BucketState, type Misfit, type StoredState } from './scope-state.ts';

/**
 * Levels are counted in millionths, as whole numbers: with fractions, what a request finds would hang on the order of
 * additions. What flows off is rounded down, so that no bucket is ever above its rule.
 */
const MILLION = 1e6;

/**
 * The bucket holds what was taken, and it flows off. An absent state is an empty bucket, so idle ones are forgotten;
 * and when the policy changes, what was taken stays taken.
 */
export function reserveBucket(
  state: BucketState | undefined,
  rule: BucketRule,
  amount: number,
  nowMs: number,
): BucketState | Misfit {
  const { perSecond, burst } = rule;
  const seenMs = state === undefined ? nowMs : Math.max(nowMs, state.seenMs);
  const level = state === undefined ? 0 : flowOff(state, perSecond, seenMs);
  const after = level + amount * MILLION;
  const spare = burst * MILLION - after;
  if (spare >= 0) return { kind: 'bucket', rule, level: after, seenMs };
  const flowMs = timeToFlowMs(-spare, perSecond);
  // What flows off is rounded down once again by then, which may hold back a millionth more.
  const then = state === undefined ? 0 : flowOff(state, perSecond, seenMs + flowMs);
  const isEnough = then + amount * MILLION <= burst * MILLION;
  const waitMs = (isEnough ? flowMs : timeToFlowMs(1 - spare, perSecond)) + (seenMs - nowMs);
  return {
    kind: 'misfit',
    remaining: Math.max(0, Math.floor(burst - level / MILLION)),
    retryAfterMs: amount > burst ? undefined : waitMs,
  };
}

/** What the next request would find, at the time of the last. */
export function leftOfBucket({ rule, level }: BucketState): number {
  return Math.floor((rule.burst * MILLION - level) / MILLION);
}

/** What has not yet flowed off, rounded up. */
export function readBucketLevel(state: BucketState, nowMs: number): number {
  return Math.ceil(flowOff(state, state.rule.perSecond, Math.max(nowMs, state.seenMs)) / MILLION);
}

export function storeBucket({ rule, level, seenMs }: BucketState): StoredState {
  const { perSecond, burst } = rule;
  // A millisecond more, for what rounding down holds back.
  const idleAtMs = seenMs + timeToFlowMs(level, perSecond) + 1;
  return { limit: burst, settled: level, reserved: 0, seenMs, perSecond, idleAtMs, slots: NO_SLOTS };
}

export function restoreBucket({ limit, settled, seenMs, perSecond }: StoredState): BucketState {
  return { kind: 'bucket', rule: { kind: 'bucket', perSecond, burst: limit }, level: settled, seenMs };
}

/** The level at a time that is not before the state's own, at a rate that may be another by now. */
function flowOff(state: BucketState, perSecond: number, nowMs: number): number {
  const flowed = Math.floor((nowMs - state.seenMs) * perSecond * (MILLION / 1000));
  return Math.max(0, state.level - flowed);
}

function timeToFlowMs(level: number, perSecond: number): number {
  return Math.ceil(level / (perSecond * (MILLION / 1000)));
}
