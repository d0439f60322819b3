import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatProblem, type Problem } from '../governance/problem.ts';
import {
  planSuites,
  readWorkspace,
  runSuites,
  toJUnit,
  type CaseResult,
  type Workspace,
} from '../guardrail-test/index.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';
import { addGuardrailDiffCommand } from './guardrail-diff.ts';
import { writeTestReport } from './guardrail-report.ts';
import { createProgress } from './progress.ts';

interface TestOptions {
  readonly guardrail?: string;
  readonly json?: true;
  readonly junit?: string;
}

/** Adds `goldenpath guardrail`: tests and comparisons of guardrails, without a network. */
export function addGuardrailCommand(program: Command): void {
  const guardrail = program
    .command('guardrail')
    .description("test guardrails with cases of one's own, and compare two versions");
  guardrail
    .command('test')
    .description('run the cases of a folder on its guardrails')
    .argument('[dir]', 'a governance repository, or any folder with guardrails and cases', DEFAULT_GOVERNANCE)
    .option(
      '--guardrail <name>',
      'this one alone: NAME, or NAME@VERSION for another version than the highest',
    )
    .option('--json', 'the results as JSON')
    .option('--junit <file>', 'write the results as JUnit XML too')
    .addHelpText(
      'after',
      '\nIn a repository: guardrails/NAME/cases/*.yaml or *.jsonl. Elsewhere also NAME.json beside NAME.cases.yaml.\n' +
        'Guardrails are evaluated by the embedded engine.\n' +
        'Exit status: 0 every case passed, 1 some failed, 2 they could not be run.',
    )
    .action(test);
  addGuardrailDiffCommand(guardrail);
}

async function test(directory: string, options: TestOptions): Promise<void> {
  const workspace = await readWorkspace(directory);
  refuseProblems(workspace.problems, directory);
  const suites = planSuites(workspace, options.guardrail);
  if (suites.length === 0) throw explainNothing(workspace, directory);
  const progress = createProgress('cases');
  const ran = runSuites(suites, { nowMs: () => performance.now(), onProgress: progress.show });
  progress.clear();
  const results = ran.map((result): CaseResult => ({ ...result, file: join(directory, result.file) }));
  const isGood = results.every(({ failures }) => failures.length === 0);
  if (options.junit !== undefined) writeFileSync(options.junit, toJUnit(results));
  const untested = options.guardrail === undefined ? listUntested(workspace) : [];
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: isGood, cases: results, untested }, undefined, 2)}\n`
      : writeTestReport(results, untested),
  );
  process.exitCode = isGood ? 0 : 1;
}

// Where files have problems, what they should have said is not known.
function refuseProblems(problems: readonly Problem[], directory: string): void {
  if (problems.length === 0) return;
  const told = problems.map((problem) => formatProblem({ ...problem, file: join(directory, problem.file) }));
  throw new Error(`the cases were not run:\n${told.join('\n')}`);
}

function explainNothing({ guardrails, caseFiles }: Workspace, directory: string): Error {
  const [first] = guardrails;
  if (caseFiles.length > 0) return new Error(`${directory} has no cases for this guardrail`);
  return new Error(
    first === undefined
      ? `${directory} has neither guardrails nor cases`
      : `${directory} has no cases; write the first into ${first.name}/cases/, as YAML`,
  );
}

function listUntested({ guardrails, caseFiles }: Workspace): string[] {
  const names = new Set(guardrails.map(({ name }) => name));
  for (const { name } of caseFiles) names.delete(name);
  return [...names].toSorted();
}
