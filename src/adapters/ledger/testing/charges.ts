import type { Charge, Ledger, ReserveResult } from '../../../ports/ledger.ts';

/** The last second of November 2026. */
export const NOW_MS = Date.UTC(2026, 10, 30, 23, 59, 59);

export function budget(
  amount: number,
  options: { limit?: number; scope?: string; window?: string } = {},
): Charge {
  const { limit = 100, scope = 'budget/tenant/acme', window = 'ever' } = options;
  return { scope, rule: { kind: 'total', limit, window, endsAtMs: undefined }, amount };
}

export function tokens(amount: number, options: { limit?: number; windowMs?: number } = {}): Charge {
  const { limit = 100, windowMs = 60_000 } = options;
  return { scope: 'tokens/tenant/acme', rule: { kind: 'sliding', limit, windowMs }, amount };
}

export function requests(amount = 1, options: { perSecond?: number; burst?: number } = {}): Charge {
  const { perSecond = 2, burst = 4 } = options;
  return { scope: 'requests/user/acme/maya', rule: { kind: 'bucket', perSecond, burst }, amount };
}

export function concurrent(amount = 1, limit = 2): Charge {
  return { scope: 'concurrent/user/acme/maya', rule: { kind: 'held', limit }, amount };
}

/** Reserves for a minute. */
export function reserveNow(
  ledger: Ledger,
  request: { id: string; charges: readonly Charge[]; nowMs?: number },
): Promise<ReserveResult> {
  const { nowMs = NOW_MS, ...rest } = request;
  return ledger.reserve({ ...rest, nowMs, expiresAtMs: nowMs + 60_000 });
}

/** Balances as `scope: settled + reserved of limit`. */
export async function showBalances(ledger: Ledger, nowMs = NOW_MS): Promise<string[]> {
  const balances = await ledger.readBalances({ nowMs });
  return balances.map(
    ({ scope, window, settled, reserved, limit }) =>
      `${scope}${window === '' || window === 'ever' ? '' : ` ${window}`}: ${settled} + ${reserved} of ${limit}`,
  );
}
