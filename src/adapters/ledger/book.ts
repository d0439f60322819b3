import type { ExpiredReservation, ReserveResult, Settlement, Usage } from '../../ports/ledger.ts';
import type { Plan } from './plan.ts';
import type { Reservation } from './reservation.ts';
import { correctCharge, decideCharge, readState, type TakenLimit } from './rules/rules.ts';
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
  const decisions: Decision[] = [];
  let fits = true;
  // Scopes of a request differ, so that no decision hangs on another.
  for (const [index, { rule }] of plan.charged.entries()) {
    const amount = amounts[index] ?? 0;
    const decision = decideCharge(books.read(plan.keys[index] ?? ''), { rule, amount }, nowMs);
    decisions.push(decision);
    fits &&= decision.fits;
  }
  if (!fits) return describeRefusal(amounts, decisions);
  const slots: number[] = [];
  const remaining: number[] = [];
  for (const [index, decision] of decisions.entries()) {
    if (!decision.fits) continue;
    books.write(plan.keys[index] ?? '', decision.next);
    slots.push(decision.slot);
    remaining.push(decision.remaining);
  }
  const ofLimits = (numbers: readonly number[]) => plan.chargeOf.map((charge) => numbers[charge] ?? 0);
  books.hold(id, {
    state: 'open',
    dueMs,
    limits: plan.limits,
    amounts: ofLimits(amounts),
    slots: ofLimits(slots),
  });
  return { ok: true, remaining };
}

/** Books what was used of each limit in place of what was reserved; says which scopes are now above their limit. */
export function bookSettlement(
  books: Books,
  settled: { readonly reservation: Reservation; readonly used: readonly number[]; readonly nowMs: number },
): readonly string[] {
  const { reservation, used } = settled;
  const nowMs = books.clampMs(settled.nowMs);
  let exceeded: string[] | undefined;
  for (const [index, limit] of reservation.limits.entries()) {
    const [taken, actual] = [reservation.amounts[index] ?? 0, used[index] ?? 0];
    correct(books, {
      limit,
      taken,
      slot: reservation.slots[index] ?? 0,
      state: reservation.state,
      actual,
      nowMs,
    });
    // What was reserved did fit.
    if (actual > taken && isExceeded(books, limit, nowMs)) (exceeded ??= []).push(limit.scope);
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

function correct(
  books: Books,
  change: {
    readonly limit: TakenLimit;
    readonly taken: number;
    readonly slot: number;
    readonly state: Reservation['state'];
    readonly actual: number;
    readonly nowMs: number;
  },
): void {
  const { limit, taken, slot, actual, nowMs } = change;
  const from = change.state === 'expired' ? 'settled' : 'reserved';
  books.write(limit.key, correctCharge(books.read(limit.key), limit, { taken, slot, from, actual, nowMs }));
}

function isExceeded(books: Books, limit: TakenLimit, nowMs: number): boolean {
  const state = books.read(limit.key);
  if (state === undefined) return false;
  const { settled, reserved } = readState(state, limit, nowMs);
  return settled + reserved > state.limit;
}

function describeRefusal(amounts: readonly number[], decisions: readonly Decision[]): ReserveResult {
  let retryAfterMs: number | undefined;
  const remaining = decisions.map((decision, index) => {
    if (decision.fits) return decision.remaining + (amounts[index] ?? 0);
    if (decision.retryAfterMs !== undefined)
      retryAfterMs = Math.max(retryAfterMs ?? 0, decision.retryAfterMs);
    return decision.remaining;
  });
  return { ok: false, charge: decisions.findIndex(({ fits }) => !fits), retryAfterMs, remaining };
}
