import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClosedRecord } from '../src/road/record.ts';
import { ANSWER_HELLO, UPSTREAM_FAULTS, type UpstreamFault } from './cases/upstream-faults.ts';
import { SECRET } from './cases/bad-json.ts';
import { ask, routeTo, startTestGateway, type TestGateway } from './support/gateway.ts';
import { describeOutcome } from './support/outcome.ts';
import { connectRaw, eventually } from './support/raw-client.ts';
import { sse, startUpstream, type Answerer } from './support/upstream.ts';

const FIRST_BYTE_MS = 150;
const TOTAL_MS = 500;

/** Routes to these servers, with short deadlines, and with these settings. */
function routeWith(settings: string, ...urls: readonly string[]): Record<string, string> {
  const files = routeTo(...urls);
  for (const [path, text] of Object.entries(files)) {
    if (!path.startsWith('routes/')) continue;
    files[path] = text
      .replace(
        /timeouts: .*/,
        `timeouts: { firstByteMs: ${FIRST_BYTE_MS}, idleMs: ${FIRST_BYTE_MS}, totalMs: ${TOTAL_MS} }`,
      )
      .replace('retries: 0', settings);
  }
  return files;
}

const NO_BREAKER = 'retries: 0\nbreaker: { failures: 1000 }';

/** An upstream whose answers a test changes as it goes. */
async function startChangeable(first: Answerer = ANSWER_HELLO) {
  let serve = first;
  const upstream = await startUpstream((exchange) => serve(exchange));
  return Object.assign(upstream, {
    change: (next: Answerer) => {
      serve = next;
    },
  });
}

const post = async (gateway: TestGateway, stream = false) =>
  describeOutcome(await gateway.post(ask(`Please ${SECRET}.`, { stream })));

/** What a client got for a fault, and under which request. */
interface Met {
  readonly what: string;
  readonly outcome: string;
  readonly requestId: string | null;
  readonly usage: UpstreamFault['usage'];
}

/** Asks while the server does what it does, and holds what the client gets against what it should. */
async function meet(gateway: TestGateway, fault: UpstreamFault, delivery: 'whole' | 'stream'): Promise<Met> {
  const what = `${fault.what} (${delivery})`;
  const expected = fault[delivery] ?? '';
  const startedMs = Date.now();
  const response = await gateway.post(ask(`Please ${SECRET}.`, { stream: delivery === 'stream' }));
  const copy = response.clone();
  const outcome = await describeOutcome(response);
  // What of a broken answer was released already is the output guard's to say.
  if (expected.startsWith('broken') && outcome.startsWith('broken'))
    assert.ok(expected.startsWith(outcome), `${what}: ${outcome}`);
  else assert.equal(outcome, expected, what);
  const tookMs = Date.now() - startedMs;
  assert.ok(tookMs < 2 * TOTAL_MS, `${what} took ${tookMs} ms`);
  assert.ok(!(await copy.text()).includes('zebra'), `${what}: the client sees the server's words`);
  return { what, outcome, requestId: response.headers.get('x-request-id'), usage: fault.usage };
}

function assertRecorded(record: ClosedRecord | undefined, { what, outcome, usage }: Met): void {
  const [kind, ...rest] = outcome.split(' ');
  const [attempt] = record?.tries ?? [];
  assert.equal(record?.tries?.length, 1, what);
  assert.equal(record?.outcome, kind === 'answer' ? 'answered' : 'failed', what);
  if (kind !== 'answer') {
    const code = kind === 'refusal' ? rest[1] : rest[0];
    assert.equal(record?.refusal?.code, code, what);
    assert.equal(attempt?.cause?.split(':')[0], code?.split('.')[1], what);
  }
  if (usage !== undefined) {
    assert.equal(record?.usage?.source, usage, what);
    assert.ok((record?.usage?.inputTokens ?? 0) > 0, what);
  }
}

test('whatever a model server does, the client gets an answer or a clear refusal, in time, and the record says why', async () => {
  await using upstream = await startChangeable();
  await using gateway = await startTestGateway({ files: routeWith(NO_BREAKER, upstream.url) });
  await post(gateway);
  const met: Met[] = [];
  for (const fault of UPSTREAM_FAULTS) {
    for (const delivery of ['whole', 'stream'] as const) {
      if (fault[delivery] === undefined) continue;
      upstream.change(fault.serve);
      const last = await meet(gateway, fault, delivery);
      met.push(last);
      await eventually(() => upstream.underway() === 0, {
        what: `${last.what} to be let go`,
        timeoutMs: 1_000,
      });
      upstream.change(ANSWER_HELLO);
      assert.equal(await post(gateway, delivery === 'stream'), 'answer stop Hello', `after ${last.what}`);
    }
  }
  assert.ok(upstream.openConnections() <= 2, `${upstream.openConnections()} connections are left`);
  const records = await gateway.closedRecords();
  assert.equal(records.length, 2 * met.length + 1, 'one record each');
  assert.ok(!JSON.stringify(records).includes('zebra'), "the records hold none of the server's words");
  const byId = new Map(records.map((record) => [record.requestId, record]));
  for (const each of met) assertRecorded(byId.get(each.requestId ?? ''), each);
});

