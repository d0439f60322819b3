import type { Command } from 'commander';
import { compileGovernance } from '../governance/compile.ts';
import { formatProblem } from '../governance/problem.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';

/** Adds `goldenpath check`: exit 0 when the repository may be served, 1 when it has problems, 2 when it cannot be read. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check a governance repository: every problem with file, line, cause and fix')
    .argument('[dir]', 'the governance repository', DEFAULT_GOVERNANCE)
    .option('--json', 'the problems as JSON')
    .action(async (directory: string, options: { json?: true }) => {
      const { governance, problems } = await compileGovernance(directory);
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ ok: governance !== undefined, version: governance?.version, problems }, null, 2)}\n`,
        );
      else if (governance === undefined) {
        process.stdout.write(
          `${problems.map(formatProblem).join('\n')}\n\n${problems.length} problem(s): this repository will not be served.\n`,
        );
      } else {
        const { capabilities, tenants, routes, version } = governance;
        process.stdout.write(
          `ok: ${capabilities.size} capabilities, ${tenants.size} tenants, ${routes.size} routes; version ${version.slice(0, 12)}\n`,
        );
      }
      process.exitCode = governance === undefined ? 1 : 0;
    });
}
