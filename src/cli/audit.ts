import type { Command } from 'commander';
import { exportEvidence, newestCheckpoints, queryAttempts } from '../compose/evidence.ts';
import { addFilterOptions, parseLimit, toQuery, type FilterOptions } from './audit-filter.ts';
import { addQueryCommand } from './audit-query.ts';
import { addVerifyCommand } from './audit-verify.ts';
import { COMMAND } from './command-name.ts';
import { DEFAULT_STATE } from './defaults.ts';

/** Adds `goldenpath audit`: query, verify, export and anchor. */
export function addAuditCommand(program: Command): void {
  const audit = program.command('audit').description('query, verify and export the audit log');
  addQueryCommand(audit);
  addVerifyCommand(audit);
  addExportCommand(audit);
  addAnchorCommand(audit);
}

function addAnchorCommand(audit: Command): void {
  audit
    .command('anchor')
    .description('print the newest signed checkpoints; keep them elsewhere and verify with --anchor')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(({ state }: { readonly state: string }) => {
      process.stdout.write(
        newestCheckpoints(state)
          .map((line) => `${line}\n`)
          .join(''),
      );
    });
}

function addExportCommand(audit: Command): void {
  addFilterOptions(audit.command('export'))
    .description('write attempts with their proofs into a folder that can be verified without the log')
    .requiredOption('--out <dir>', 'a new folder')
    .option('--limit <count>', 'at most so many', parseLimit)
    .action((options: FilterOptions & { readonly out: string }) => {
      const { out, ...filter } = options;
      const attempts = queryAttempts(options.state, toQuery(filter));
      const { lines, unproven } = exportEvidence({ stateDir: options.state, outDir: out, attempts });
      process.stdout.write(
        `${attempts.length} attempts, ${lines} lines: verify them with ${COMMAND} audit verify ${out}\n`,
      );
      if (unproven > 0)
        process.stderr.write(
          `goldenpath: no checkpoint covers ${unproven} of the lines yet; export again in some seconds\n`,
        );
    });
}