test('does not follow a redirect: its target is no route', async () => {
  await using elsewhere = await startUpstream(ANSWER_HELLO);
  await using upstream = await startChangeable();
  await using gateway = await startTestGateway({ files: routeWith(NO_BREAKER, upstream.url) });
  for (const code of [301, 302, 307, 308]) {
    upstream.change(
      ({ response }) =>
        void response.writeHead(code, { location: `${elsewhere.url}/chat/completions` }).end(),
    );
    assert.equal(await post(gateway), 'refusal 502 inference.malformed');
  }
  assert.deepEqual(elsewhere.asked, []);
});

test('an endless answer is cut off at 16 MB', async () => {
  let written = 0;
  const chunk = Buffer.alloc(1_000_000, 0x20);
  await using upstream = await startUpstream(async ({ response }) => {
    let wake: (() => void) | undefined;
    response.on('drain', () => wake?.()).on('close', () => wake?.());
    while (written < 100 && !response.destroyed) {
      written++;
      if (!response.write(chunk)) await new Promise<void>((resolve) => (wake = resolve));
    }
    response.end();
  });
  const files = routeWith(NO_BREAKER, upstream.url);
  files['routes/test-1.yaml'] =
    files['routes/test-1.yaml']
      ?.replace(/\d+, totalMs: \d+/, '2000, totalMs: 10000')
      .replace(/firstByteMs: \d+/, 'firstByteMs: 5000') ?? '';
  await using gateway = await startTestGateway({ files });
  assert.equal(await post(gateway), 'refusal 502 inference.malformed');
  assert.ok(written < 40, `${written} MB were taken`);
  await eventually(() => upstream.underway() === 0, { what: 'the server to be let go' });
});

test('a breaker opens after n failures and not by rejections, probes once, and closes again', async () => {
  await using upstream = await startChangeable();
  const files = routeWith('retries: 0\nbreaker: { failures: 3, coolDownMs: 300 }', upstream.url);
  await using gateway = await startTestGateway({ files });
  const serveStatus =
    (code: number): Answerer =>
    ({ response }) =>
      void response.writeHead(code).end();
  upstream.change(serveStatus(400));
  for (let i = 0; i < 5; i++) assert.equal(await post(gateway), 'refusal 502 inference.rejected');
  upstream.change(serveStatus(500));
  for (let i = 0; i < 2; i++) assert.equal(await post(gateway), 'refusal 502 inference.unavailable');
  upstream.change(ANSWER_HELLO);
  assert.equal(
    await post(gateway),
    'answer stop Hello',
    'two failures do not open it, and an answer forgets them',
  );
  upstream.change(serveStatus(500));
  for (let i = 0; i < 3; i++) await post(gateway);
  const asked = upstream.asked.length;
  assert.equal(await post(gateway), 'refusal 503 routing.none_healthy');
  assert.equal(upstream.asked.length, asked, 'nothing is asked while it is open');
  await sleep(320);
  upstream.change(serveStatus(503));
  assert.equal(await post(gateway), 'refusal 502 inference.unavailable', 'a probe is let through');
  assert.equal(await post(gateway), 'refusal 503 routing.none_healthy', 'and opens it again');
  await sleep(320);
  let release: (() => void) | undefined;
  upstream.change((exchange) => {
    release = () => void ANSWER_HELLO(exchange);
  });
  const probe = post(gateway);
  await eventually(() => release !== undefined, { what: 'the probe' });
  assert.equal(await post(gateway), 'refusal 503 routing.none_healthy', 'one probe at a time');
  upstream.change(ANSWER_HELLO);
  release?.();
  assert.equal(await probe, 'answer stop Hello');
  assert.equal(await post(gateway), 'answer stop Hello', 'it has recovered');
});

