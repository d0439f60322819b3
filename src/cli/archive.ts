import type { Command } from 'commander';
import { expireArchive, shredTenant } from '../compose/evidence.ts';
import { DEFAULT_STATE } from './defaults.ts';

/** Adds `goldenpath archive`: shred and expire. */
export function addArchiveCommand(program: Command): void {
  const archive = program.command('archive').description('destroy archived prompts and answers');
  archive
    .command('shred')
    .description("destroy a tenant's keys: what is archived of it can never be read again")
    .argument('<tenant>', 'the tenant')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(async (tenant: string, { reason, state }: { reason: string; state: string }) => {
      if (reason.trim() === '') throw new Error('say why, with --reason: it is recorded');
      const destroyed = await shredTenant({ stateDir: state, tenant, reason });
      const what = destroyed === 1 ? '1 key was destroyed' : `${destroyed} keys were destroyed`;
      process.stdout.write(
        destroyed === 0
          ? `the tenant ${tenant} has no key here: nothing of it is archived\n`
          : `${what}; what was archived of ${tenant} is gone. Copies of ${state}/keys in backups must go too.\n`,
      );
      process.exitCode = destroyed === 0 ? 1 : 0;
    });
  archive
    .command('expire')
    .description('delete what is past its retention')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(async ({ state }: { state: string }) => {
      process.stdout.write(
        `entries deleted because their retention is over: ${await expireArchive(state)}\n`,
      );
    });
}
