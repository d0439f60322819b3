import { InvalidArgumentError, Option, type Command } from 'commander';
import { COST_KEYS, reconcileCosts, sumCosts, type CostKey, type CostSum } from '../compose/costs.ts';
import { parseWhen } from './audit-filter.ts';
import { DEFAULT_STATE } from './defaults.ts';
import { formatUsd, writeCsv } from './money.ts';
import { formatTable, paint, stripControls, type Column } from './terminal.ts';

interface CostOptions {
  readonly by: CostKey;
  readonly since?: number;
  readonly until?: number;
  readonly tenant?: string;
  readonly user?: string;
  readonly capability?: string;
  readonly workflow?: string;
  readonly route?: string;
  readonly format: 'table' | 'csv' | 'json';
  readonly reconcile?: true;
  readonly state: string;
}

/** Adds `goldenpath cost`: exit 1 when `--reconcile` finds a difference. */
export function addCostCommand(program: Command): void {
  program
    .command('cost')
    .description('what requests cost, by the records of the audit log')
    .option('--by <what>', COST_KEYS.join(', '), parseKey, 'tenant')
    .option('--since <when>', 'not older than this: 24h, 30d, or 2026-01-31', parseWhen)
    .option('--until <when>', 'older than this', parseWhen)
    .option('--tenant <name>', 'of this tenant')
    .option('--user <subject>', 'asked by this user')
    .option('--capability <name>', 'of this capability')
    .option('--workflow <name>', 'of this workflow')
    .option('--route <name>', 'that took this route')
    .addOption(
      new Option('--format <format>', 'how it is written').choices(['table', 'csv', 'json']).default('table'),
    )
    .option('--reconcile', 'compare the budgets in the ledger with the records of their day or month instead')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(async (options: CostOptions) => {
      if (options.reconcile) {
        await reconcile(options);
        return;
      }
      const { by, since, until, format, reconcile: _, state, ...filter } = options;
      const span = {
        ...(since !== undefined && { sinceMs: since }),
        ...(until !== undefined && { untilMs: until }),
      };
      const sums = sumCosts(state, { filter: { ...filter, ...span }, by });
      process.stdout.write(FORMATS[format](by, sums));
    });
}

function parseKey(text: string): CostKey {
  const key = COST_KEYS.find((known) => known === text);
  if (key === undefined) throw new InvalidArgumentError(`Write one of ${COST_KEYS.join(', ')}.`);
  return key;
}

const FORMATS: Readonly<Record<CostOptions['format'], (by: CostKey, sums: readonly CostSum[]) => string>> = {
  table: writeTable,
  csv: (by, sums) =>
    writeCsv([
      [by, 'requests', 'input_tokens', 'output_tokens', 'guard_micro_usd', 'cost_micro_usd'],
      ...sums.map(({ key, requests, inputTokens, outputTokens, guardMicroUsd, costMicroUsd }) =>
        [key ?? '', requests, inputTokens, outputTokens, guardMicroUsd, costMicroUsd].map(String),
      ),
    ]),
  json: (by, sums) => `${JSON.stringify({ by, costs: sums, total: addUp(sums) }, undefined, 2)}\n`,
};

function writeTable(by: CostKey, sums: readonly CostSum[]): string {
  const columns: readonly Column[] = [
    { heading: by, minWidth: 8 },
    ...['requests', 'tokens in', 'tokens out', 'guardrails', 'cost'].map((heading): Column => ({
      heading,
      align: 'right',
    })),
  ];
  const describe = (sum: CostSum) => [
    stripControls(sum.key ?? '-'),
    String(sum.requests),
    String(sum.inputTokens),
    String(sum.outputTokens),
    formatUsd(sum.guardMicroUsd),
    formatUsd(sum.costMicroUsd),
  ];
  return formatTable(columns, [...sums, { ...addUp(sums), key: 'all' }].map(describe));
}

function addUp(sums: readonly CostSum[]): Omit<CostSum, 'key'> {
  const add = (field: Exclude<keyof CostSum, 'key'>) => sums.reduce((total, sum) => total + sum[field], 0);
  return {
    requests: add('requests'),
    inputTokens: add('inputTokens'),
    outputTokens: add('outputTokens'),
    guardMicroUsd: add('guardMicroUsd'),
    costMicroUsd: add('costMicroUsd'),
  };
}

async function reconcile({ state, format }: CostOptions): Promise<void> {
  const rows = (await reconcileCosts(state)).map((row) => ({
    ...row,
    differenceMicroUsd: row.recordedMicroUsd - row.bookedMicroUsd,
  }));
  const cells = rows.map((row) => [
    row.scope,
    row.window,
    ...[row.recordedMicroUsd, row.bookedMicroUsd, row.differenceMicroUsd, row.reservedMicroUsd].map(
      (amount) => (format === 'csv' ? String(amount) : formatUsd(amount)),
    ),
  ]);
  const headings = ['budget', 'window', 'recorded', 'booked', 'difference', 'set aside'];
  if (format === 'json') process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (format === 'csv') process.stdout.write(writeCsv([headings, ...cells]));
  else if (rows.length === 0) process.stdout.write(`${paint('dim', 'no budget has booked anything')}\n`);
  else {
    const columns = headings.map((heading, at): Column => ({ heading, ...(at > 1 && { align: 'right' }) }));
    process.stdout.write(formatTable(columns, cells));
  }
  if (rows.every(({ differenceMicroUsd }) => differenceMicroUsd === 0)) return;
  process.stderr.write(
    'goldenpath: records and ledger differ. A budget that is younger than its window knows nothing of what came before ' +
      'it; what a crash left behind is booked within minutes, and recorded at the next start of a gateway.\n',
  );
  process.exitCode = 1;
}