test('tries again, or elsewhere, only before the first byte', async () => {
  await using first = await startChangeable();
  await using second = await startChangeable();
  const files = routeWith('retries: 2\nbreaker: { failures: 1000 }', first.url, second.url);
  await using gateway = await startTestGateway({ files });
  let failures = 2;
  first.change((exchange) => {
    if (failures-- > 0) exchange.response.writeHead(503).end();
    else void ANSWER_HELLO(exchange);
  });
  assert.equal(await post(gateway), 'answer stop Hello');
  assert.equal(first.asked.length, 3);
  first.change(({ response }) => void response.destroy());
  assert.equal(await post(gateway, true), 'answer stop Hello', 'the second route answers');
  assert.equal(first.asked.length, 6);
  assert.equal(second.asked.length, 1);
  first.change(({ response }) => void response.writeHead(400).end());
  assert.equal(await post(gateway), 'answer stop Hello', 'a rejection is not repeated, but taken elsewhere');
  assert.equal(first.asked.length, 7);
  first.change(({ response }) => {
    response.write(sse({ choices: [{ index: 0, delta: { content: 'Half an answer, and ' } }] }));
    setTimeout(() => response.destroy(), 30);
  });
  assert.match(await post(gateway, true), /^broken inference\.unavailable Half an answer/);
  assert.deepEqual([first.asked.length, second.asked.length], [8, 2]);
  const tries = (await gateway.closedRecords()).map((record) =>
    record.tries?.map(({ route, outcome }) => `${route} ${outcome}`).join(', '),
  );
  assert.deepEqual(tries, [
    'test-1 failed, test-1 failed, test-1 answered',
    'test-1 failed, test-1 failed, test-1 failed, test-2 answered',
    'test-1 failed, test-2 answered',
    'test-1 failed',
  ]);
});

test('a fallback that may not carry the data is never asked', async () => {
  await using first = await startUpstream(({ response }) => void response.writeHead(503).end());
  await using second = await startUpstream(ANSWER_HELLO);
  const files = routeWith(NO_BREAKER, first.url, second.url);
  const publicOnly = files['routes/test-2.yaml']?.replace('[public, internal]', '[public]') ?? '';
  await using gateway = await startTestGateway({
    files: { ...files, 'routes/test-2.yaml': publicOnly },
  }).catch(() => startTestGateway({ files: routeWith(NO_BREAKER, first.url) }));
  assert.equal(await post(gateway), 'refusal 502 inference.unavailable');
  assert.equal(second.asked.length, 0);
});

test("the capability's own deadline bounds all tries together", async () => {
  await using upstream = await startUpstream(() => undefined);
  const files = routeWith('retries: 5\nbreaker: { failures: 1000 }', upstream.url, upstream.url);
  for (const path of ['routes/test-1.yaml', 'routes/test-2.yaml'])
    files[path] = files[path]?.replace(/timeouts: .*/, 'timeouts: { firstByteMs: 400 }') ?? '';
  files['capabilities/support-assistant.yaml'] += 'limits: { deadlineSeconds: 1 }\n';
  await using gateway = await startTestGateway({ files });
  const startedMs = Date.now();
  assert.equal(await post(gateway), 'refusal 504 inference.deadline');
  const tookMs = Date.now() - startedMs;
  assert.ok(tookMs >= 900 && tookMs < 2_000, `${tookMs} ms`);
  await eventually(() => upstream.underway() === 0, { what: 'the tries to be let go' });
});

test('streams and whole answers share a few kept connections', async () => {
  const used = new Set<unknown>();
  await using upstream = await startUpstream((exchange) => {
    used.add(exchange.request.socket);
    return ANSWER_HELLO(exchange);
  });
  await using gateway = await startTestGateway({ files: routeWith(NO_BREAKER, upstream.url) });
  for (let i = 0; i < 20; i++) assert.equal(await post(gateway, i % 2 === 0), 'answer stop Hello');
  assert.ok(used.size <= 2, `${used.size} connections were used`);
});

test('nothing is left behind when the gateway has stopped: no timer and no socket', async () => {
  const count = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind.startsWith('TCP')).length;
  const before = count();
  {
    await using upstream = await startChangeable();
    await using gateway = await startTestGateway({ files: routeWith('retries: 2', upstream.url) });
    const token = await gateway.token();
    const say = async (serve: Answerer, stream: boolean) => {
      upstream.change(serve);
      const body = ask('Hello', { stream });
      await using client = await connectRaw(gateway.url);
      client.send(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n` +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await client.closed();
      assert.match(client.received(), /^HTTP\/1\.1 \d+/);
    };
    await say(ANSWER_HELLO, false);
    await say(ANSWER_HELLO, true);
    await say(() => undefined, false);
    await say(({ response }) => void response.writeHead(500).write('x'), true);
    await say(({ response }) => void response.destroy(), true);
  }
  await eventually(() => count() <= before, {
    what: `${process.getActiveResourcesInfo().join(', ')} to end`,
  });
});
