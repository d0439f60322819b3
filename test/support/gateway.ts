import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { readRecords } from '../../src/adapters/audit-log/testing.ts';
import { openLoopbackIssuer } from '../../src/adapters/loopback-issuer/loopback-issuer.ts';
import { startLocalGateway, type LocalGateway, type LocalOptions } from '../../src/compose/local.ts';
import { compileGovernance } from '../../src/governance/compile.ts';
import { formatProblem } from '../../src/governance/problem.ts';
import type { ClosedRecord } from '../../src/road/record.ts';
import { raiseLimits } from './limits.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/support-desk', import.meta.url));

/** Who a test asks as. */
export interface TestUser {
  readonly user: string;
  readonly tenant: string;
  readonly groups: readonly string[];
  readonly workflow?: string;
}

export const MAYA: TestUser = { user: 'maya', tenant: 'acme', groups: ['support'] };

/** A gateway on a free port of loopback, with state and governance repository of its own. */
export interface TestGateway extends AsyncDisposable {
  readonly gateway: LocalGateway;
  readonly url: string;
  readonly stateDir: string;
  readonly governanceDir: string;
  token(user?: TestUser): Promise<string>;
  /** The official SDK, pointed at the gateway. */
  client(user?: TestUser): Promise<OpenAI>;
  /** POST of a chat completion, raw. */
  post(body: string | Buffer, headers?: Record<string, string>): Promise<Response>;
  /** Closed records of the audit log so far, in order. */
  closedRecords(): Promise<ClosedRecord[]>;
  stop(): Promise<void>;
}

export interface TestGatewayOptions extends Partial<
  Pick<LocalOptions, 'maxBodyBytes' | 'bodyTimeoutMs' | 'env' | 'log'>
> {
  /** Replaces or adds files of the example's governance repository, by path; `undefined` removes one. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** Starts on the state of an earlier gateway. */
  readonly stateDir?: string;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-test-'));
  const stateDir = options.stateDir ?? join(root, 'state');
  const governanceDir = join(root, 'governance');
  await writeGovernance(governanceDir, options.files ?? {});
  const gateway = await startLocalGateway({
    governanceDir,
    stateDir,
    host: '127.0.0.1',
    port: 0,
    env: options.env ?? {},
    log: options.log ?? { level: 'silent', fd: 2 },
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  });
  const issuer = await openLoopbackIssuer({ stateDir, clock: { nowMs: () => Date.now() } });
  const token = ({ user, tenant, groups, workflow }: TestUser = MAYA) =>
    issuer.mint({ user, tenant, groups, workflow, ttlS: 3600 });
  const stop = async () => {
    await gateway.stop();
    await rm(root, { recursive: true, force: true });
  };
  return {
    gateway,
    url: gateway.url,
    stateDir,
    governanceDir,
    token,
    client: async (user) =>
      new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: await token(user), maxRetries: 0, timeout: 20_000 }),
    post: async (body, headers) =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json', ...headers },
      }),
    closedRecords: () => readClosedRecords(stateDir),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A body that asks the support assistant. */
export function ask(content: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ model: 'support-assistant', messages: [{ role: 'user', content }], ...more });
}

const LIMITED = [
  'goldenpath.yaml',
  'tenants/acme.yaml',
  'tenants/globex.yaml',
  'capabilities/support-assistant.yaml',
];

/** Writes the example's repository with changes, its limits out of the way and its versions published. */
export async function writeGovernance(
  directory: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await cp(EXAMPLE, directory, { recursive: true });
  for (const path of LIMITED) {
    const file = join(directory, path);
    await writeFile(file, raiseLimits(await readFile(file, 'utf8')));
  }
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await rm(join(directory, path), { force: true });
    else await writeFile(join(directory, path), text);
  }
  await writeFile(join(directory, 'versions.lock.json'), '{}');
  const { hashes } = await compileGovernance(directory);
  await writeFile(join(directory, 'versions.lock.json'), JSON.stringify(hashes));
  const { problems } = await compileGovernance(directory);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
}

/** Route and capability files that lead `support-assistant` to OpenAI-compatible servers at these URLs, in order. */
export function routeTo(...baseUrls: readonly string[]): Record<string, string> {
  const names = baseUrls.map((_, index) => `test-${index + 1}`);
  const files: Record<string, string> = {};
  baseUrls.forEach((baseUrl, index) => {
    files[`routes/${names[index]}.yaml`] = [
      'provider: openai-compatible',
      'model: test-model',
      `baseUrl: ${baseUrl}`,
      'region: local',
      'owner: platform-team',
      'dataClasses: [public, internal]',
      `price: { inputMicroUsdPerMillionTokens: ${index + 1}000, outputMicroUsdPerMillionTokens: ${index + 1}000 }`,
      'timeouts: { firstByteMs: 500, idleMs: 500, totalMs: 3000 }',
      'retries: 0',
      '',
    ].join('\n');
  });
  files['capabilities/support-assistant.yaml'] = [
    'owner: support-platform',
    'purpose: Answers for a test.',
    'dataClass: internal',
    'workloadPattern: assistant',
    'prompt: support-assistant@1',
    'guardrail: support-baseline@1',
    `routes: [${names.join(', ')}]`,
    'tools: [look-up-order]',
    'parameters:',
    '  temperature: { max: 0.7, default: 0.2 }',
    '  maxOutputTokens: { max: 1024, default: 512 }',
    'redaction: { types: structured, restore: all }',
    '',
  ].join('\n');
  return files;
}

async function readClosedRecords(stateDir: string): Promise<ClosedRecord[]> {
  return readRecords(stateDir).filter((record) => record.kind === 'closed');
}
