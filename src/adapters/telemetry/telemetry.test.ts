import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Balance } from '../../ports/ledger.ts';
import type { ClosedRecord } from '../../road/record.ts';
import { formatMetrics, joinMetrics } from './metrics-text.ts';
import { createLogger, createLogTelemetry, openLogFile } from './log.ts';
import { createOtelTelemetry } from './open-telemetry.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { createPrometheusTelemetry } from './prometheus.ts';

const RECORD: ClosedRecord = {
  kind: 'closed',
  requestId: 'request-1',
  startedAtMs: 1_800_000_000_000,
  closedAtMs: 1_800_000_000_120,
  dialect: 'openai.chat',
  governanceVersion: 'v1',
  caller: {
    tenant: 'acme',
    subject: 'user-4711',
    issuer: 'https://issuer.example',
    kind: 'user',
    groups: ['support'],
    workflow: 'help',
  },
  capability: 'support-assistant',
  feature: 'help-center',
  outcome: 'answered',
  route: 'eu-sonnet',
  model: 'claude',
  finishReason: 'stop',
  usage: { inputTokens: 12, outputTokens: 34, source: 'provider' },
  costMicroUsd: 77,
  tries: [{ route: 'eu-sonnet', outcome: 'answered', tookUs: 100_000 }],
  stages: { edge: 20, answer: 100_000 },
  tookUs: 120_000,
};
/** Refused before anybody approved the name: the name is the client's own text. */
const UNKNOWN: ClosedRecord = {
  kind: 'closed',
  requestId: 'request-2',
  startedAtMs: 1_800_000_000_000,
  closedAtMs: 1_800_000_000_001,
  dialect: 'openai.chat',
  capability: 'canary-name',
  outcome: 'refused',
  refusal: { code: 'authorisation.unknown_capability' },
  tookUs: 500,
};

const balance = (scope: string, window: string, settled: number, reserved = 0): Balance => ({
  scope,
  kind: 'total',
  window,
  limit: 1_000,
  settled,
  reserved,
});
const BALANCES = [
  // The month before is kept for a day, and is not what is left of this one.
  balance('budget-month/tenant/acme', '2026-10', 990),
  balance('budget-month/tenant/acme', '2026-11', 200, 50),
  balance('budget-day/gateway', '2026-11-20', 1_100),
  balance('quota/tenant/acme', '2026-11', 400),
];

test('metrics have the names of the GenAI conventions, and no label for what a client wrote', async () => {
  const prometheus = createPrometheusTelemetry();
  prometheus.closed(RECORD);
  prometheus.closed(UNKNOWN);
  const body = await formatMetrics(await prometheus.read());
  const lines = body.split('\n');
  const has = (line: string) => assert.ok(lines.includes(line), `${line} in\n${body}`);
  const model = 'gen_ai_operation_name="chat",gen_ai_request_model="support-assistant"';
  has(`gen_ai_server_request_duration_seconds_sum{${model},error_type="",outcome="answered"} 0.12`);
  has(`gen_ai_client_token_usage_sum{${model},gen_ai_response_model="claude",gen_ai_token_type="input"} 12`);
  has(`gen_ai_client_token_usage_sum{${model},gen_ai_response_model="claude",gen_ai_token_type="output"} 34`);
  has('goldenpath_cost_micro_usd_total{tenant="acme",capability="support-assistant",route="eu-sonnet"} 77');
  has(
    'goldenpath_attempts_total{tenant="acme",capability="support-assistant",workflow="help",outcome="answered",refusal=""} 1',
  );
  has(
    'goldenpath_attempts_total{tenant="",capability="",workflow="",outcome="refused",refusal="authorisation.unknown_capability"} 1',
  );
  has('goldenpath_route_tries_total{route="eu-sonnet",outcome="answered"} 1');
  assert.ok(!body.includes('canary-name'));
  assert.ok(!body.includes('user-4711'), 'people are no label');
  await prometheus.stop();
});

