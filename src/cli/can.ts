import type { Command } from 'commander';
import { explainDecision } from '../compose/decisions.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';
import { paint } from './terminal.ts';

interface CanOptions {
  readonly tenant: string;
  readonly group: readonly string[];
  readonly workflow?: string;
  readonly service?: true;
  readonly governance: string;
  readonly json?: true;
}

/** Adds `goldenpath can`: exit 0 when policy allows it, 1 when it does not. */
export function addCanCommand(program: Command): void {
  program
    .command('can')
    .description('explain whether a user may use a capability, and by which policies')
    .argument('<user>', "the token's subject")
    .argument('<capability>', 'a capability of the repository')
    .requiredOption('--tenant <name>', 'the tenant of the user')
    .option('--group <name>', 'a group of the user; may be given several times', collect, [])
    .option('--workflow <name>', 'the workflow of the user')
    .option('--service', 'the caller is a service, not a person')
    .option('--governance <dir>', 'the governance repository', DEFAULT_GOVERNANCE)
    .option('--json', 'the decision as JSON')
    .action(async (user: string, capability: string, options: CanOptions) => {
      const explained = await explainDecision({
        directory: options.governance,
        capability,
        caller: {
          subject: user,
          tenant: options.tenant,
          groups: options.group,
          workflow: options.workflow,
          kind: options.service ? 'service' : 'user',
        },
      });
      if (options.json) process.stdout.write(`${JSON.stringify(explained, null, 2)}\n`);
      else {
        const verb = explained.allowed ? paint('green', 'may') : paint('red', 'may not');
        const lines = [`${options.tenant}/${user} ${verb} use ${capability}: ${explained.reason}`];
        for (const policy of explained.policies)
          lines.push(
            '',
            `  ${paint('bold', policy.id)}`,
            ...policy.text.split('\n').map((line) => `    ${line}`),
          );
        process.stdout.write(`${lines.join('\n')}\n`);
      }
      process.exitCode = explained.allowed ? 0 : 1;
    });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
