import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileGovernance } from '../src/governance/compile.ts';
import { raiseLimits } from '../test/support/limits.ts';
import { mintLoopbackToken } from '../src/compose/tokens.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A server under test, in a process of its own. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
  /** Microseconds of CPU that the process has used, its threads included. */
  cpuUs(): number;
  /** Resident memory in bytes. */
  residentBytes(): number;
  stop(): Promise<void>;
}

interface Launch {
  readonly name: string;
  readonly port: number;
  readonly node?: NodeRuntime;
  readonly args: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly readyPath?: string;
}

const CHAT = '/v1/chat/completions';

export function startUpstream(port: number): Promise<Server> {
  return launch({ name: 'upstream', port, args: [join(HERE, 'upstream.ts'), String(port)] });
}

export function startBareProxy(port: number, upstream: Server): Promise<Server> {
  return launch({
    name: 'bare Node proxy',
    port,
    args: [join(HERE, 'bare-proxy.ts'), String(port), String(upstream.port)],
  });
}

/** A Node that a server may run on. */
export interface NodeRuntime {
  readonly path: string;
  readonly major: number;
}

/** The one that Goldenpath brings along. */
export const OUR_NODE: NodeRuntime = { path: process.execPath, major: majorOf(process.version) };

/** The older one that is installed beside Portkey, which its repository's `Dockerfile` names too (`node:20-alpine`). */
export function findOlderNode(): NodeRuntime {
  const path = join(HERE, 'node_modules/node/bin/node');
  return { path, major: majorOf(execFileSync(path, ['--version'], { encoding: 'utf8' })) };
}

function majorOf(version: string): number {
  return Number(/^v(\d+)/.exec(version)?.[1]);
}

/** Portkey's own package with no guardrail, no policy and no log switched on. */
export function startPortkey(port: number, upstream: Server, node: NodeRuntime): Promise<Server> {
  const entry = join(HERE, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  return launch({
    name: `Portkey on Node ${node.major}`,
    port,
    node,
    args: [entry, '--headless', `--port=${port}`],
    env: { TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
    headers: {
      authorization: 'Bearer none',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
    },
  });
}

/** Goldenpath with every control of the example switched on, its route led to the upstream. */
export async function startGoldenpath(
  port: number,
  upstream: Server,
  nodeArgs: readonly string[] = [],
): Promise<Server> {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-bench-'));
  const governance = join(root, 'governance');
  const state = join(root, 'state');
  await writeGovernance(governance, upstream.port);
  const token = await mintLoopbackToken(state, {
    user: 'bench',
    tenant: 'acme',
    groups: ['support'],
    ttlS: 86_400,
  });
  const args = ['start', '--port', String(port), '--state', state, '--governance', governance];
  const server = await launch({
    name: 'Goldenpath',
    port,
    // As `npm start` and the `goldenpath` script start it.
    args: [
      ...nodeArgs,
      '--min-semi-space-size=64',
      '--max-semi-space-size=64',
      join(ROOT, 'src/main.ts'),
      ...args,
    ],
    headers: { authorization: `Bearer ${token}` },
    readyPath: '/readyz',
  });
  const stop = async () => {
    await server.stop();
    // Gigabytes, after a few runs.
    await rm(root, { recursive: true });
  };
  return { ...server, stop };
}

async function writeGovernance(directory: string, upstreamPort: number): Promise<void> {
  await cp(join(ROOT, 'examples/support-desk'), directory, { recursive: true });
  // All limits stay on, far above what is measured.
  for (const path of ['goldenpath.yaml', 'tenants/acme.yaml', 'capabilities/support-assistant.yaml']) {
    const file = join(directory, path);
    await writeFile(file, raiseLimits(await readFile(file, 'utf8')));
  }
  const capability = join(directory, 'capabilities/support-assistant.yaml');
  const text = await readFile(capability, 'utf8');
  // The peers get the prompt alone, so Goldenpath does too: no context is put before it.
  await writeFile(
    capability,
    text.replace(/^routes: .*$/m, 'routes: [bench]').replace(/^(context|onBudget): .*\n/gm, ''),
  );
  const route = [
    'provider: openai-compatible',
    'model: bench',
    `baseUrl: http://127.0.0.1:${upstreamPort}/v1`,
    'region: local',
    'owner: platform-team',
    'dataClasses: [internal]',
    'price: { inputMicroUsdPerMillionTokens: 100000, outputMicroUsdPerMillionTokens: 400000 }',
  ];
  await writeFile(join(directory, 'routes/bench.yaml'), `${route.join('\n')}\n`);
  const { problems } = await compileGovernance(directory);
  if (problems.length > 0) throw new Error(`the benchmark's governance repository: ${problems[0]?.cause}`);
}

async function launch(options: Launch): Promise<Server> {
  const child = spawn((options.node ?? OUR_NODE).path, [...options.args], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const server: Server = {
    name: options.name,
    port: options.port,
    path: CHAT,
    headers: options.headers ?? {},
    process: child,
    cpuUs: () => readCpuUs(child.pid),
    residentBytes: () => readResidentBytes(child.pid),
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(force);
    },
  };
  await waitUntilReady(options, child);
  return server;
}

async function waitUntilReady(options: Launch, child: ChildProcess): Promise<void> {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`${options.name} ended at its start`);
    try {
      await fetch(`http://127.0.0.1:${options.port}${options.readyPath ?? '/'}`, {
        method: options.readyPath === undefined ? 'OPTIONS' : 'GET',
        signal: AbortSignal.timeout(500),
      });
      return;
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') return; // it listens, it only does not answer this
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`${options.name} was not ready within 30 s`);
}

/** Ticks are 10 ms on Linux. Elsewhere there is no /proc, and the figure is left out. */
function readCpuUs(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

function readResidentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return Number.NaN;
  }
}