test('the metrics of several processes are counted together', async () => {
  const [one, two] = [createPrometheusTelemetry(), createPrometheusTelemetry()];
  one.closed(RECORD);
  two.closed(RECORD);
  two.closed(UNKNOWN);
  const text = await joinMetrics([await one.read(), await two.read()]);
  assert.match(text, /^goldenpath_attempts_total\{.*outcome="answered".*\} 2$/m);
  assert.match(text, /^goldenpath_attempts_total\{.*outcome="refused".*\} 1$/m);
  assert.match(text, /^gen_ai_server_request_duration_seconds_count\{.*outcome="answered".*\} 2$/m);
});

test('safety metrics have the names that people know, and count what a guardrail did', async () => {
  const prometheus = createPrometheusTelemetry();
  const guard = (source: 'INPUT' | 'OUTPUT', action: 'none' | 'blocked', name?: string) => ({
    engine: 'embedded',
    id: 'g',
    version: '1',
    source,
    action,
    findings: name === undefined ? [] : [{ policy: 'content', name, action: 'BLOCKED', count: 2 }],
  });
  prometheus.closed({ ...RECORD, guards: [guard('INPUT', 'blocked', 'PROMPT_ATTACK')] });
  prometheus.closed({ ...RECORD, guards: [guard('INPUT', 'none', 'PROMPT_ATTACK')] });
  prometheus.closed({ ...RECORD, guards: [guard('INPUT', 'none'), guard('OUTPUT', 'blocked', 'HATE')] });
  const lines = (await formatMetrics(await prometheus.read()))
    .split('\n')
    .filter((line) => /_(blocked|jailbreak)_/.test(line));
  const labels = 'tenant="acme",capability="support-assistant"';
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('#')),
    [
      `goldenpath_blocked_requests_total{${labels},source="input"} 1`,
      `goldenpath_blocked_requests_total{${labels},source="output"} 1`,
      `goldenpath_jailbreak_attempts_total{${labels},action="blocked"} 1`,
      `goldenpath_jailbreak_attempts_total{${labels},action="detected"} 1`,
    ],
  );
  assert.match(lines.join('\n'), /HELP goldenpath_blocked_requests_total BlockedRequests/);
  assert.match(lines.join('\n'), /HELP goldenpath_jailbreak_attempts_total JailbreakAttempts/);
});

test('what is left of budgets and quotas is shown as the ledger has it, for the window that runs', async () => {
  const metrics = createProcessMetrics({ ready: () => true, readLimits: async () => BALANCES });
  const lines = (await formatMetrics(await metrics.read()))
    .split('\n')
    .filter((line) => /^goldenpath_(budget|quota)/.test(line));
  assert.deepEqual(lines, [
    'goldenpath_budget_limit_micro_usd{scope="tenant/acme",window="month"} 1000',
    'goldenpath_budget_limit_micro_usd{scope="gateway",window="day"} 1000',
    'goldenpath_budget_used_micro_usd{scope="tenant/acme",window="month"} 200',
    'goldenpath_budget_used_micro_usd{scope="gateway",window="day"} 1100',
    'goldenpath_budget_reserved_micro_usd{scope="tenant/acme",window="month"} 50',
    'goldenpath_budget_reserved_micro_usd{scope="gateway",window="day"} 0',
    'goldenpath_budget_remaining_micro_usd{scope="tenant/acme",window="month"} 750',
    'goldenpath_budget_remaining_micro_usd{scope="gateway",window="day"} 0',
    'goldenpath_quota_limit_requests{scope="tenant/acme"} 1000',
    'goldenpath_quota_remaining_requests{scope="tenant/acme"} 600',
  ]);
});

test('the process says whether it can answer', async () => {
  let isReady = true;
  const metrics = createProcessMetrics({ ready: () => isReady, readLimits: async () => BALANCES });
  assert.match(await formatMetrics(await metrics.read()), /^goldenpath_ready 1$/m);
  isReady = false;
  assert.match(await formatMetrics(await metrics.read()), /^goldenpath_ready 0$/m);
});

