import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Option, type Command } from 'commander';
import { parseFile } from '../governance/document.ts';
import { readGuardrailCases, type GuardrailCase } from '../governance/guardrail-cases.ts';
import { formatProblem, type Problem } from '../governance/problem.ts';
import {
  compareGuardrails,
  countChanges,
  findGuardrail,
  readWorkspace,
  toGuardrailFile,
  type GuardrailFile,
  type Workspace,
} from '../guardrail-test/index.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';
import { writeDiffReport } from './guardrail-report.ts';
import { createProgress } from './progress.ts';

interface DiffOptions {
  readonly cases?: readonly string[];
  readonly source: 'INPUT' | 'OUTPUT';
  readonly governance: string;
  readonly json?: true;
  readonly failOnDifference?: true;
}

/** Adds `goldenpath guardrail diff`: what a change of a guardrail changes for texts. */
export function addGuardrailDiffCommand(guardrail: Command): void {
  guardrail
    .command('diff')
    .description('compare what two guardrails, or two versions of one, make of the same texts')
    .argument('<before>', 'NAME@VERSION of the repository, or a JSON file')
    .argument('<after>', 'the other')
    .option(
      '--cases <file...>',
      "cases as YAML or JSON Lines, or a text a line (default: the repository's for the first)",
    )
    .addOption(
      new Option('--source <source>', 'which way the texts of a plain file travel')
        .choices(['INPUT', 'OUTPUT'])
        .default('INPUT'),
    )
    .option('--governance <dir>', 'where NAME@VERSION is looked up', DEFAULT_GOVERNANCE)
    .option('--json', 'the comparison as JSON')
    .option('--fail-on-difference', 'exit status 1 where anything differs')
    .action(diff);
}

async function diff(before: string, after: string, options: DiffOptions): Promise<void> {
  let read: Promise<Workspace> | undefined;
  const workspace = async () => {
    const { guardrails, caseFiles, problems } = await (read ??= readWorkspace(options.governance));
    failOn(problems);
    return { guardrails, caseFiles };
  };
  const guardrails = {
    before: await readGuardrail(before, workspace),
    after: await readGuardrail(after, workspace),
  };
  const cases =
    options.cases === undefined
      ? (await workspace()).caseFiles
          .filter(({ name }) => name === guardrails.before.name)
          .map((read) => ({ ...read, file: join(options.governance, read.file) }))
      : await Promise.all(options.cases.map((file) => readCases(file, options.source)));
  if (cases.length === 0) throw new Error(`there are no cases for ${before}; name some with --cases FILE`);
  const progress = createProgress('cases');
  const compared = compareGuardrails(guardrails, { cases, onProgress: progress.show });
  progress.clear();
  const counts = countChanges(compared);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ before, after, counts, cases: compared }, undefined, 2)}\n`
      : writeDiffReport(compared, { before, after }),
  );
  if (options.failOnDifference && counts.same < compared.length) process.exitCode = 1;
}

type Look = () => Promise<Pick<Workspace, 'guardrails'>>;

async function readGuardrail(reference: string, look: Look): Promise<GuardrailFile> {
  if (!reference.endsWith('.json')) return findGuardrail((await look()).guardrails, reference);
  const parsed = parseFile(reference, await readText(reference));
  const name = basename(reference, '.json');
  const file = Array.isArray(parsed) ? parsed : toGuardrailFile({ name, version: 'DRAFT', parsed });
  if (!Array.isArray(file)) return file;
  failOn(file);
  throw new Error(`${reference}: cannot be read as a guardrail`);
}

async function readCases(file: string, source: DiffOptions['source']) {
  const text = await readText(file);
  if (!/\.(ya?ml|jsonl)$/.test(file)) return { file, cases: listLines(text, source) };
  const read = readGuardrailCases(file, text);
  if (!Array.isArray(read)) return read;
  failOn(read);
  return { file, cases: [] };
}

/** What a case expects is not looked at in a comparison. */
function listLines(text: string, source: DiffOptions['source']): GuardrailCase[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line, source, expect: 'none' as const, line: index + 1 }))
    .filter((one) => one.text.trim() !== '');
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${file}: cannot be read; name a file that is there`, { cause });
  });
}

function failOn(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
}
