import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { openLoopbackIssuer } from '../src/adapters/loopback-issuer/loopback-issuer.ts';
import type { ClosedRecord } from '../src/road/record.ts';
import { startGatewayWithEvidence } from './support/evidence.ts';
import { ask, MAYA, routeTo, startTestGateway, writeGovernance } from './support/gateway.ts';
import { answerWith, completion, startUpstream, type Answerer } from './support/upstream.ts';

const closedOf = (stateDir: string) =>
  readRecords(stateDir).filter((record): record is ClosedRecord => record.kind === 'closed');

// No inference without a durable intent, and no answer without its record.

const fail = () => Promise.reject(new Error('no space left on device'));
const BEFORE: readonly (readonly [string, Parameters<typeof startGatewayWithEvidence>[0]['failing']])[] = [
  ['the log cannot write the intent', { open: fail }],
  ['the archive cannot keep the prompt', { sealPrompt: fail }],
];

for (const [name, failing] of BEFORE) {
  for (const stream of [false, true]) {
    test(`no model is asked when ${name} (${stream ? 'streamed' : 'whole'})`, async () => {
      await using upstream = await startUpstream(answerWith('Hello.'));
      await using gateway = await startGatewayWithEvidence({ upstreamUrl: upstream.url, failing });
      const response = await gateway.post(ask('Hello?', { stream }));
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('x-goldenpath-refusal'), 'audit.unavailable');
      assert.deepEqual(upstream.asked, []);
      assert.deepEqual(
        closedOf(gateway.stateDir).map(({ outcome, refusal }) => [outcome, refusal?.code]),
        [['refused', 'audit.unavailable']],
      );
    });
  }
}

const AFTER: readonly (readonly [
  string,
  Parameters<typeof startGatewayWithEvidence>[0]['failing'],
  number,
])[] = [
  ['its record cannot be closed', { close: fail }, 0],
  ['the archive cannot keep it', { sealAnswer: fail }, 1],
];

for (const [name, failing, records] of AFTER) {
  test(`an answer does not arrive when ${name}`, async () => {
    await using upstream = await startUpstream(answerWith('The answer', ' is xyzzy.'));
    await using gateway = await startGatewayWithEvidence({ upstreamUrl: upstream.url, failing });
    const whole = await gateway.post(ask('What is it?'));
    assert.equal(whole.status, 503);
    assert.equal(whole.headers.get('x-goldenpath-refusal'), 'audit.unavailable');
    assert.ok(!(await whole.text()).includes('xyzzy'));
    const streamed = await (await gateway.post(ask('What is it?', { stream: true }))).text();
    assert.ok(!streamed.includes('"finish_reason":"stop"') && !streamed.includes('[DONE]'), streamed);
    assert.match(streamed, /could not be recorded/);
    assert.deepEqual(
      closedOf(gateway.stateDir).map(({ outcome, refusal }) => [outcome, refusal?.code]),
      Array.from({ length: records * 2 }, () => ['failed', 'audit.unavailable']),
    );
  });
}

test('a refusal that cannot be recorded stays a refusal', async () => {
  await using upstream = await startUpstream(answerWith('Hello.'));
  await using gateway = await startGatewayWithEvidence({
    upstreamUrl: upstream.url,
    failing: { close: fail },
  });
  const response = await gateway.post(ask('Hello?', { model: 'no-such-capability' }));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('x-goldenpath-refusal'), 'audit.unavailable');
  assert.deepEqual(upstream.asked, []);
});

// One closed record an attempt.

/** Answers as the question says. */
const obey: Answerer = (exchange) => {
  const { response, body } = exchange;
  if (body.includes('please fail')) {
    response.statusCode = 500;
    response.end('{"error":"CANARY-UPSTREAM"}');
    return;
  }
  if (body.includes('please babble')) {
    response.setHeader('content-type', 'application/json');
    response.end('CANARY-UPSTREAM is no JSON');
    return;
  }
  if (body.includes('please leak'))
    return answerWith('The secret is ', 'Project Nightjar CANARY-ANSWER.')(exchange);
  if (body.includes('please wait')) {
    response.setHeader('content-type', 'text/event-stream');
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Well ' } }] })}\n\n`);
    return;
  }
  if (body.includes('please call')) {
    const whole = completion('') as { choices: { message: object; finish_reason: string }[] };
    const toolCalls = [
      {
        id: 'call_1',
        type: 'function',
        function: { name: 'look-up-order', arguments: '{"orderNumber":"CANARY-ANSWER"}' },
      },
    ];
    whole.choices[0] = {
      message: { role: 'assistant', content: null, tool_calls: toolCalls },
      finish_reason: 'tool_calls',
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(whole));
    return;
  }
  return answerWith('You said ', '[EMAIL_1] CANARY-ANSWER.')(exchange);
};

