import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { APIError } from 'openai';
import { openLedgerReader } from '../src/adapters/ledger/local.ts';
import type { ClosedRecord } from '../src/road/record.ts';
import { ask, routeTo, startTestGateway, type TestGateway } from './support/gateway.ts';
import { answerWith, sse, startUpstream, type Answerer } from './support/upstream.ts';

const TENANT = 'tenants/acme.yaml';
const tenant = (blocks: string) => ({ [TENANT]: `displayName: Acme\nowner: a\n${blocks}\n` });
const root = (users: string) => ({
  'goldenpath.yaml': `name: desk\nowner: a\nenvironment: development\nloopbackIssuer: true\nusers: ${users}\nedge: { perAddress: { requests: 100000, windowSeconds: 300 } }\n`,
});

interface Balance {
  readonly settled: number;
  readonly reserved: number;
}

function readBudget({ stateDir }: TestGateway, scope = 'budget-month/tenant/acme'): Balance {
  const reader = openLedgerReader(stateDir);
  const [balance] = reader.read({ prefix: scope, nowMs: Date.now() }).balances;
  reader.close();
  return { settled: balance?.settled ?? 0, reserved: balance?.reserved ?? 0 };
}

/** The closed records, when there are so many and the ledger has been told of them. */
async function settledRecords(gateway: TestGateway, count: number): Promise<ClosedRecord[]> {
  for (;;) {
    const records = await gateway.closedRecords();
    if (records.length >= count && readBudget(gateway).reserved === 0) return records;
    await sleep(5);
  }
}

const sum = (records: readonly ClosedRecord[]) =>
  records.reduce((total, { costMicroUsd = 0 }) => total + costMicroUsd, 0);

test('the official SDK reads where its limits stand, and when to come again', async () => {
  await using gateway = await startTestGateway({
    files: root('{ requestsPerSecond: 0.1, burst: 2, tokensPerMinute: 100000 }'),
  });
  const client = await gateway.client();
  const request = {
    model: 'support-assistant',
    messages: [{ role: 'user' as const, content: 'How long can I return an item?' }],
  };
  const { response } = await client.chat.completions.create(request).withResponse();
  assert.equal(response.headers.get('x-ratelimit-limit-requests'), '2');
  assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '1');
  assert.equal(response.headers.get('x-ratelimit-reset-requests'), '10s');
  assert.equal(response.headers.get('x-ratelimit-limit-tokens'), '100000');
  const stream = await client.chat.completions.create({ ...request, stream: true }).withResponse();
  assert.equal(stream.response.headers.get('x-ratelimit-remaining-requests'), '0');
  for await (const _ of stream.data);
  const error: unknown = await client.chat.completions.create(request).catch((cause: unknown) => cause);
  assert.ok(error instanceof APIError);
  assert.deepEqual(
    [error.status, error.code, error.type],
    [429, 'admission.rate_exceeded', 'rate_limit_error'],
  );
  const retryAfter = Number(error.headers?.get('retry-after'));
  assert.ok(retryAfter >= 9 && retryAfter <= 10, String(retryAfter));
  assert.equal(error.headers?.get('x-should-retry'), null);
  assert.equal(error.headers?.get('x-ratelimit-remaining-requests'), '0');
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map(({ outcome, refusal }) => [outcome, refusal?.code]),
    [
      ['answered', undefined],
      ['answered', undefined],
      ['refused', 'admission.rate_exceeded'],
    ],
  );
});

test('a budget that is spent is an insufficient quota, which no SDK tries again', async () => {
  await using gateway = await startTestGateway({ files: tenant('budget: { usdPerMonth: 0 }') });
  let calls = 0;
  const client = (await gateway.client()).withOptions({
    maxRetries: 3,
    fetch: (...request: Parameters<typeof fetch>) => ((calls += 1), fetch(...request)),
  });
  const error: unknown = await client.chat.completions
    .create({ model: 'support-assistant', messages: [{ role: 'user', content: 'Hello?' }] })
    .catch((cause: unknown) => cause);
  assert.ok(error instanceof APIError);
  assert.deepEqual(
    [error.status, error.code, error.type, calls],
    [429, 'admission.budget_exhausted', 'insufficient_quota', 1],
  );
});

for (const maxTokens of [-1, 0, 1025, 2 ** 53 - 1]) {
  test(`max_tokens ${maxTokens} is refused before anything is set aside`, async () => {
    await using gateway = await startTestGateway({ files: tenant('budget: { usdPerMonth: 5 }') });
    const response = await gateway.post(ask('Hello?', { max_tokens: maxTokens }));
    assert.equal(response.headers.get('x-goldenpath-refusal'), 'prompt.parameter_out_of_range');
    assert.deepEqual(readBudget(gateway), { settled: 0, reserved: 0 });
  });
}

