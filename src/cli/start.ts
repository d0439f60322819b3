import { InvalidArgumentError, type Command } from 'commander';
import type { SuggestedRequest } from '../compose/decisions.ts';
import type { LocalGateway } from '../compose/local.ts';
import { isOneOfSeveral, joinSiblings, startWorkers } from '../compose/workers.ts';
import { COMMAND, quote } from './command-name.ts';
import { DEFAULT_GOVERNANCE, DEFAULT_HOST, DEFAULT_PORT, DEFAULT_STATE } from './defaults.ts';

interface StartOptions {
  readonly port: number;
  readonly host: string;
  readonly state: string;
  readonly governance: string;
  readonly workers: number;
  readonly logLevel?: string;
}

/** Adds `goldenpath start`: the gateway in this process, or in several that share its port, until SIGINT or SIGTERM. */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('start the gateway')
    .option('-p, --port <number>', 'the port to listen on; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'the address to listen on', DEFAULT_HOST)
    .option('--state <dir>', 'where log, archive and keys are kept', DEFAULT_STATE)
    .option('--governance <dir>', 'the governance repository', DEFAULT_GOVERNANCE)
    .option(
      '--workers <number>',
      'processes that share port, ledger, switches and log; each has a chain of its own in the log',
      parseWorkers,
      1,
    )
    .option(
      '--log-level <level>',
      'trace, debug, info, warn, error or silent (default: warn on a terminal, else info)',
      parseLevel,
    )
    .action((options: StartOptions) =>
      options.workers > 1 && !isOneOfSeveral() ? startSeveral(options) : startOne(options),
    );
}

const USER = 'maya';

/** What the example that ships with the checkout is best asked. */
const EXAMPLE = {
  capability: 'support-assistant',
  question: 'How long can I return an item? I am maya@example.com',
} as const;

async function startOne(options: StartOptions): Promise<void> {
  const level = options.logLevel ?? (process.stderr.isTTY ? 'warn' : 'info');
  // Server and providers are loaded for this command alone: the others answer in half the time.
  const { startLocalGateway } = await import('../compose/local.ts');
  const { suggestRequest } = await import('../compose/decisions.ts');
  const siblings = isOneOfSeveral() ? joinSiblings() : undefined;
  const gateway = await startLocalGateway({
    governanceDir: options.governance,
    stateDir: options.state,
    host: options.host,
    port: options.port,
    env: process.env,
    log: { level, fd: 2 },
    ...(siblings && { siblings }),
  }).catch((error: unknown) => {
    siblings?.leave();
    throw explainStartFailure(error, options);
  });
  const { governance } = gateway;
  const suggested = suggestRequest(governance, { user: USER, prefer: EXAMPLE.capability });
  const greeting = greet(gateway, options, suggested);
  if (siblings === undefined) process.stdout.write(greeting);
  else siblings.tellReady(greeting);
  stopOnSignals(() => gateway.stop());
  process.on('SIGHUP', () => void gateway.reload('SIGHUP'));
  // A worker without its parent is stopped by nobody else.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/** Stops in order at the first signal, and at once at the second. */
function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  const onSignal = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(
          `goldenpath: ${error instanceof Error ? error.message : 'could not stop cleanly'}\n`,
        );
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

async function startSeveral({ workers: count }: StartOptions): Promise<void> {
  const workers = startWorkers({
    count,
    onReady: (greeting, pids) =>
      process.stdout.write(greeting.replace('\n\n', `\n  workers     processes ${pids.join(', ')}\n\n`)),
    onLost: (message) => process.stderr.write(`goldenpath: ${message}\n`),
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => workers.signal(signal));
  process.exitCode = await workers.ended;
}

/** Reads a port; 0 stands for a free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Write a number from 0 to 65535.');
  return port;
}

const MAX_WORKERS = 256;

function parseWorkers(text: string): number {
  const workers = Number(text);
  if (!/^[0-9]{1,3}$/.test(text) || workers < 1 || workers > MAX_WORKERS)
    throw new InvalidArgumentError(`Write a number from 1 to ${MAX_WORKERS}.`);
  return workers;
}

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

function parseLevel(text: string): string {
  if (!LEVELS.includes(text)) throw new InvalidArgumentError(`Write one of ${LEVELS.join(', ')}.`);
  return text;
}

function explainStartFailure(error: unknown, options: StartOptions): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new Error(
      `port ${options.port} is taken; stop what listens there, or choose another with --port`,
      { cause: error },
    );
  }
  if (
    (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EROFS') &&
    'syscall' in error &&
    error.syscall === 'mkdir'
  ) {
    return new Error(`no folder can be made at ${options.state} (${code}); choose another --state`, {
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new Error(`no permission (${error.message}); choose another --port or --state`, { cause: error });
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new Error(`${options.state} is no directory; name another with --state`, { cause: error });
  }
  return error;
}

/** What to do next: a command to paste, then the story of its answer and the proof of the log. */
function greet(
  { url, governance }: LocalGateway,
  options: StartOptions,
  suggested: SuggestedRequest | undefined,
): string {
  const { name, version, capabilities } = governance;
  const lines = [
    `Goldenpath is ready at ${url}`,
    `  governance  ${name}, version ${version.slice(0, 12)}: ${[...capabilities.keys()].join(', ')}`,
    `  state       ${options.state}`,
    '',
  ];
  if (governance.loopbackIssuer && suggested !== undefined) {
    const { capability, tenant, groups } = suggested;
    // Said even where the environment says it: the other terminal need not have that variable.
    const state = options.state === '.goldenpath' ? '' : ` --state ${quote(options.state)}`;
    const who = [`--user ${USER} --tenant ${tenant}`, ...groups.map((group) => `--group ${quote(group)}`)];
    const question = capability === EXAMPLE.capability ? EXAMPLE.question : 'What can you help me with?';
    lines.push(
      'Paste this into another terminal:',
      '',
      `  curl -s ${url}/v1/chat/completions \\`,
      `    -H "authorization: Bearer $(${COMMAND} token ${who.join(' ')}${state})" \\`,
      "    -H 'content-type: application/json' \\",
      `    -d '{"model":"${capability}","messages":[{"role":"user","content":"${question}"}]}'`,
      '',
      "Then ask for that answer's story, and prove that the log was not altered:",
      '',
      `  ${COMMAND} explain last${state}`,
      `  ${COMMAND} audit verify${state}`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}
