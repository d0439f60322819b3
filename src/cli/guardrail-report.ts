import {
  CHANGES,
  countChanges,
  describeFailure,
  type CaseResult,
  type Compared,
} from '../guardrail-test/index.ts';
import { formatTable, paint, stripControls, terminalWidth, type Column } from './terminal.ts';

const TEST_COLUMNS: readonly Column[] = [
  { heading: 'guardrail', minWidth: 12 },
  { heading: 'cases in', minWidth: 12 },
  { heading: 'passed', align: 'right' },
  { heading: 'failed', align: 'right' },
];

/** What became of cases: a line for each file, then every case that failed, then the sum. */
export function writeTestReport(results: readonly CaseResult[], untested: readonly string[]): string {
  const suites = Map.groupBy(results, ({ guardrail, file }) => `${guardrail}\0${file}`);
  const rows = [...suites.values()].map((cases) => {
    const failed = cases.filter(isFailed).length;
    const { guardrail = '', file = '' } = cases[0] ?? {};
    return [guardrail, stripControls(file), String(cases.length - failed), String(failed)];
  });
  const failed = results.filter(isFailed);
  const sum =
    failed.length === 0
      ? `${paint('green', 'ok')}: ${countOf(results.length, 'case')} passed`
      : paint('red', `${failed.length} of ${countOf(results.length, 'case')} failed`);
  const without = untested.length > 0 ? `; no cases for ${untested.join(', ')}` : '';
  const told = failed.map((result) => `\n${writeFailed(result)}`);
  return `${formatTable(TEST_COLUMNS, rows)}${told.join('')}\n${sum}${without}\n`;
}

const isFailed = ({ failures }: CaseResult): boolean => failures.length > 0;

function writeFailed({ guardrail, file, line, name, failures }: CaseResult): string {
  const lines = failures.flatMap(describeFailure).map((text) => {
    const shown = cut(`  ${printable(text)}`);
    if (text.startsWith('- ')) return paint('green', shown);
    return text.startsWith('+ ') ? paint('red', shown) : shown;
  });
  const title = cut(`${guardrail}: ${printable(name)}`);
  return [
    `${paint('red', '✗')} ${paint('bold', title)}`,
    `  ${stripControls(file)}:${line}`,
    ...lines,
    '',
  ].join('\n');
}

const DIFF_COLUMNS: readonly Column[] = [
  { heading: 'change' },
  { heading: 'source', dropOrder: 1 },
  { heading: 'case', minWidth: 16 },
  { heading: 'before', minWidth: 12 },
  { heading: 'after', minWidth: 12 },
  { heading: 'at', minWidth: 8, dropOrder: 2 },
];

/** What two guardrails treat differently, the gravest first, and how much they treat alike. */
export function writeDiffReport(
  compared: readonly Compared[],
  names: { readonly before: string; readonly after: string },
): string {
  const rows = CHANGES.flatMap((change) =>
    compared
      .filter((one) => one.change === change)
      .map((one) => [
        change,
        one.source,
        printable(one.name),
        ...describeOutcomes(one),
        `${stripControls(one.file)}:${one.line}`,
      ]),
  );
  const counts = countChanges(compared);
  const told = CHANGES.filter((change) => counts[change] > 0).map((change) => `${counts[change]} ${change}`);
  const sum = [...told, `${counts.same} the same`].join(', ');
  const title = `${names.before} → ${names.after}, ${countOf(compared.length, 'case')}: ${sum}\n`;
  return rows.length === 0 ? title : `${formatTable(DIFF_COLUMNS, rows)}\n${title}`;
}

/** What both made of a text. Cells are cut at their end, so texts begin where they begin to differ. */
function describeOutcomes({ before, after, change }: Compared): [string, string] {
  const start = change?.endsWith('differently') ? countCommon(textOf(before), textOf(after)) : 0;
  const describe = (outcome: Compared['before']) => {
    const isText = outcome.action === 'masked' || change === 'blocked differently';
    const text = textOf(outcome);
    const shown = start > LEAST_COMMON ? `…${text.slice(start - LEAST_COMMON)}` : text;
    const said = isText ? `${outcome.action}: ${shown}` : outcome.action;
    return printable(outcome.findings.length === 0 ? said : `${said} (${outcome.findings.join(', ')})`);
  };
  return [describe(before), describe(after)];
}

const LEAST_COMMON = 4;

const textOf = ({ outputs }: Compared['before']): string => outputs.join(' | ');

function countCommon(a: string, b: string): number {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

const printable = (text: string): string => stripControls(text.replaceAll(/\s+/g, ' '));

function cut(text: string): string {
  const width = terminalWidth();
  return text.length > width ? `${text.slice(0, Math.max(1, width - 1))}…` : text;
}

function countOf(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
