import type { TotalRule } from '../../../ports/ledger.ts';
import {
  addExactly,
  NO_SLOTS,
  type Correction,
  type Misfit,
  type StoredState,
  type TotalState,
} from './scope-state.ts';

/**
 * How long a window is kept after its end: for requests that began in it, for late corrections, for whoever reads the
 * balance the morning after. Later it takes nothing more: a clock set back would find it empty.
 */
export const KEEP_ENDED_MS = 24 * 60 * 60 * 1000;

export function reserveTotal(
  state: TotalState | undefined,
  rule: TotalRule,
  amount: number,
  nowMs: number,
): TotalState | Misfit {
  const { limit, endsAtMs } = rule;
  if (isForgotten(rule, nowMs)) return { kind: 'misfit', remaining: 0, retryAfterMs: undefined };
  const settled = state === undefined ? 0 : state.settled;
  const reserved = state === undefined ? 0 : state.reserved;
  const left = limit - settled - reserved;
  if (amount > left) {
    const helps = endsAtMs !== undefined && amount <= limit;
    const retryAfterMs = helps ? Math.max(0, endsAtMs - nowMs) : undefined;
    return { kind: 'misfit', remaining: Math.max(0, left), retryAfterMs };
  }
  return { kind: 'total', rule, settled, reserved: reserved + amount };
}

/** Undefined where nothing is counted any more. */
export function correctTotal(
  state: TotalState | undefined,
  rule: TotalRule,
  { taken, from, actual, nowMs }: Correction,
): TotalState | undefined {
  // What was booked in a window that is long over may be forgotten, and is not taken back. More than that is shown.
  const booked = from === 'reserved' ? 0 : isForgotten(rule, nowMs) ? Math.min(taken, actual) : taken;
  const change = actual - booked;
  if (state === undefined) {
    // A scope at zero is not kept; what was reserved of it was nothing.
    return change <= 0 ? undefined : { kind: 'total', rule, settled: change, reserved: 0 };
  }
  const reserved = from === 'reserved' ? state.reserved - taken : state.reserved;
  const settled = addExactly(state.settled, change);
  if (settled === 0 && reserved === 0) return undefined;
  return { kind: 'total', rule: state.rule, settled, reserved };
}

export function storeTotal({ rule, settled, reserved }: TotalState): StoredState {
  const { limit, endsAtMs } = rule;
  const idleAtMs = endsAtMs === undefined ? undefined : endsAtMs + KEEP_ENDED_MS;
  return { limit, settled, reserved, seenMs: 0, perSecond: 0, idleAtMs, slots: NO_SLOTS };
}

export function restoreTotal(stored: StoredState, window: string): TotalState {
  const { limit, settled, reserved, idleAtMs } = stored;
  const endsAtMs = idleAtMs === undefined ? undefined : idleAtMs - KEEP_ENDED_MS;
  return { kind: 'total', rule: { kind: 'total', limit, window, endsAtMs }, settled, reserved };
}

function isForgotten({ endsAtMs }: TotalRule, nowMs: number): boolean {
  return endsAtMs !== undefined && endsAtMs + KEEP_ENDED_MS <= nowMs;
}
