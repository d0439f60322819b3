import type { Ledger } from '../../ports/ledger.ts';
import type { Bill } from '../../road/bill.ts';
import type { Reservation, ReservedAmount } from '../../road/proofs.ts';
import { holdCountable } from './price.ts';

/**
 * Books a bill in place of what was set aside. Nobody waits: where the ledger is away it keeps the bill until it can be
 * written, and where it never can, the reservation expires at its worst case and is corrected from the record.
 */
export function settleReservation(input: {
  readonly ledger: Ledger;
  readonly reservation: Reservation;
  readonly bill: Bill;
  readonly nowMs: number;
}): void {
  const { ledger, reservation, bill, nowMs } = input;
  const { id, amounts } = reservation;
  if (amounts.length === 0) return;
  const isUnused = bill.costMicroUsd === 0 && bill.requests === 0;
  const booked = isUnused
    ? ledger.release({ id, nowMs })
    : ledger.settle({ id, nowMs, actual: amounts.map((amount) => toUsage(amount, bill)) });
  booked.catch(() => undefined); // `fault` says it, and readiness with it
}

function toUsage({ scope, unit, route }: ReservedAmount, bill: Bill): { scope: string; amount: number } {
  const isElsewhere = route !== undefined && bill.routeMicroUsd[route] === undefined;
  return { scope, amount: isElsewhere ? 0 : amountOf(unit, route, bill) };
}

function amountOf(unit: ReservedAmount['unit'], route: string | undefined, bill: Bill): number {
  if (unit === 'money') return route === undefined ? bill.costMicroUsd : (bill.routeMicroUsd[route] ?? 0);
  if (unit === 'tokens') {
    const { inputTokens, outputTokens } = bill.usage ?? { inputTokens: 0, outputTokens: 0 };
    return holdCountable(inputTokens + outputTokens);
  }
  return bill.requests;
}
