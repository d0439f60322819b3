import type {
  Charge,
  ExpiredReservation,
  ReserveRequest,
  ReserveResult,
  SettleRequest,
  Settlement,
} from '../../ports/ledger.ts';
import type { Batch } from './batch.ts';
import { keyOf } from './charges.ts';
import { describeTaken, type Reservation, type Taken } from './reservation.ts';
import { correctCharge, decideCharge, readState } from './rules/rules.ts';
import type { Decision } from './rules/scope-state.ts';

/** An expired reservation is remembered so long: its request may yet say what it really used. */
const KEEP_EXPIRED_MS = 24 * 60 * 60 * 1000;
const SWEEP_SCOPES = 2000;

/** Reserves all charges of a request or none. Throws where the id is taken. */
export function bookReservation(batch: Batch, request: ReserveRequest): ReserveResult {
  const { id, expiresAtMs, charges } = request;
  if (batch.reservations.has(id)) throw new Error(`${id} is reserved already`);
  const nowMs = batch.clampMs(request.nowMs);
  const keys = charges.map(keyOf);
  // Scopes of a request differ, so that no decision hangs on another.
  const decisions = charges.map((charge, index) =>
    decideCharge(batch.read(keys[index] ?? ''), charge, nowMs),
  );
  if (decisions.some(({ fits }) => !fits)) return describeRefusal(charges, decisions);
  batch.reservations.begin({ id, dueMs: expiresAtMs, taken: listTaken(charges, { keys, decisions }) });
  for (const [index, decision] of decisions.entries()) {
    if (decision.fits) batch.write(keys[index] ?? '', decision.next);
  }
  return { ok: true, remaining: decisions.map(({ remaining }) => remaining) };
}

/** Books what was used in place of what was reserved. */
export function bookSettlement(batch: Batch, request: SettleRequest): Settlement {
  const reservation = batch.reservations.end(request.id);
  if (reservation === undefined) return { state: 'unknown', exceeded: [] };
  const nowMs = batch.clampMs(request.nowMs);
  const exceeded: string[] = [];
  for (const taken of reservation.taken) {
    const actual = request.actual.find(({ scope }) => scope === taken.scope)?.amount ?? taken.amount;
    correct(batch, { taken, reservation, actual, nowMs });
    // What was reserved did fit.
    if (actual > taken.amount && isExceeded(batch, { taken, nowMs })) exceeded.push(taken.scope);
  }
  return { state: reservation.state === 'open' ? 'settled' : 'corrected', exceeded };
}

/** Gives back what was reserved; also what was booked when the reservation expired, for nothing was used. */
export function bookRelease(batch: Batch, request: { id: string; nowMs: number }): void {
  const reservation = batch.reservations.end(request.id);
  const nowMs = batch.clampMs(request.nowMs);
  for (const taken of reservation?.taken ?? []) {
    correct(batch, { taken, reservation, actual: 0, nowMs });
  }
}

/** Settles leftovers in full, at most so many, and forgets what is idle. */
export function bookExpiry(
  batch: Batch,
  { nowMs, atMost }: { nowMs: number; atMost: number },
): { expired: ExpiredReservation[]; more: boolean } {
  batch.raiseWatermark(nowMs);
  const timeMs = batch.clampMs(nowMs);
  batch.reservations.purge();
  const due = batch.store.findDue(timeMs, atMost);
  const expired: ExpiredReservation[] = [];
  for (const reservation of due) {
    const { id, seq, state } = reservation;
    if (state === 'expired') {
      batch.store.deleteReservation(seq);
      continue;
    }
    for (const taken of reservation.taken) {
      correct(batch, { taken, reservation, actual: taken.amount, nowMs: timeMs });
    }
    batch.store.markExpired(seq, timeMs + KEEP_EXPIRED_MS);
    batch.reservations.disown({ id, seq });
    const charged = reservation.taken.map(({ scope, amount }) => ({ scope, amount }));
    expired.push({ id, charged });
  }
  if (expired.length > 0) batch.reservations.intervene();
  const more = due.length === atMost;
  if (!more) batch.sweepIdle(SWEEP_SCOPES);
  return { expired, more };
}

function correct(
  batch: Batch,
  change: { taken: Taken; reservation: Reservation | undefined; actual: number; nowMs: number },
): void {
  const { taken, reservation, actual, nowMs } = change;
  const from = reservation?.state === 'expired' ? 'settled' : 'reserved';
  const correction = { taken: taken.amount, slot: taken.slot, from, actual, nowMs } as const;
  batch.write(taken.key, correctCharge(batch.read(taken.key), taken, correction));
}

function isExceeded(batch: Batch, { taken, nowMs }: { taken: Taken; nowMs: number }): boolean {
  const state = batch.read(taken.key);
  if (state === undefined) return false;
  const { settled, reserved } = readState(state, taken, nowMs);
  return settled + reserved > state.limit;
}

function describeRefusal(charges: readonly Charge[], decisions: readonly Decision[]): ReserveResult {
  let retryAfterMs: number | undefined;
  const remaining = decisions.map((decision, index) => {
    if (decision.fits) return decision.remaining + (charges[index]?.amount ?? 0);
    if (decision.retryAfterMs !== undefined)
      retryAfterMs = Math.max(retryAfterMs ?? 0, decision.retryAfterMs);
    return decision.remaining;
  });
  return { ok: false, charge: decisions.findIndex(({ fits }) => !fits), retryAfterMs, remaining };
}

function listTaken(
  charges: readonly Charge[],
  { keys, decisions }: { keys: readonly string[]; decisions: readonly Decision[] },
): Taken[] {
  return charges.flatMap((charge, index) => {
    const decision = decisions[index];
    const slot = decision?.fits === true ? decision.slot : 0;
    return describeTaken(charge, { key: keys[index] ?? '', slot }) ?? [];
  });
}
