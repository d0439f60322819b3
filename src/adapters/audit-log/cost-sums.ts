/** By what costs can be summed, and the column that says it. */
const COLUMNS = {
  tenant: 'tenant',
  // Two tenants may each have a maya: who somebody is takes both names, as in policies and switches.
  user: "tenant || '/' || subject",
  capability: 'capability',
  feature: 'feature',
  workflow: 'workflow',
  route: 'route',
  day: "strftime('%Y-%m-%d', started_at_ms / 1000, 'unixepoch')",
} as const;

export type CostKey = keyof typeof COLUMNS;
export const COST_KEYS = Object.keys(COLUMNS) as readonly CostKey[]; // the keys of our own table

/** What attempts with something in common cost. */
export interface CostSum {
  /** Undefined where the attempts do not say, such as those without a workflow. */
  readonly key: string | undefined;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the cost, what guardrails took. */
  readonly guardMicroUsd: number;
  readonly costMicroUsd: number;
}

/** The question as SQL; what it is asked about is in `where`. */
export function describeSums(by: CostKey, where: string): string {
  const sum = (column: string) => `coalesce(sum(${column}), 0) AS ${column}`;
  const order = by === 'day' ? 'grouped' : 'cost_micro_usd DESC, grouped';
  return `SELECT ${COLUMNS[by]} AS grouped, count(*) AS requests, ${sum('input_tokens')}, ${sum('output_tokens')},
    ${sum('guard_micro_usd')}, ${sum('cost_micro_usd')} FROM attempts ${where} GROUP BY grouped ORDER BY ${order}`;
}

/** A row of the answer. */
export function readSum(row: Record<string, unknown>): CostSum {
  const key = row['grouped'];
  return {
    key: typeof key === 'string' ? key : undefined,
    requests: Number(row['requests']),
    inputTokens: Number(row['input_tokens']),
    outputTokens: Number(row['output_tokens']),
    guardMicroUsd: Number(row['guard_micro_usd']),
    costMicroUsd: Number(row['cost_micro_usd']),
  };
}
