import type { HeldRule } from '../../../ports/ledger.ts';
import { NO_SLOTS, type Correction, type HeldState, type Misfit, type StoredState } from './scope-state.ts';

export function reserveHeld(
  state: HeldState | undefined,
  rule: HeldRule,
  amount: number,
): HeldState | Misfit {
  const reserved = state === undefined ? 0 : state.reserved;
  const left = rule.limit - reserved;
  // When a place becomes free depends on others: no time can be told.
  if (amount > left) return { kind: 'misfit', remaining: Math.max(0, left), retryAfterMs: undefined };
  return { kind: 'held', rule, reserved: reserved + amount };
}

/** Undefined where nothing is held any more. */
export function correctHeld(
  state: HeldState | undefined,
  { taken, from }: Correction,
): HeldState | undefined {
  if (state === undefined || from === 'settled') return state;
  const reserved = state.reserved - taken;
  return reserved === 0 ? undefined : { kind: 'held', rule: state.rule, reserved };
}

export function storeHeld({ rule, reserved }: HeldState): StoredState {
  const nothing = { settled: 0, seenMs: 0, perSecond: 0, idleAtMs: undefined, slots: NO_SLOTS };
  return { ...nothing, limit: rule.limit, reserved };
}

export function restoreHeld({ limit, reserved }: StoredState): HeldState {
  return { kind: 'held', rule: { kind: 'held', limit }, reserved };
}