test('a line has the subject always, and no text of a client', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goldenpath-log-'));
  try {
    const file = await open(join(folder, 'log'), 'w');
    const log = createLogTelemetry(createLogger({ level: 'info', file: openLogFile(file.fd) }));
    log.closed(RECORD);
    log.closed({ ...UNKNOWN, outcome: 'failed' });
    await log.stop();
    const lines = (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n');
    const [answered, failed] = lines.map((line) => JSON.parse(line) as Record<string, unknown>); // our own lines
    assert.deepEqual(
      [
        answered?.['subject'],
        answered?.['tenant'],
        answered?.['capability'],
        answered?.['outcome'],
        answered?.['level'],
      ],
      ['user-4711', 'acme', 'support-assistant', 'answered', 30],
    );
    assert.equal(answered?.['durationMs'], 120);
    assert.deepEqual([failed?.['subject'], failed?.['level']], ['unidentified', 40]);
    await file.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** A collector on loopback that keeps what it is sent. */
async function startCollector() {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as {
        resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
      };
      spans.push(
        ...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
      );
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const stop = async () => {
    await new Promise((resolve) => server.close(resolve));
  };
  return { endpoint: `http://127.0.0.1:${port}`, spans, [Symbol.asyncDispose]: stop };
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test('spans reach a collector, with the clients trace as their parent and the GenAI attributes', async () => {
  await using collector = await startCollector();
  const telemetry = await createOtelTelemetry({ endpoint: `${collector.endpoint}/` });
  telemetry.closed({ ...RECORD, traceparent: `00-${TRACE}-${PARENT}-01` });
  await telemetry.stop();
  const root = collector.spans.find(({ name }) => name === 'chat support-assistant');
  assert.deepEqual([root?.traceId, root?.parentSpanId], [TRACE, PARENT]);
  const attributes = Object.fromEntries(
    (root?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
  assert.equal(attributes['gen_ai.operation.name'], 'chat');
  assert.equal(attributes['gen_ai.request.model'], 'support-assistant');
  assert.equal(attributes['gen_ai.response.model'], 'claude');
  assert.equal(attributes['gen_ai.usage.output_tokens'], 34);
  const stages = collector.spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId);
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['goldenpath.edge', 'goldenpath.answer'],
  );
});

test('a trace that is sampled and random is sampled; one that is not sampled is not sent', async () => {
  await using collector = await startCollector();
  const telemetry = await createOtelTelemetry(collector);
  telemetry.closed({ ...RECORD, requestId: 'a', traceparent: `00-${TRACE}-${PARENT}-03` });
  telemetry.closed({ ...RECORD, requestId: 'b', traceparent: `00-${TRACE}-${PARENT}-00` });
  await telemetry.stop();
  assert.equal(collector.spans.filter(({ name }) => name.startsWith('chat')).length, 1);
});

test('a refusal is an error of its code, and a name that nobody approved is on no span', async () => {
  await using collector = await startCollector();
  const telemetry = await createOtelTelemetry(collector);
  telemetry.closed(UNKNOWN);
  await telemetry.stop();
  const [root] = collector.spans;
  assert.equal(root?.name, 'chat');
  assert.deepEqual(root?.status, { code: 2, message: 'authorisation.unknown_capability' });
  assert.ok(!JSON.stringify(collector.spans).includes('canary-name'));
});

test('a collector that is away holds up nobody', async () => {
  const telemetry = await createOtelTelemetry({ endpoint: 'http://127.0.0.1:9' });
  telemetry.closed(RECORD);
  const startedMs = performance.now();
  await telemetry.stop();
  assert.ok(performance.now() - startedMs < 4_000);
});

test('without an endpoint nothing of the SDK is loaded', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ resolve: (specifier, context, next) => { loaded.push(specifier); return next(specifier, context); } });
    await import(${JSON.stringify(new URL('../../compose/local.ts', import.meta.url).href)});
    console.log(loaded.filter((one) => /@opentelemetry\\/(sdk|exporter|resources)/.test(one)).join() || 'none');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  let out = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  assert.equal(out.trim(), 'none');
});
