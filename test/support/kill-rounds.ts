import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../../src/adapters/audit-log/testing.ts';
import { mintLoopbackToken } from '../../src/compose/tokens.ts';
import { writeGovernance } from './gateway.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CLIENTS = 16;

export interface KillReport {
  readonly rounds: number;
  /** Answers that reached a client whole. */
  readonly answered: number;
  readonly opened: number;
  readonly closed: number;
  readonly abandoned: number;
  /** Everything that must not be: empty, or the promise is broken. */
  readonly violations: readonly string[];
  readonly verifyExitCode: number;
  readonly verifyOutput: string;
}

/** Kills a gateway with SIGKILL at a random moment under load, again and again on one state folder, then reads the log. */
export async function killRounds(options: {
  readonly rounds: number;
  readonly onRound?: (round: number) => void;
}): Promise<KillReport> {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-kill-'));
  const state = join(root, 'state');
  const governance = join(root, 'governance');
  await writeGovernance(governance, {});
  const answeredIds = new Set<string>();
  const token = await mintLoopbackToken(state, {
    user: 'maya',
    tenant: 'acme',
    groups: ['support'],
    ttlS: 86_400,
  });
  try {
    for (let round = 1; round <= options.rounds; round++) {
      const { child, port } = await startGateway(state, governance);
      const lifetimeMs = 30 + Math.random() * 400;
      const clients = Array.from({ length: CLIENTS }, (_, index) =>
        askUntilDead({ port, token, answeredIds, stream: index % 2 === 0 }),
      );
      await new Promise((resolve) => setTimeout(resolve, lifetimeMs));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      await Promise.all(clients);
      options.onRound?.(round);
    }
    const { child } = await startGateway(state, governance); // the next start closes what was left open
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    const verify = await run('audit', 'verify', '--state', state);
    const read = await readLog(state, answeredIds);
    return {
      rounds: options.rounds,
      answered: answeredIds.size,
      ...read,
      verifyExitCode: verify.code,
      verifyOutput: verify.output,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function startGateway(
  state: string,
  governance: string,
): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(
    process.execPath,
    [MAIN, 'start', '--port', '0', '--state', state, '--governance', governance, '--log-level', 'silent'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      const match = /ready at http:\/\/[^:]+:(\d+)/.exec(data.toString());
      if (match?.[1] !== undefined) resolve(Number(match[1]));
    });
    child.once('exit', (code) => reject(new Error(`the gateway ended at its start with ${code}`)));
  });
  return { child, port };
}

interface Asking {
  readonly port: number;
  readonly token: string;
  readonly answeredIds: Set<string>;
  readonly stream: boolean;
}

async function askUntilDead(asking: Asking): Promise<void> {
  for (;;) {
    const id = await askOnce(asking).catch(() => undefined);
    if (id === undefined) return;
    asking.answeredIds.add(id);
  }
}

/** Resolves with the request's id when the whole answer has come; rejects when the connection broke before. */
function askOnce({ port, token, stream }: Asking): Promise<string | undefined> {
  const body = JSON.stringify({
    model: 'support-assistant',
    stream,
    messages: [{ role: 'user', content: 'How long can I return an item? I am maya@example.com' }],
  });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (data: string) => (text += data));
        response.on('end', () => {
          const isWhole = stream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}');
          const id = response.headers['x-request-id'];
          if (response.statusCode === 200 && isWhole && typeof id === 'string') resolve(id);
          else resolve(undefined);
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function readLog(state: string, answeredIds: ReadonlySet<string>) {
  const opened = new Map<string, number>();
  const closed = new Map<string, string[]>();
  for (const record of readRecords(state)) {
    if (record.kind === 'opened') opened.set(record.requestId, (opened.get(record.requestId) ?? 0) + 1);
    if (record.kind === 'closed')
      closed.set(record.requestId, [...(closed.get(record.requestId) ?? []), record.outcome]);
  }
  const violations: string[] = [];
  for (const [id, count] of opened) {
    if (count > 1) violations.push(`${id} was opened ${count} times`);
    const outcomes = closed.get(id) ?? [];
    if (outcomes.length !== 1) violations.push(`${id} was opened and closed ${outcomes.length} times`);
  }
  for (const id of answeredIds) {
    const [outcome] = closed.get(id) ?? [];
    if (outcome !== 'answered')
      violations.push(`${id} was answered, and its record says ${outcome ?? 'nothing'}`);
  }
  const abandoned = [...closed.values()].filter((outcomes) => outcomes.includes('abandoned')).length;
  return { opened: opened.size, closed: closed.size, abandoned, violations };
}

function run(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
