import type { HeldRule } from '../../../ports/ledger.ts';
import { NO_SLOTS, type Correction, type Decision, type ScopeState } from './scope-state.ts';

export function reserveHeld(
  state: ScopeState | undefined,
  charge: { rule: HeldRule; amount: number },
): Decision {
  const { limit } = charge.rule;
  const reserved = state?.reserved ?? 0;
  const left = limit - reserved;
  // When a place becomes free depends on others: no time can be told.
  if (charge.amount > left) return { fits: false, remaining: Math.max(0, left), retryAfterMs: undefined };
  const next = {
    limit,
    settled: 0,
    reserved: reserved + charge.amount,
    seenMs: 0,
    perSecond: 0,
    idleAtMs: undefined,
    slots: NO_SLOTS,
  };
  return { fits: true, next, remaining: left - charge.amount, slot: 0 };
}

/** Undefined where nothing is held any more. */
export function correctHeld(state: ScopeState | undefined, correction: Correction): ScopeState | undefined {
  if (state === undefined || correction.from === 'settled') return state;
  const reserved = state.reserved - correction.taken;
  return reserved === 0 ? undefined : { ...state, reserved };
}
