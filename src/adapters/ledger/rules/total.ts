import type { TotalRule } from '../../../ports/ledger.ts';
import { addExactly, NO_SLOTS, type Correction, type Decision, type ScopeState } from './scope-state.ts';

/**
 * How long a window is kept after its end: for requests that began in it, for late corrections, for whoever reads the
 * balance the morning after. Later it takes nothing more: a clock set back would find it empty.
 */
export const KEEP_ENDED_MS = 24 * 60 * 60 * 1000;

export function reserveTotal(
  state: ScopeState | undefined,
  charge: { rule: TotalRule; amount: number },
  nowMs: number,
): Decision {
  const { limit, endsAtMs } = charge.rule;
  const [settled, reserved] = [state?.settled ?? 0, state?.reserved ?? 0];
  const idleAtMs = whenForgotten(endsAtMs);
  if (idleAtMs !== undefined && idleAtMs <= nowMs)
    return { fits: false, remaining: 0, retryAfterMs: undefined };
  const left = limit - settled - reserved;
  if (charge.amount > left) {
    const helps = endsAtMs !== undefined && charge.amount <= limit;
    return {
      fits: false,
      remaining: Math.max(0, left),
      retryAfterMs: helps ? Math.max(0, endsAtMs - nowMs) : undefined,
    };
  }
  const next = {
    limit,
    settled,
    reserved: reserved + charge.amount,
    seenMs: 0,
    perSecond: 0,
    idleAtMs,
    slots: NO_SLOTS,
  };
  return { fits: true, next, remaining: left - charge.amount, slot: 0 };
}

/** Undefined where nothing is counted any more. */
export function correctTotal(
  state: ScopeState | undefined,
  correction: Correction & { readonly limit: number; readonly endsAtMs: number | undefined },
): ScopeState | undefined {
  const { taken, from, limit, nowMs } = correction;
  const idleAtMs = whenForgotten(correction.endsAtMs);
  const isForgotten = idleAtMs !== undefined && idleAtMs <= nowMs;
  // What was booked in a window that is long over may be forgotten, and is not taken back. More than that is shown.
  const booked = from === 'reserved' ? 0 : isForgotten ? Math.min(taken, correction.actual) : taken;
  const change = correction.actual - booked;
  if (state === undefined) {
    // A scope at zero is not kept; what was reserved of it was nothing.
    if (change <= 0) return undefined;
    return { limit, settled: change, reserved: 0, seenMs: 0, perSecond: 0, idleAtMs, slots: NO_SLOTS };
  }
  const reserved = from === 'reserved' ? state.reserved - taken : state.reserved;
  const settled = addExactly(state.settled, change);
  return settled === 0 && reserved === 0 ? undefined : { ...state, settled, reserved };
}

function whenForgotten(endsAtMs: number | undefined): number | undefined {
  return endsAtMs === undefined ? undefined : endsAtMs + KEEP_ENDED_MS;
}
