import { Gauge, type Registry } from 'prom-client';
import type { Balance, Ledger } from '../../ports/ledger.ts';

/** Of people there may be any number: they are no label. */
const PREFIXES = [
  'budget-',
  'quota/capability/',
  'quota/gateway',
  'quota/route/',
  'quota/tenant/',
  'quota/workflow/',
];
/** A ledger that is slow holds up no scrape. */
const READ_MS = 1_000;

/** What is left of budgets and quotas, as the ledger has it when it is asked. What is untouched is absent. */
export function addLimitGauges(registry: Registry): (balances: readonly Balance[]) => void {
  const budget = (what: string, help: string) =>
    new Gauge({
      name: `goldenpath_budget_${what}_micro_usd`,
      help,
      labelNames: ['scope', 'window'],
      // Workers share the ledger.
      aggregator: 'max',
      registers: [registry],
    });
  const quota = (what: string, help: string) =>
    new Gauge({
      name: `goldenpath_quota_${what}_requests`,
      help,
      labelNames: ['scope'],
      aggregator: 'max',
      registers: [registry],
    });
  const budgets = {
    limit: budget('limit', 'Budget of the day or month, in millionths of a US dollar.'),
    settled: budget('used', 'Of the budget, what was spent.'),
    reserved: budget('reserved', 'Of the budget, what is set aside for requests under way.'),
    remaining: budget('remaining', 'Of the budget, what is neither spent nor set aside.'),
  };
  const quotas = {
    limit: quota('limit', 'Requests of the month that are allowed.'),
    remaining: quota('remaining', 'Requests of the month that are left.'),
  };
  return (balances) => {
    for (const gauge of [...Object.values(budgets), ...Object.values(quotas)]) gauge.reset();
    for (const { scope: path, limit, settled, reserved } of listCurrent(balances)) {
      const [kind = '', ...rest] = path.split('/');
      const scope = rest.join('/');
      const remaining = Math.max(0, limit - settled - reserved);
      if (kind === 'quota') {
        quotas.limit.set({ scope }, limit);
        quotas.remaining.set({ scope }, remaining);
        continue;
      }
      const labels = { scope, window: kind.replace('budget-', '') };
      budgets.limit.set(labels, limit);
      budgets.settled.set(labels, settled);
      budgets.reserved.set(labels, reserved);
      budgets.remaining.set(labels, remaining);
    }
  };
}

/** Reads what the gauges show. Nothing where the ledger does not answer: `goldenpath_ready` and the log say why. */
export async function readLimits(ledger: Ledger, nowMs: number): Promise<readonly Balance[]> {
  if (ledger.fault() !== undefined) return [];
  const late = Promise.withResolvers<readonly Balance[]>();
  const timer = setTimeout(() => late.resolve([]), READ_MS);
  const read = Promise.all(PREFIXES.map((prefix) => ledger.readBalances({ prefix, nowMs })));
  try {
    return await Promise.race([read.then((all) => all.flat()), late.promise]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
    read.catch(() => undefined);
  }
}

/** A window that is over is kept for a day: of several, the last is the one that counts. */
function listCurrent(balances: readonly Balance[]): Iterable<Balance> {
  const current = new Map<string, Balance>();
  for (const balance of balances) {
    const known = current.get(balance.scope);
    if (known === undefined || known.window < balance.window) current.set(balance.scope, balance);
  }
  return current.values();
}
