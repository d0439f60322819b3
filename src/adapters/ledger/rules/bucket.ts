import type { BucketRule } from '../../../ports/ledger.ts';
import { NO_SLOTS, type Decision, type ScopeState } from './scope-state.ts';

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
  state: ScopeState | undefined,
  charge: { rule: BucketRule; amount: number },
  nowMs: number,
): Decision {
  const { perSecond, burst } = charge.rule;
  const seenMs = Math.max(nowMs, state?.seenMs ?? nowMs);
  const level = state === undefined ? 0 : flowOff({ ...state, perSecond }, seenMs);
  const after = level + charge.amount * MILLION;
  const spare = burst * MILLION - after;
  if (spare < 0) {
    const flowMs = timeToFlowMs(-spare, perSecond);
    // What flows off is rounded down once again by then, which may hold back a millionth more.
    const then = state === undefined ? 0 : flowOff({ ...state, perSecond }, seenMs + flowMs);
    const isEnough = then + charge.amount * MILLION <= burst * MILLION;
    const waitMs = (isEnough ? flowMs : timeToFlowMs(1 - spare, perSecond)) + (seenMs - nowMs);
    return {
      fits: false,
      remaining: Math.max(0, Math.floor(burst - level / MILLION)),
      retryAfterMs: charge.amount > burst ? undefined : waitMs,
    };
  }
  const next = {
    limit: burst,
    settled: after,
    reserved: 0,
    seenMs,
    perSecond,
    // A millisecond more, for what rounding down holds back.
    idleAtMs: seenMs + timeToFlowMs(after, perSecond) + 1,
    slots: NO_SLOTS,
  };
  return { fits: true, next, remaining: Math.floor(spare / MILLION), slot: 0 };
}

/** What has not yet flowed off, rounded up. */
export function readBucketLevel(state: ScopeState, nowMs: number): number {
  return Math.ceil(flowOff(state, Math.max(nowMs, state.seenMs)) / MILLION);
}

/** The level at a time, which is not before the state's own. */
function flowOff(state: ScopeState, nowMs: number): number {
  const flowed = Math.floor((nowMs - state.seenMs) * state.perSecond * (MILLION / 1000));
  return Math.max(0, state.settled - flowed);
}

function timeToFlowMs(level: number, perSecond: number): number {
  return Math.ceil(level / (perSecond * (MILLION / 1000)));
}