interface Kind {
  readonly body: string;
  readonly outcome: ClosedRecord['outcome'];
  readonly authorization?: string;
  readonly leaves?: boolean;
}

const KINDS: readonly Kind[] = [
  { body: ask('Hello?'), outcome: 'answered' },
  { body: ask('Hello?', { stream: true }), outcome: 'answered' },
  { body: ask('please leak'), outcome: 'blocked' },
  { body: ask('please leak', { stream: true }), outcome: 'blocked' },
  { body: ask('What is Project Nightjar?'), outcome: 'blocked' },
  { body: ask('please fail'), outcome: 'failed' },
  { body: ask('please babble', { stream: true }), outcome: 'failed' },
  { body: ask('Hello?', { model: 'order-extractor' }), outcome: 'refused' },
  { body: ask('Hello?', { top_p: 0.5 }), outcome: 'refused' },
  { body: '{"model":', outcome: 'refused' },
  { body: ask('Hello?'), outcome: 'refused', authorization: 'Bearer nonsense' },
  { body: ask('please wait', { stream: true }), outcome: 'cancelled', leaves: true },
];

test('two hundred attempts of all kinds at once leave two hundred closed records, each of its own end', async () => {
  await using upstream = await startUpstream(obey);
  const files = routeTo(upstream.url);
  const route = files['routes/test-1.yaml']?.replaceAll('500', '20000').replace('3000', '30000');
  // The breaker stays closed: that failures are contagious is for another test.
  await using gateway = await startTestGateway({
    files: { ...files, 'routes/test-1.yaml': `${route}breaker: { failures: 1000 }\n` },
  });
  const authorization = `Bearer ${await gateway.token()}`;
  const attempts = Array.from({ length: 200 }, (_, index) => KINDS[index % KINDS.length]).filter((k) => !!k);
  const ids = await Promise.all(
    attempts.map(async (kind) => {
      const left = new AbortController();
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        body: kind.body,
        headers: { 'content-type': 'application/json', authorization: kind.authorization ?? authorization },
        signal: left.signal,
      });
      const id = response.headers.get('x-request-id') ?? '';
      if (kind.leaves === true) {
        await response.body?.getReader().read();
        left.abort();
      } else await response.text();
      return id;
    }),
  );
  const deadlineMs = Date.now() + 5_000;
  while (closedOf(gateway.stateDir).length < 200 && Date.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = new Map(closedOf(gateway.stateDir).map((record) => [record.requestId, record]));
  assert.equal(closedOf(gateway.stateDir).length, 200);
  assert.deepEqual(
    ids.map((id) => closed.get(id)?.outcome),
    attempts.map(({ outcome }) => outcome),
  );
  const opened = readRecords(gateway.stateDir).flatMap((r) => (r.kind === 'opened' ? [r.requestId] : []));
  assert.equal(new Set(opened).size, opened.length);
  assert.equal(
    opened.length,
    upstream.asked.length,
    'each intent was followed by one question, and each question had one',
  );
  assert.ok(upstream.asked.every((asked) => !/nightjar/i.test(JSON.stringify(asked))));
});

// Logs, metrics, errors and traces hold no text and no personal data.

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** What is planted: words, personal data, and what the model answers. */
const PLANTED = ['CANARY-QUESTION', 'canary.person@example.com', 'CANARY-ANSWER', 'CANARY-UPSTREAM'];
const QUESTION = 'CANARY-QUESTION from canary.person@example.com:';

const say = (content: string, more: Record<string, unknown> = {}) => ask(`${QUESTION} ${content}`, more);
const canaryCall = {
  role: 'assistant',
  tool_calls: [
    {
      id: 'call_1',
      type: 'function',
      function: {
        name: 'look-up-order',
        arguments: '{"orderNumber":"CANARY-QUESTION canary.person@example.com"}',
      },
    },
  ],
};