/** Priced by rule, whoever does not count and whoever leaves. */
test('a provider that does not count, one that counts, and a caller who leaves are all priced, and the books agree', async () => {
  const noUsage: Answerer = ({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    response.write(sse({ choices: [{ index: 0, delta: { content: 'Thirty days.' }, finish_reason: null }] }));
    response.write(sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    response.end('data: [DONE]\n\n');
  };
  const hangs: Answerer = ({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    const content = 'This takes a while, so have some patience with me, please. '.repeat(4);
    response.write(sse({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
  };
  let answer: Answerer = noUsage;
  await using upstream = await startUpstream((exchange) => answer(exchange));
  await using gateway = await startTestGateway({
    files: { ...routeTo(upstream.url), ...tenant('budget: { usdPerMonth: 5 }') },
  });
  await (await gateway.post(ask('How long?', { stream: true }))).text();
  answer = answerWith('Thirty days.');
  await (await gateway.post(ask('How long?', { stream: true }))).text();
  answer = hangs;
  const left = new AbortController();
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    body: ask('How long?', { stream: true }),
    headers: { authorization: `Bearer ${await gateway.token()}`, 'content-type': 'application/json' },
    signal: left.signal,
  });
  await response.body?.getReader().read();
  left.abort();
  const records = await settledRecords(gateway, 3);
  assert.deepEqual(
    records.map(({ outcome, usage }) => [outcome, usage?.source]),
    [
      ['answered', 'estimate'],
      ['answered', 'provider'],
      ['cancelled', 'estimate'],
    ],
  );
  for (const { costMicroUsd = 0, reservedMicroUsd = 0 } of records)
    assert.ok(costMicroUsd > 0 && costMicroUsd <= reservedMicroUsd, `${costMicroUsd} of ${reservedMicroUsd}`);
  assert.deepEqual(readBudget(gateway), { settled: sum(records), reserved: 0 });
});

test('what was blocked before a model was asked counts as a request, and costs no tokens', async () => {
  await using gateway = await startTestGateway({
    files: tenant('budget: { usdPerMonth: 5 }\nadmission: { requestsPerMonth: 1 }'),
  });
  assert.equal((await gateway.post(ask('Tell me about Project Nightjar.'))).status, 200);
  await settledRecords(gateway, 1);
  assert.deepEqual(readBudget(gateway), { settled: 0, reserved: 0 });
  const next = await gateway.post(ask('Hello?'));
  assert.equal(next.headers.get('x-goldenpath-refusal'), 'admission.quota_exhausted');
});

test('a model that is told less than was asked for says so on the record', async () => {
  await using upstream = await startUpstream(answerWith('Thirty days.'));
  const files = routeTo(upstream.url);
  const price = 'price: { inputMicroUsdPerMillionTokens: 0, outputMicroUsdPerMillionTokens: 1000000000 }';
  files['routes/test-1.yaml'] = (files['routes/test-1.yaml'] ?? '').replace(/^price: .*$/m, price);
  await using gateway = await startTestGateway({
    files: { ...files, ...tenant('budget: { usdPerMonth: 0.1, alertAtPercent: 50 }') },
  });
  assert.equal((await gateway.post(ask('How long?'))).status, 200);
  assert.equal(upstream.asked[0]?.['max_tokens'] ?? upstream.asked[0]?.['max_completion_tokens'], 100);
  const [record] = await settledRecords(gateway, 1);
  assert.equal(record?.cappedOutputTokens, 100);
  assert.deepEqual(
    record?.nearlySpent?.map((scope) => scope.split(' ')[0]),
    ['budget-month/tenant/acme'],
  );
});

test('a ledger that another process holds refuses, says so, and goes on by itself', async () => {
  await using upstream = await startUpstream(answerWith('Thirty days.'));
  await using gateway = await startTestGateway({
    files: { ...routeTo(upstream.url), ...tenant('budget: { usdPerMonth: 5 }') },
  });
  assert.equal((await gateway.post(ask('How long?'))).status, 200);
  await settledRecords(gateway, 1);
  const other = new DatabaseSync(join(gateway.stateDir, 'ledger', 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const asked = upstream.asked.length;
  const response = await gateway.post(ask('How long?'));
  assert.deepEqual(
    [response.status, response.headers.get('x-goldenpath-refusal')],
    [503, 'admission.unavailable'],
  );
  assert.equal(upstream.asked.length, asked);
  const readiness = await fetch(`${gateway.url}/readyz`);
  assert.equal(readiness.status, 503);
  assert.match(await readiness.text(), /the ledger cannot be written/);
  other.exec('ROLLBACK');
  other.close();
  while ((await gateway.post(ask('How long?'))).status !== 200) await sleep(50);
  const records = await settledRecords(gateway, 3);
  assert.deepEqual(readBudget(gateway), { settled: sum(records), reserved: 0 });
});

test('an answer under way while the ledger is away arrives, and is booked when it is back', async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  await using upstream = await startUpstream(async (exchange) => {
    await finished;
    await answerWith('Thirty days.')(exchange);
  });
  const files = routeTo(upstream.url);
  files['routes/test-1.yaml'] = (files['routes/test-1.yaml'] ?? '')
    .replace('firstByteMs: 500', 'firstByteMs: 9000')
    .replace('totalMs: 3000', 'totalMs: 9000');
  await using gateway = await startTestGateway({
    files: { ...files, ...tenant('budget: { usdPerMonth: 5 }') },
  });
  const answering = gateway.post(ask('How long?'));
  while (upstream.underway() === 0) await sleep(5);
  const other = new DatabaseSync(join(gateway.stateDir, 'ledger', 'ledger.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  finish();
  assert.equal((await answering).status, 200);
  assert.ok(readBudget(gateway).reserved > 0);
  other.exec('ROLLBACK');
  other.close();
  const records = await settledRecords(gateway, 1);
  assert.deepEqual(readBudget(gateway), { settled: sum(records), reserved: 0 });
});
