import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { hasLoopbackKey, mintLoopbackToken } from '../compose/tokens.ts';
import { DEFAULT_STATE } from './defaults.ts';

interface TokenOptions {
  readonly user: string;
  readonly tenant: string;
  readonly group: readonly string[];
  readonly workflow?: string;
  readonly ttl: number;
  readonly state: string;
}

/** Adds `goldenpath token`, which prints a token of the loopback issuer and nothing else. */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .description('print a token for a gateway that runs on this machine')
    .requiredOption('--user <name>', 'whom the token speaks for')
    .requiredOption('--tenant <name>', 'the tenant of that user')
    .option('--group <name>', 'a group of that user; may be given several times', collect, [])
    .option('--workflow <name>', 'the workflow that the requests belong to')
    .option('--ttl <duration>', 'how long it lives, such as 90s, 30m, 1h or 7d', parseDurationS, 3600)
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(async (options: TokenOptions, command: Command) => {
      try {
        const output = command.configureOutput();
        const isNew = !hasLoopbackKey(options.state);
        output.writeOut?.(`${await mintFor(options)}\n`);
        if (isNew)
          output.writeErr?.(
            `goldenpath: made a new key in ${options.state}; only a gateway with that --state accepts its tokens\n`,
          );
      } catch (error) {
        command.error(`error: ${error instanceof Error ? error.message : 'the token could not be made'}`);
      }
    });
}

function mintFor(options: TokenOptions): Promise<string> {
  const { user, tenant, group, workflow, ttl } = options;
  return mintLoopbackToken(options.state, { user, tenant, groups: group, workflow, ttlS: ttl });
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function parseDurationS(text: string): number {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text);
  const unitS = { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? ''];
  if (match?.[1] === undefined || unitS === undefined) {
    throw new InvalidArgumentError('Write a number and a unit, such as 90s, 30m, 1h or 7d.');
  }
  return Number(match[1]) * unitS;
}