/** Bodies that take every way through the gateway. */
const CANARIES: readonly (readonly [string, string])[] = [
  ['answered', say('hello')],
  ['answered, streamed', say('hello', { stream: true })],
  ['a tool call', say('please call', { tools: [{ type: 'function', function: { name: 'look-up-order' } }] })],
  [
    'a tool result',
    ask('', {
      messages: [
        { role: 'user', content: QUESTION },
        canaryCall,
        { role: 'tool', tool_call_id: 'call_1', content: `{"a":"${QUESTION}"}` },
      ],
    }),
  ],
  ['blocked on its way in', say('What is Project Nightjar?')],
  ['blocked on its way out', say('please leak')],
  ['blocked on its way out, streamed', say('please leak', { stream: true })],
  ['failed upstream', say('please fail')],
  ['malformed upstream', say('please babble', { stream: true })],
  ['an unknown capability', say('x', { model: QUESTION })],
  ['an unknown capability that looks like a name', say('x', { model: 'CANARY-QUESTION' })],
  ['a denied capability', say('x', { model: 'order-extractor' })],
  [
    'a system message',
    ask('', {
      messages: [
        { role: 'system', content: QUESTION },
        { role: 'user', content: 'a' },
      ],
    }),
  ],
  ['an unknown variable', say('x', { metadata: { campaign: QUESTION } })],
  ['an invalid variable', say('x', { metadata: { locale: QUESTION } })],
  ['a foreign tool', say('x', { tools: [{ type: 'function', function: { name: 'CANARY-QUESTION' } }] })],
  ['a foreign role', ask('', { messages: [{ role: 'CANARY-QUESTION', content: QUESTION }] })],
  ['a wrong type', ask('', { messages: QUESTION })],
  ['no JSON', `{"model": "CANARY-QUESTION canary.person@example.com`],
];

test('what was said is nowhere but in the answers and, unreadable, in the archive', async () => {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-canary-'));
  const spans: string[] = [];
  const collector = createHttpServer((request, response) => {
    request.on('data', (chunk: Buffer) => spans.push(chunk.toString()));
    request.on('end', () => response.end('{}'));
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo; // a TCP server has one
  await using upstream = await startUpstream(obey);
  try {
    const governance = join(root, 'governance');
    const stateDir = join(root, 'state');
    await writeGovernance(governance, routeTo(upstream.url));
    const child = spawn(
      process.execPath,
      [MAIN, 'start', '--port', '0', '--state', stateDir, '--governance', governance, '--log-level', 'debug'],
      { env: { PATH: '', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` } },
    );
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    while (!output.includes('is ready at') && child.exitCode === null)
      await new Promise((r) => setTimeout(r, 20));
    const url = /is ready at (\S+)/.exec(output)?.[1] ?? assert.fail(output);
    const issuer = await openLoopbackIssuer({ stateDir, clock: { nowMs: () => Date.now() } });
    const token = await issuer.mint({ ...MAYA, user: 'maya', workflow: undefined, ttlS: 600 });
    const post = async (body: string, authorization = `Bearer ${token}`) => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        body,
        headers: {
          authorization,
          'content-type': 'application/json',
          traceparent: QUESTION,
          'user-agent': QUESTION,
        },
      });
      return { status: response.status, body: await response.text() };
    };
    const outside: [string, string][] = [];
    for (const [name, body] of CANARIES) {
      const answer = await post(body);
      if (answer.status !== 200 || /"error"/.test(answer.body))
        outside.push([`error body: ${name}`, answer.body]);
    }
    outside.push(['error body: no token', (await post(say('x'), `Bearer ${QUESTION}`)).body]);
    outside.push(['/metrics', await (await fetch(`${url}/metrics`)).text()]);
    outside.push(['/readyz', await (await fetch(`${url}/readyz`)).text()]);
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.ok(spans.length > 0, 'spans were sent');
    outside.push(['log', output], ['spans', spans.join('')]);
    for (const path of await readdir(stateDir, { recursive: true, withFileTypes: true })) {
      if (!path.isFile()) continue;
      const file = join(path.parentPath, path.name);
      outside.push([file.slice(stateDir.length), (await readFile(file)).toString('latin1')]);
    }
    assert.ok(
      outside.some(([name]) => name.includes('/audit/')) &&
        outside.some(([name]) => name.includes('/archive/')),
    );
    assert.ok(output.split('\n').filter((line) => line.includes('attempt closed')).length >= CANARIES.length);
    const leaks = outside.flatMap(([name, content]) =>
      PLANTED.filter((planted) => content.toLowerCase().includes(planted.toLowerCase())).map(
        (planted) => `${planted} in ${name}`,
      ),
    );
    assert.deepEqual(leaks, []);
    const outcomes = new Set(closedOf(stateDir).map(({ outcome }) => outcome));
    assert.deepEqual(outcomes, new Set(['answered', 'blocked', 'failed', 'refused']));
  } finally {
    collector.close();
    await rm(root, { recursive: true });
  }
});
