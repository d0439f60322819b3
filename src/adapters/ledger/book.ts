import type { ExpiredReservation, ReserveResult, Settlement, Usage } from '../../ports/ledger.ts';
import type { Plan } from './plan.ts';
import type { Reservation } from './reservation.ts';
import { correctCharge, decideCharge, leftOf, limitOf, readState, slotOf } from './rules/rules.ts';
import type { Decision, ScopeState } from './rules/scope-state.ts';

/** What is counted, and for whom: bookings change it, wherever it is kept. */
export interface Books {
  /** The time that counts: never before what the ledger has forgotten. */
  clampMs(nowMs: number): number;
  read(key: string): ScopeState | undefined;
  /** Undefined where nothing is counted any more. */
  write(key: string, state: ScopeState | undefined): void;
  hold(id: string, reservation: NewReservation): void;
  /** Ends a reservation, and says what it was; undefined where there is none. */
  end(id: string): Reservation | undefined;
}

export interface NewReservation extends Reservation {
  /** When it counts as a crash's leftover. */
  readonly dueMs: number;
}

/** A reservation as it is asked for. */
export interface ReserveOrder {
  readonly id: string;
  readonly nowMs: number;
  readonly dueMs: number;
  readonly plan: Plan;
  /** Of each charge of the plan. */
  readonly amounts: readonly number[];
}

/** Reserves all charges of a request or none. */
export function bookReservation(books: Books, order: ReserveOrder): ReserveResult {
  const { id, dueMs, plan, amounts } = order;
  const nowMs = books.clampMs(order.nowMs);
  const { charged, keys, limits, chargeOf } = plan;
  // Scopes of a request differ, so that no decision hangs on another.
  const decisions = charged.map(({ rule }, index) =>
    decideCharge(books.read(keys[index] ?? ''), rule, amounts[index] ?? 0, nowMs),
  );
  if (!decisions.every(isFitting)) return describeRefusal(amounts, decisions);
  for (let index = 0; index < decisions.length; index += 1) books.write(keys[index] ?? '', decisions[index]);
  books.hold(id, {
    state: 'open',
    dueMs,
    limits,
    amounts: chargeOf.map((charge) => amounts[charge] ?? 0),
    slots: chargeOf.map((charge) => slotOf(decisions[charge])),
  });
  return { ok: true, remaining: decisions.map(leftOf) };
}

/** Books what was used of each limit in place of what was reserved; says which scopes are now above their limit. */
export function bookSettlement(
  books: Books,
  settled: { readonly reservation: Reservation; readonly used: readonly number[]; readonly nowMs: number },
): readonly string[] {
  const { reservation, used } = settled;
  const nowMs = books.clampMs(settled.nowMs);
  const { limits, amounts, slots } = reservation;
  const from = reservation.state === 'expired' ? 'settled' : 'reserved';
  let exceeded: string[] | undefined;
  for (let index = 0; index < limits.length; index += 1) {
    const limit = limits[index];
    if (limit === undefined) continue;
    const { key, rule, scope } = limit;
    const taken = amounts[index] ?? 0;
    const slot = slots[index] ?? 0;
    const actual = used[index] ?? 0;
    const state = correctCharge(books.read(key), rule, { taken, slot, from, actual, nowMs });
    books.write(key, state);
    // What was reserved did fit.
    if (actual > taken && isExceeded(state, nowMs)) (exceeded ??= []).push(scope);
  }
  return exceeded ?? NONE;
}

/** What was used of each limit of a reservation; of one that is not named, what was reserved. */
export function listUsed({ limits, amounts }: Reservation, actual: readonly Usage[]): readonly number[] {
  let next = 0;
  return limits.map(({ scope }, index) => {
    // Whoever reserved names the scopes in the same order.
    let at = next;
    while (at < actual.length && actual[at]?.scope !== scope) at += 1;
    if (at === actual.length) at = actual.findIndex((usage) => usage.scope === scope);
    else next = at + 1;
    return actual[at]?.amount ?? amounts[index] ?? 0;
  });
}

export function describeSettlement({ state }: Reservation, exceeded: readonly string[]): Settlement {
  return { state: state === 'open' ? 'settled' : 'corrected', exceeded };
}

/** Nothing was used of what was reserved. Also undoes what was booked when the reservation expired. */
export function bookRelease(books: Books, reservation: Reservation, nowMs: number): void {
  bookSettlement(books, { reservation, used: reservation.amounts.map(() => 0), nowMs });
}

/** Settles a leftover in full. */
export function bookLeftover(
  books: Books,
  id: string,
  reservation: Reservation,
  nowMs: number,
): ExpiredReservation {
  bookSettlement(books, { reservation, used: reservation.amounts, nowMs });
  const charged = reservation.limits.map(({ scope }, index) => ({
    scope,
    amount: reservation.amounts[index] ?? 0,
  }));
  return { id, charged };
}

const NONE: readonly string[] = [];

function isExceeded(state: ScopeState | undefined, nowMs: number): boolean {
  if (state === undefined) return false;
  const { settled, reserved } = readState(state, nowMs);
  return settled + reserved > limitOf(state);
}

function isFitting(decision: Decision): decision is ScopeState {
  return decision.kind !== 'misfit';
}

function describeRefusal(amounts: readonly number[], decisions: readonly Decision[]): ReserveResult {
  let retryAfterMs: number | undefined;
  const remaining = decisions.map((decision, index) => {
    if (isFitting(decision)) return leftOf(decision) + (amounts[index] ?? 0);
    if (decision.retryAfterMs !== undefined)
      retryAfterMs = Math.max(retryAfterMs ?? 0, decision.retryAfterMs);
    return decision.remaining;
  });
  return { ok: false, charge: decisions.findIndex(({ kind }) => kind === 'misfit'), retryAfterMs, remaining };
}
