import type { Command } from 'commander';
import { queryAttempts, readArchivedText, type FoundAttempt, type ReadResult } from '../compose/evidence.ts';
import { addFilterOptions, parseLimit, toQuery, type FilterOptions } from './audit-filter.ts';
import { describeArchived } from './archived-text.ts';
import { COMMAND } from './command-name.ts';
import { formatTable, paint, stripControls, type Column } from './terminal.ts';

interface QueryOptions extends FilterOptions {
  readonly json?: true;
  readonly prompts?: true;
  readonly reason?: string;
}

/** Adds `audit query`: exit 0 also when nothing matched. */
export function addQueryCommand(audit: Command): void {
  addFilterOptions(audit.command('query'))
    .description('list attempts, newest first: "every prompt by user X in the last 24 h"')
    .option('--limit <count>', 'at most so many', parseLimit, 50)
    .option('--prompts', 'also decrypt and show the prompts; each reading is recorded')
    .option('--reason <text>', 'why you read prompts; required with --prompts')
    .option('--json', 'one JSON object a line')
    .action(async (options: QueryOptions) => {
      const { prompts, reason, state } = options;
      if (prompts && !reason?.trim())
        throw new Error('say why you read prompts, with --reason: it is recorded');
      const attempts = queryAttempts(state, toQuery(options));
      const texts =
        prompts && reason !== undefined
          ? await readArchivedText({ stateDir: state, attempts, reason })
          : undefined;
      process.stdout.write(options.json ? formatJson(attempts, texts) : formatAttempts(attempts, texts));
      if (!options.json && attempts.length === options.limit)
        process.stderr.write(`goldenpath: the first ${options.limit} are shown; raise --limit for more\n`);
      warnOfDamage(attempts);
    });
}

/** Says that shown lines were edited, and sets the exit status that problems have. */
export function warnOfDamage(attempts: readonly FoundAttempt[]): void {
  const damaged = attempts
    .flatMap(({ opened, closed, notes }) => [opened, closed, ...notes])
    .filter((line) => line?.damage !== undefined);
  if (damaged.length === 0) return;
  const places = damaged.map((line) => `${line?.file}:${line?.line}`).join(', ');
  process.stderr.write(
    `goldenpath: these lines were changed after they were written: ${places}. Run ${COMMAND} audit verify.\n`,
  );
  process.exitCode = 1;
}

/** Of requests with feedback. */
const SCORE: Column = { heading: 'score', align: 'right' };

const COLUMNS: readonly Column[] = [
  { heading: 'time' },
  { heading: 'request', minWidth: 12 },
  { heading: 'tenant', minWidth: 6, dropOrder: 3 },
  { heading: 'user', minWidth: 6, dropOrder: 5 },
  { heading: 'capability', minWidth: 8, dropOrder: 4 },
  { heading: 'outcome', dropOrder: 7 },
  { heading: 'code or route', minWidth: 10, dropOrder: 6 },
  { heading: 'tokens', align: 'right', dropOrder: 2 },
  { heading: 'ms', align: 'right', dropOrder: 1 },
];

function formatAttempts(
  attempts: readonly FoundAttempt[],
  texts: ReadonlyMap<string, ReadResult> | undefined,
): string {
  if (attempts.length === 0) return `${paint('dim', 'no attempt matches')}\n`;
  const scores = attempts.map(describeScore);
  const table = scores.some((score) => score !== undefined)
    ? formatTable(
        [...COLUMNS, SCORE],
        attempts.map((attempt, index) => [...describeRow(attempt), scores[index] ?? '-']),
      )
    : formatTable(COLUMNS, attempts.map(describeRow));
  if (texts === undefined) return table;
  const [heading = '', ...rows] = table.split('\n');
  const blocks = attempts.map(({ requestId }, index) => {
    const archived = texts.get(requestId);
    return [
      rows[index] ?? '',
      ...(archived === undefined ? [] : describeArchived(archived)).map((line) => `    ${line}`),
    ].join('\n');
  });
  return `${[heading, ...blocks].join('\n')}\n`;
}

/** The newest one counts: who gives feedback again has thought again. */
function describeScore({ notes }: FoundAttempt): string | undefined {
  const scores = notes.flatMap(({ record }) =>
    record.kind === 'admin' && record.feedback !== undefined ? [record.feedback.score] : [],
  );
  return scores.at(-1)?.toString();
}

function describeRow({ requestId, story }: FoundAttempt): string[] {
  const { caller, capability, route } = story;
  const cells = [
    new Date(story.startedAtMs).toISOString().replace('T', ' ').slice(0, 19),
    requestId,
    caller?.tenant,
    caller?.subject,
    capability,
  ];
  if (story.kind === 'opened')
    return [...cells, 'open', route, '', ''].map((cell) => stripControls(cell ?? '-'));
  const { outcome, refusal, usage, tookUs } = story;
  const tokens = usage === undefined ? '-' : `${usage.inputTokens}+${usage.outputTokens}`;
  const took = tookUs === undefined ? '-' : (tookUs / 1000).toFixed(tookUs < 10_000 ? 1 : 0);
  return [...cells, outcome, refusal?.code ?? route, tokens, took].map((cell) => stripControls(cell ?? '-'));
}

function formatJson(
  attempts: readonly FoundAttempt[],
  texts: ReadonlyMap<string, ReadResult> | undefined,
): string {
  return attempts
    .map(
      (attempt) =>
        `${JSON.stringify({ ...describeForScripts(attempt), ...texts?.get(attempt.requestId) })}\n`,
    )
    .join('');
}

/** An attempt as scripts read it: the record, and where its lines stand. */
export function describeForScripts({ requestId, story, opened, closed, notes }: FoundAttempt): object {
  const place = (line: FoundAttempt['opened']) =>
    line && { file: line.file, line: line.line, seq: line.seq, damage: line.damage };
  return {
    requestId,
    record: story,
    opened: place(opened),
    closed: place(closed),
    notes: notes.map(({ record }) => record),
  };
}
