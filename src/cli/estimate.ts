import { Option, type Command } from 'commander';
import { AWS_LIST_PRICES } from '../governance/aws-list-prices.ts';
import { compileGovernance } from '../governance/compile.ts';
import { estimateMonth, listMeteredPolicies, type BillLine, type Traffic } from '../governance/estimate.ts';
import type { Governance } from '../governance/governance.ts';
import { formatProblem } from '../governance/problem.ts';
import type { Capability, GuardrailPrice, TokenPrice } from '../road/governed.ts';
import { parseLimit } from './audit-filter.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';
import { formatUsd, writeCsv } from './money.ts';
import { formatTable, paint, type Column } from './terminal.ts';

interface EstimateOptions {
  readonly requestsPerDay?: number;
  readonly tiers?: true;
  readonly capability?: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly price?: string;
  readonly guardrailPrice?: string;
  readonly format: 'table' | 'csv' | 'json';
}

/** Requests a day, for low, medium and high traffic. */
const TIERS = [100, 1_000, 10_000] as const;

/** Adds `goldenpath estimate`: what a month on AWS costs, before it is deployed. */
export function addEstimateCommand(program: Command): void {
  program
    .command('estimate')
    .description('what a month on AWS costs at some traffic: model, guardrail units and every other part')
    .argument('[dir]', 'the governance repository', DEFAULT_GOVERNANCE)
    .option('--requests-per-day <count>', 'so many', parseLimit)
    .option('--tiers', `${TIERS.join(', ')} requests a day, side by side`)
    .option('--capability <name>', 'whose route and guardrail are priced (default: the first)')
    .option('--input-tokens <count>', 'of one request', parseLimit, 1000)
    .option('--output-tokens <count>', 'of one answer', parseLimit, 300)
    .option('--price <id>', "a price of the repository, instead of the route's")
    .option('--guardrail-price <id>', "a price of the repository, instead of the guardrail's")
    .addOption(
      new Option('--format <format>', 'how it is written').choices(['table', 'csv', 'json']).default('table'),
    )
    .action(async (directory: string, options: EstimateOptions) => {
      const volumes = listVolumes(options);
      const { governance, problems } = await compileGovernance(directory);
      if (governance === undefined) throw new Error(problems.map(formatProblem).join('\n'));
      const priced = findPrices(governance, options);
      const months = volumes.map((requestsPerDay) => {
        const { inputTokens, outputTokens } = options;
        const traffic: Traffic = { requestsPerDay, inputTokens, outputTokens };
        return { requestsPerDay, lines: estimateMonth({ ...priced, traffic }) };
      });
      process.stdout.write(WRITERS[options.format](months, { options, priced }));
    });
}

function listVolumes({ requestsPerDay, tiers }: EstimateOptions): readonly number[] {
  if (tiers) return TIERS;
  if (requestsPerDay === undefined) throw new Error('write --requests-per-day COUNT, or --tiers');
  return [requestsPerDay];
}

interface Priced {
  readonly capability: Capability;
  readonly route: string;
  readonly tokens: TokenPrice;
  readonly guardrail: GuardrailPrice;
  readonly policies: ReturnType<typeof listMeteredPolicies>;
}

function findPrices(governance: Governance, options: EstimateOptions): Priced {
  const { capabilities, prices } = governance;
  const [first] = capabilities.keys();
  const capability = capabilities.get(options.capability ?? first ?? '');
  if (capability === undefined)
    throw new Error(`there is no such capability; there are ${[...capabilities.keys()].join(', ')}`);
  const [route] = capability.routes;
  const find = (id: string) => {
    const price = prices.get(id);
    if (price === undefined)
      throw new Error(`there is no price ${id}; there are ${[...prices.keys()].join(', ') || 'none'}`);
    return price;
  };
  const tokens = options.price === undefined ? route?.price : find(options.price).tokens;
  const guardrail =
    options.guardrailPrice === undefined
      ? capability.guardrail.price
      : find(options.guardrailPrice).guardrail;
  if (tokens === undefined) throw new Error(`price ${options.price} has no tokens`);
  if (guardrail === undefined) throw new Error(`price ${options.guardrailPrice} has no guardrail`);
  const policies = listMeteredPolicies(capability.guardrail);
  return { capability, route: options.price ?? route?.name ?? '', tokens, guardrail, policies };
}

interface Month {
  readonly requestsPerDay: number;
  readonly lines: readonly BillLine[];
}

type Writer = (months: readonly Month[], about: { options: EstimateOptions; priced: Priced }) => string;

const sum = (lines: readonly BillLine[]) => lines.reduce((total, { microUsd }) => total + microUsd, 0);

const WRITERS: Readonly<Record<EstimateOptions['format'], (...args: Parameters<Writer>) => string>> = {
  table: writeTable,
  csv: (months) =>
    writeCsv([
      ['requests_per_day', 'component', 'quantity', 'unit', 'micro_usd'],
      ...months.flatMap(({ requestsPerDay, lines }) =>
        lines.map((line) => [
          String(requestsPerDay),
          line.component,
          String(line.quantity),
          line.unit,
          String(line.microUsd),
        ]),
      ),
    ]),
  json: (months) => {
    const { region, asOf } = AWS_LIST_PRICES;
    const bills = months.map((month) => ({ ...month, microUsd: sum(month.lines) }));
    return `${JSON.stringify({ region, asOf, months: bills }, undefined, 2)}\n`;
  },
};

function writeTable(...[months, about]: Parameters<Writer>): string {
  const columns: readonly Column[] = [
    { heading: 'component, a month' },
    ...months.map(({ requestsPerDay }): Column => ({ heading: `${requestsPerDay} a day`, align: 'right' })),
  ];
  const [first] = months;
  const rows = (first?.lines ?? []).map(({ component }, index) => [
    component,
    ...months.map(({ lines }) => formatUsd(lines[index]?.microUsd ?? 0)),
  ]);
  const total = ['all', ...months.map(({ lines }) => formatUsd(sum(lines)))];
  const { capability, route } = about.priced;
  const { inputTokens, outputTokens } = about.options;
  const { region, asOf } = AWS_LIST_PRICES;
  const notes = [
    `${capability.name} by ${route}, ${inputTokens} tokens in and ${outputTokens} out a request.`,
    ...explainFreeGuardrail(about.priced),
    `AWS's list prices of ${region} as of ${asOf}, without free tiers and taxes.`,
  ];
  return `${formatTable(columns, [...rows, total])}${notes.map((note) => `${paint('dim', note)}\n`).join('')}`;
}

/** Why the guardrail has no part in the bill; nothing where it has one. */
function explainFreeGuardrail({ capability, guardrail, policies }: Priced): readonly string[] {
  const id = `${capability.guardrail.name}@${capability.guardrail.version}`;
  if (policies.length === 0) return [`Guardrail ${id} has words and regexes alone, which cost nothing.`];
  if (policies.some((policy) => (guardrail[policy] ?? 0) > 0)) return [];
  return [`Guardrail ${id} costs nothing here: see --guardrail-price.`];
}
