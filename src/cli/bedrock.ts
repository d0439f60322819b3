import { InvalidArgumentError, type Command } from 'commander';
import { compileGovernance } from '../governance/compile.ts';
import { formatProblem } from '../governance/problem.ts';
import type { GovernedGuardrail, GuardrailStore, LocalBedrock, Place } from '../local-bedrock/index.ts';
import { parseLimit } from './audit-filter.ts';
import { DEFAULT_HOST } from './defaults.ts';
import { parsePort } from './start.ts';

interface BedrockOptions {
  readonly port: number;
  readonly host: string;
  readonly region: string;
  readonly account: string;
  readonly state?: string;
  readonly governance?: string;
  readonly requestsPerSecond?: number;
}

const PORT = 8081;

/** Adds `goldenpath bedrock`: a local Amazon Bedrock in this process, until SIGINT or SIGTERM. */
export function addBedrockCommand(program: Command): void {
  program
    .command('bedrock')
    .description('start a local Amazon Bedrock: guardrails, ApplyGuardrail and InvokeGuardrailChecks')
    .option('-p, --port <number>', 'the port to listen on; 0 takes a free one', parsePort, PORT)
    .option('--host <address>', 'the loopback address to listen on', DEFAULT_HOST)
    .option('--region <name>', 'the Region that it says it is', parseRegion, 'us-east-1')
    .option('--account <id>', 'the account that it says it is', parseAccount, '123456789012')
    .option('--state <dir>', 'keep guardrails in files there (default: in memory)')
    .option('--governance <dir>', 'serve the guardrails of a governance repository')
    .option('--requests-per-second <count>', 'answer more with ThrottlingException', parseLimit)
    .addHelpText(
      'after',
      '\nSignatures and credentials are accepted and not verified, so it listens on loopback alone.\n' +
        'Guardrails are evaluated by the embedded engine: it answers in the shapes of Bedrock, and its verdicts are its own.\n' +
        'A guardrail of the repository replaces the one of the same id in --state.',
    )
    .action(serve);
}

async function serve(options: BedrockOptions): Promise<void> {
  const { port, host, region, account, state, governance, requestsPerSecond } = options;
  // Loaded for this command alone: the others answer in half the time.
  const local = await import('../local-bedrock/index.ts');
  const place: Place = { region, accountId: account };
  const store = state === undefined ? local.createMemoryStore() : await local.openFileStore(state, place);
  if (governance !== undefined) {
    const governed = await readGoverned(governance);
    const at = new Date().toISOString();
    for (const guardrail of local.governGuardrails(governed, { place, at })) await store.put(guardrail);
  }
  const bedrock = await local
    .startLocalBedrock({ host, port, place, store, requestsPerSecond })
    .catch((error: unknown) => {
      throw explainFailure(error, options);
    });
  const stop = () => {
    void bedrock[Symbol.asyncDispose]().then(() => process.exit(0));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.stdout.write(greet(bedrock, { options, store }));
}

async function readGoverned(directory: string): Promise<GovernedGuardrail[]> {
  const { governance, problems } = await compileGovernance(directory);
  if (governance === undefined) throw new Error(problems.map(formatProblem).join('\n'));
  const embedded = [...governance.guardrails.values()].filter(({ engine }) => engine === 'embedded');
  const byName = Map.groupBy(embedded, ({ name }) => name);
  return [...byName].map(([name, versions]) => ({
    name,
    versions: versions.map(({ version, config }) => ({ version: Number(version), config })),
  }));
}

function greet(
  { url }: LocalBedrock,
  { options, store }: { readonly options: BedrockOptions; readonly store: GuardrailStore },
): string {
  const { region, account, state } = options;
  const guardrails = store.list().map(({ id, draft, versions }) => {
    const numbers = ['DRAFT', ...versions.map(({ version }) => version)].join(', ');
    return `  guardrail   ${id} (${draft.config.name}): ${numbers}\n`;
  });
  return (
    `Local Bedrock is ready at ${url}\n` +
    `  place       ${region}, account ${account}\n` +
    `  state       ${state ?? 'in memory'}\n` +
    guardrails.join('') +
    '\nPoint any AWS SDK at it, and change nothing else:\n\n' +
    `  export AWS_ENDPOINT_URL_BEDROCK=${url} AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}\n` +
    `  export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}\n` +
    '  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n\n'
  );
}

function parseRegion(text: string): string {
  if (!/^[a-z0-9-]{1,20}$/.test(text)) throw new InvalidArgumentError('Write a Region such as eu-central-1.');
  return text;
}

function parseAccount(text: string): string {
  if (!/^[0-9]{12}$/.test(text)) throw new InvalidArgumentError('Write twelve digits.');
  return text;
}

function explainFailure(error: unknown, { port }: BedrockOptions): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  return new Error(`port ${port} is taken; stop what listens there, or choose another with --port`, {
    cause: error,
  });
}
