import type { Command } from 'commander';
import { compileGovernance, type Compiled } from '../governance/compile.ts';
import type { Problem } from '../governance/problem.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';
import { paint, stripControls } from './terminal.ts';

/** Adds `goldenpath check`: exit 0 when the repository may be served, 1 when it has problems, 2 when it cannot be read. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check a governance repository: every problem with file, line, cause and fix')
    .argument('[dir]', 'the governance repository', DEFAULT_GOVERNANCE)
    .option('--json', 'the problems as JSON')
    .action(async (directory: string, options: { json?: true }) => {
      const compiled = await compileGovernance(directory);
      process.stdout.write(options.json ? writeJson(compiled) : writeText(compiled));
      process.exitCode = compiled.governance === undefined ? 1 : 0;
    });
}

function writeJson({ governance, problems, warnings }: Compiled): string {
  const result = { ok: governance !== undefined, version: governance?.version, problems, warnings };
  return `${JSON.stringify(result, null, 2)}\n`;
}

function writeText({ governance, problems, warnings }: Compiled): string {
  const told = [
    ...problems.map((problem) => writeProblem(problem, paint('red', 'problem'))),
    ...warnings.map((warning) => writeProblem(warning, paint('yellow', 'warning'))),
  ];
  if (governance === undefined) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    return [...told, `${paint('red', count)}: this repository will not be served.\n`].join('\n');
  }
  const counted = [
    count(governance.capabilities.size, 'capability', 'capabilities'),
    count(governance.tenants.size, 'tenant', 'tenants'),
    count(governance.routes.size, 'route', 'routes'),
    count(Object.keys(governance.policies.policies).length, 'policy', 'policies'),
  ];
  const summary = `${paint('green', 'ok')}: ${counted.join(', ')}; version ${governance.version.slice(0, 12)}\n`;
  return [...told, summary].join('\n');
}

/** The place first, as editors and terminals make a link of it. */
function writeProblem({ file, line, column, cause, fix }: Problem, kind: string): string {
  const place = paint('bold', `${stripControls(file)}:${line}:${column}`);
  return `${place} ${kind}: ${stripControls(cause)}\n  ${paint('dim', 'fix:')} ${stripControls(fix)}\n`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
