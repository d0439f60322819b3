import { existsSync } from 'node:fs';
import * as path from 'node:path';
import type { AttemptFilter } from '../adapters/audit-log/attempt-filter.ts';
import { COST_KEYS, type CostKey, type CostSum } from '../adapters/audit-log/cost-sums.ts';
import { openAuditSearch, type AuditSearch } from '../adapters/audit-log/search.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { openLocalLedger } from '../adapters/ledger/local.ts';
import { locateAuditLog } from './evidence.ts';

export { COST_KEYS, type AttemptFilter, type CostKey, type CostSum };

/** What attempts cost by the records of the audit log. */
export function sumCosts(stateDir: string, order: { filter: AttemptFilter; by: CostKey }): CostSum[] {
  return searching(stateDir, (search) => search.sumCosts(order.filter, order.by));
}

/** A budget of the ledger beside the records of its window. */
export interface Reconciled {
  readonly scope: string;
  readonly window: string;
  readonly recordedMicroUsd: number;
  readonly bookedMicroUsd: number;
  /** Set aside for what is under way, or was left behind and has not expired yet. */
  readonly reservedMicroUsd: number;
}

/**
 * Compares what the ledger has booked for each budget with the sum of the records of its window. Budgets of routes are
 * left out: a record has one cost, and several routes may have had a part in it.
 */
export async function reconcileCosts(stateDir: string): Promise<Reconciled[]> {
  locateAuditLog(stateDir);
  if (!existsSync(path.join(stateDir, 'ledger'))) return [];
  const ledger = openLocalLedger({ stateDir });
  try {
    const balances = await ledger.readBalances({ prefix: 'budget-', nowMs: systemClock.nowMs() });
    return searching(stateDir, (search) =>
      balances.flatMap(({ scope, window, settled, reserved }) => {
        const place = placeOf(scope);
        if (place === undefined) return [];
        const sums = search.sumCosts({ ...place, ...spanOf(window) }, 'tenant');
        const recordedMicroUsd = sums.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0);
        return [{ scope, window, recordedMicroUsd, bookedMicroUsd: settled, reservedMicroUsd: reserved }];
      }),
    );
  } finally {
    await ledger.stop();
  }
}

function searching<Result>(stateDir: string, use: (search: AuditSearch) => Result): Result {
  locateAuditLog(stateDir);
  const search = openAuditSearch({ stateDir });
  try {
    return use(search);
  } finally {
    search.close();
  }
}

/** Whose records a budget is of; undefined where records do not say it. */
function placeOf(scope: string): AttemptFilter | undefined {
  const [, kind, name = ''] = scope.split('/');
  if (kind === 'gateway') return {};
  if (kind === 'tenant' || kind === 'capability' || kind === 'workflow') return { [kind]: name };
  return undefined;
}

/** The day `2026-11-20` or the month `2026-11`, in UTC. */
function spanOf(window: string): AttemptFilter {
  const [year = 0, month = 1, day] = window.split('-').map(Number);
  return day === undefined
    ? { sinceMs: Date.UTC(year, month - 1), untilMs: Date.UTC(year, month) }
    : { sinceMs: Date.UTC(year, month - 1, day), untilMs: Date.UTC(year, month - 1, day + 1) };
}
