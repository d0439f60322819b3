import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../../src/adapters/audit-log/testing.ts';
import { openLedgerReader, openLocalLedger } from '../../src/adapters/ledger/local.ts';
import { settleLeftovers } from '../../src/compose/leftovers.ts';
import { mintLoopbackToken } from '../../src/compose/tokens.ts';
import type { ClosedRecord } from '../../src/road/record.ts';
import { routeTo, writeGovernance } from './gateway.ts';
import { sse, startUpstream, type Answerer } from './upstream.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
export const BUDGET_MICRO_USD = 5_000_000;
/** What an answer of all its tokens costs: ten cents, and its prompt next to nothing. */
const OUTPUT_TOKENS = 100;
const MICRO_USD_PER_TOKEN = 1000;
const LEAVING = 0.2;
const PIECES = 10;
const KILL_AT = 60;
/** Who is refused comes back so often: what others gave back may be enough by then. */
const RETURNS = 4;
/** Well after everything that any process has reserved. */
const LATER_MS = 3_600_000;

export interface BudgetReport {
  readonly asked: number;
  readonly answered: number;
  readonly left: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Requests that died with their process. */
  readonly broken: number;
  readonly abandoned: number;
  readonly samples: number;
  /** The most that settled and reserved ever were together, in micro-dollars. */
  readonly highest: number;
  readonly settled: Readonly<Record<string, number>>;
  readonly recorded: number;
  readonly leftReservations: number;
  readonly verifyExitCode: number;
}

/**
 * So many requests at once, of ten cents each, against five dollars, at three gateways on one state folder; a fifth of
 * the clients leave in the middle of their answer, and one gateway is killed while answers flow. Looks into the ledger's
 * file all the while, as nobody's client.
 */
export async function runBudget(options: {
  readonly requests: number;
  /** Awaited: the gateways expire by themselves what the dead one left, which takes two minutes. */
  readonly expiry: 'advanced' | 'awaited';
}): Promise<BudgetReport> {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-budget-'));
  const state = join(root, 'state');
  const governance = join(root, 'governance');
  await using upstream = await startUpstream(answerSlowly);
  await writeGovernance(governance, describeGovernance(upstream.url));
  const token = await mintLoopbackToken(state, MAYA);
  const gateways: Gateway[] = [];
  try {
    gateways.push(...(await Promise.all([1, 2, 3].map(() => startGateway(state, governance)))));
    const watch = watchLedger(state);
    let begun = 0;
    // Whichever gateway has just begun an answer dies, when some are over and others are under way.
    const onBegun = ({ child }: Gateway) => {
      begun += 1;
      if (begun === KILL_AT) child.kill('SIGKILL');
    };
    const told = await askAll({ gateways, token, requests: options.requests, onBegun });
    // As whatever watches over processes would; it closes what the dead one left open.
    gateways.push(await startGateway(state, governance));
    if (options.expiry === 'awaited') await untilNothingIsReserved(state);
    await Promise.all(gateways.map(stopGateway));
    if (options.expiry === 'advanced') await advance(state);
    const seen = watch.stop();
    return { asked: options.requests, ...count(told), ...seen, ...(await readBooks(state)) };
  } finally {
    for (const { child } of gateways) child.kill('SIGKILL');
    await rm(root, { recursive: true, force: true });
  }
}

const MAYA = { user: 'maya', tenant: 'acme', groups: ['support'], ttlS: 86_400 };

/** Budgets of the tenant, the capability and the route, each of which every request must fit. */
function describeGovernance(upstreamUrl: string): Record<string, string> {
  const budget = `budget: { usdPerMonth: ${BUDGET_MICRO_USD / 1e6} }\n`;
  const files = routeTo(upstreamUrl);
  const route = files['routes/test-1.yaml'] ?? '';
  const capability = files['capabilities/support-assistant.yaml'] ?? '';
  const perMillion = MICRO_USD_PER_TOKEN * 1e6;
  return {
    'tenants/acme.yaml': `displayName: Acme\nowner: a\n${budget}`,
    'routes/test-1.yaml': `${route
      .replace(
        /^price: .*$/m,
        `price: { inputMicroUsdPerMillionTokens: 1000, outputMicroUsdPerMillionTokens: ${perMillion} }`,
      )
      .replace(
        /^timeouts: .*$/m,
        'timeouts: { firstByteMs: 20000, idleMs: 20000, totalMs: 20000 }',
      )}${budget}`,
    'capabilities/support-assistant.yaml': `${capability.replace(
      /maxOutputTokens: .*$/m,
      `maxOutputTokens: { max: ${OUTPUT_TOKENS}, default: ${OUTPUT_TOKENS} }`,
    )}limits: { deadlineSeconds: 20 }\n${budget}`,
  };
}

let answers = 0;

