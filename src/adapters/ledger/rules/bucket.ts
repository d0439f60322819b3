import type { BucketRule } from '../../../ports/ledger.ts';
import { NO_SLOTS, type Decision, type ScopeState } from './scope-state.ts';

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
  const flowedOff = state === undefined ? 0 : ((seenMs - state.seenMs) / 1000) * perSecond;
  const level = Math.max(0, (state?.settled ?? 0) - flowedOff);
  const after = level + charge.amount;
  if (after > burst) {
    const waitMs = Math.ceil(((after - burst) / perSecond) * 1000) + (seenMs - nowMs);
    return {
      fits: false,
      remaining: Math.max(0, Math.floor(burst - level)),
      retryAfterMs: charge.amount > burst ? undefined : waitMs,
    };
  }
  const idleAtMs = seenMs + Math.ceil((after / perSecond) * 1000);
  const next = { limit: burst, settled: after, reserved: 0, seenMs, idleAtMs, slots: NO_SLOTS };
  return { fits: true, next, remaining: Math.floor(burst - after), slot: 0 };
}

/** What has not yet flowed off. */
export function readBucketLevel(state: ScopeState, nowMs: number): number {
  const { settled, seenMs, idleAtMs = seenMs } = state;
  if (nowMs >= idleAtMs) return 0;
  return nowMs <= seenMs ? settled : (settled * (idleAtMs - nowMs)) / (idleAtMs - seenMs);
}
