import type { Charge } from '../../ports/ledger.ts';
import type { AdmissionLimits, Budget } from '../../road/governed.ts';

/** Whose limits: from the narrowest to the widest. */
export interface LimitedScope {
  /** Such as `user/acme/maya`: unique among all scopes. */
  readonly name: string;
  readonly limits: AdmissionLimits | undefined;
  readonly budget: Budget | undefined;
}

/** What a request would use up at worst. */
export interface WorstCase {
  readonly tokens: number;
  readonly costMicroUsd: number;
}

/** What a charge counts, which is also what its refusal is named after. */
export type ChargeKind = 'rate' | 'quota' | 'tokens' | 'concurrency' | 'budget';

export interface NamedCharge extends Charge {
  readonly counts: ChargeKind;
}

const MINUTE_MS = 60_000;

/** Every limit that a request meets, as charges: the narrowest scope first, so that it is the one that is named. */
export function listCharges(input: {
  readonly scopes: readonly LimitedScope[];
  readonly worst: WorstCase;
  readonly nowMs: number;
}): readonly NamedCharge[] {
  const charges: NamedCharge[] = [];
  for (const { name, limits, budget } of input.scopes) {
    if (limits !== undefined) addLimits(charges, { name, limits, ...input });
    if (budget !== undefined) addBudget(charges, { name, budget, ...input });
  }
  return charges;
}

function addLimits(
  charges: NamedCharge[],
  { name, limits, worst, nowMs }: { name: string; limits: AdmissionLimits; worst: WorstCase; nowMs: number },
): void {
  const { requestsPerSecond, requestsPerMonth, tokensPerMinute, concurrentRequests } = limits;
  if (concurrentRequests !== undefined) {
    charges.push({
      scope: `concurrent/${name}`,
      counts: 'concurrency',
      amount: 1,
      rule: { kind: 'held', limit: concurrentRequests },
    });
  }
  if (requestsPerSecond !== undefined) {
    charges.push({
      scope: `rate/${name}`,
      counts: 'rate',
      amount: 1,
      rule: { kind: 'bucket', ...requestsPerSecond },
    });
  }
  if (requestsPerMonth !== undefined) {
    const rule = { kind: 'total', limit: requestsPerMonth, ...monthOf(nowMs) } as const;
    charges.push({ scope: `requests/${name}`, counts: 'quota', amount: 1, rule });
  }
  if (tokensPerMinute !== undefined) {
    const rule = { kind: 'sliding', limit: tokensPerMinute, windowMs: MINUTE_MS } as const;
    charges.push({ scope: `tokens/${name}`, counts: 'tokens', amount: worst.tokens, rule });
  }
}

function addBudget(
  charges: NamedCharge[],
  { name, budget, worst, nowMs }: { name: string; budget: Budget; worst: WorstCase; nowMs: number },
): void {
  const { microUsdPerDay, microUsdPerMonth } = budget;
  const amount = worst.costMicroUsd;
  if (microUsdPerDay !== undefined) {
    const rule = { kind: 'total', limit: microUsdPerDay, ...dayOf(nowMs) } as const;
    charges.push({ scope: `budget-day/${name}`, counts: 'budget', amount, rule });
  }
  if (microUsdPerMonth !== undefined) {
    const rule = { kind: 'total', limit: microUsdPerMonth, ...monthOf(nowMs) } as const;
    charges.push({ scope: `budget-month/${name}`, counts: 'budget', amount, rule });
  }
}

/** Calendar windows are those of UTC, so that every process agrees on them. */
function monthOf(nowMs: number): { window: string; endsAtMs: number } {
  const date = new Date(nowMs);
  const endsAtMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return { window: date.toISOString().slice(0, 7), endsAtMs };
}

function dayOf(nowMs: number): { window: string; endsAtMs: number } {
  const date = new Date(nowMs);
  const endsAtMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
  return { window: date.toISOString().slice(0, 10), endsAtMs };
}