/** Says a part of what was allowed, piece by piece, and counts it as OpenAI's API does. */
const answerSlowly: Answerer = async ({ response, body }) => {
  const { max_tokens: allowed = OUTPUT_TOKENS } = JSON.parse(body) as { max_tokens?: number }; // our own gateway's
  const tokens = Math.ceil((allowed * (3 + (answers++ % 8))) / 10);
  response.setHeader('content-type', 'text/event-stream');
  for (let piece = 0; piece < PIECES && !response.destroyed; piece += 1) {
    const content = 'word '.repeat(Math.ceil(tokens / PIECES));
    response.write(sse({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
    await sleep(30);
  }
  response.write(sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
  response.write(sse({ choices: [], usage: { prompt_tokens: 40, completion_tokens: tokens } }));
  response.end('data: [DONE]\n\n');
};

interface Gateway {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startGateway(state: string, governance: string): Promise<Gateway> {
  const child = spawn(
    process.execPath,
    [MAIN, 'start', '--port', '0', '--state', state, '--governance', governance, '--log-level', 'silent'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
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

async function stopGateway({ child }: Gateway): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** `answered`, `left`, `broken`, or the code of a refusal. */
type Told = string;

function askAll(order: {
  readonly gateways: readonly Gateway[];
  readonly token: string;
  readonly requests: number;
  readonly onBegun: (gateway: Gateway) => void;
}): Promise<Told[]> {
  const { token, onBegun } = order;
  const gateways = [...order.gateways];
  return Promise.all(
    Array.from({ length: order.requests }, (_, index) => {
      const gateway = gateways[index % gateways.length];
      if (gateway === undefined) throw new Error('there is no gateway');
      const leaves = index % Math.round(1 / LEAVING) === 1;
      return askAgain({ port: gateway.port, token, leaves, onBegun: () => onBegun(gateway) });
    }),
  );
}

interface Asking {
  readonly port: number;
  readonly token: string;
  readonly leaves: boolean;
  readonly onBegun: () => void;
}

async function askAgain(asking: Asking): Promise<Told> {
  for (let returns = 0; ; returns += 1) {
    const told = await ask(asking);
    if (!told.includes('.') || returns === RETURNS) return told;
    await sleep(100 + Math.random() * 400);
  }
}

function ask(asking: Asking): Promise<Told> {
  const { port, token, leaves, onBegun } = asking;
  const body = JSON.stringify({
    model: 'support-assistant',
    stream: true,
    messages: [{ role: 'user', content: 'How long can I return an item?' }],
  });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path: '/v1/chat/completions', method: 'POST', headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          const isFirst = !text.includes('word');
          text += data;
          if (isFirst && text.includes('word') && !leaves) onBegun();
          if (!leaves || response.statusCode !== 200 || !text.includes('word')) return;
          resolve('left');
          outgoing.destroy();
        });
        response.on('error', () => resolve('broken'));
        response.on('end', () => {
          const code = response.headers['x-goldenpath-refusal'];
          if (typeof code === 'string') resolve(code);
          else resolve(text.endsWith('data: [DONE]\n\n') ? 'answered' : 'broken');
        });
      },
    );
    outgoing.on('error', () => resolve('broken'));
    outgoing.end(body);
  });
}

function count(told: readonly Told[]) {
  const of = (what: Told) => told.filter((one) => one === what).length;
  const refused: Record<string, number> = {};
  for (const one of told.filter((code) => code.includes('.'))) refused[one] = (refused[one] ?? 0) + 1;
  return { answered: of('answered'), left: of('left'), broken: of('broken'), refused };
}

/** Reads the ledger's file over and over on a connection of its own. */
function watchLedger(state: string): { stop(): { samples: number; highest: number } } {
  const reader = openLedgerReader(state);
  let [samples, highest] = [0, 0];
  const look = () => {
    const { balances } = reader.read(budgetsNow());
    for (const { settled, reserved } of balances) highest = Math.max(highest, settled + reserved);
    samples += 1;
  };
  const timer = setInterval(look, 1);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      reader.close();
      return { samples, highest };
    },
  };
}

const budgetsNow = () => ({ prefix: 'budget-', nowMs: Date.now() });

async function untilNothingIsReserved(state: string): Promise<void> {
  const reader = openLedgerReader(state);
  while (reader.read(budgetsNow()).balances.some(({ reserved }) => reserved > 0)) await sleep(250);
  reader.close();
  await sleep(6000); // what has just expired is yet to be corrected from the log
}

async function advance(state: string): Promise<void> {
  const ledger = openLocalLedger({ stateDir: state });
  await settleLeftovers({ ledger, stateDir: state, nowMs: Date.now() + LATER_MS });
  await ledger.stop();
}

async function readBooks(state: string) {
  const closed = readRecords(state).filter((record): record is ClosedRecord => record.kind === 'closed');
  const reader = openLedgerReader(state);
  const { balances, open } = reader.read(budgetsNow());
  reader.close();
  return {
    settled: Object.fromEntries(balances.map(({ scope, settled }) => [scope, settled])),
    recorded: closed.reduce((sum, { costMicroUsd = 0 }) => sum + costMicroUsd, 0),
    abandoned: closed.filter(({ outcome }) => outcome === 'abandoned').length,
    leftReservations: open,
    verifyExitCode: await verify(state),
  };
}

function verify(state: string): Promise<number> {
  const child = spawn(process.execPath, [MAIN, 'audit', 'verify', '--state', state], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1)));
}
