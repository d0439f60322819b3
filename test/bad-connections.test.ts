import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, routeTo, startTestGateway, type TestGateway } from './support/gateway.ts';
import { connectRaw, eventually, parseResponses, type RawConnection } from './support/raw-client.ts';
import { assertErrorBody, assertRefusal } from './support/refusals.ts';
import { sse, startUpstream, type TestUpstream } from './support/upstream.ts';

const PATH = '/v1/chat/completions';
const MB = 1_000_000;

async function head(
  gateway: TestGateway,
  headers: Record<string, string | number> = {},
  line = `POST ${PATH} HTTP/1.1`,
) {
  const all = {
    host: 'gateway',
    authorization: `Bearer ${await gateway.token()}`,
    'content-type': 'application/json',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${line}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Waits for the closed record of each attempt so far, and says how they ended. */
async function outcomes(
  gateway: TestGateway,
  count: number,
): Promise<(readonly [string, string | undefined])[]> {
  await eventually(async () => (await gateway.closedRecords()).length >= count, { what: `${count} records` });
  return (await gateway.closedRecords()).map(({ outcome, refusal }) => [outcome, refusal?.code] as const);
}

function assertRawRefusal(connection: RawConnection, status: number, code: string): void {
  const response = parseResponses(connection.received()).at(-1);
  assert.equal(response?.status, status, connection.received().slice(0, 300));
  assert.match(response?.headers['content-type'] ?? '', /^application\/json/);
  assertErrorBody(response?.body ?? '', { code });
}

test('refuses 10 MB, declared or in chunks without a length, while the client still writes', async () => {
  await using gateway = await startTestGateway();
  const big = Buffer.alloc(10 * MB, 0x20);
  await assertRefusal(await gateway.post(big), { status: 413, code: 'edge.body_too_large' });
  const token = await gateway.token();
  const chunked = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest(
      `${gateway.url}${PATH}`,
      { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } },
      (response) => response.resume().on('end', () => resolve(response.statusCode)),
    );
    request.on('error', reject);
    for (let at = 0; at < big.length; at += MB) request.write(big.subarray(at, at + MB));
    request.end();
  });
  assert.equal(chunked, 413);
  const tooLarge = ['refused', 'edge.body_too_large'] as const;
  assert.deepEqual(await outcomes(gateway, 2), [tooLarge, tooLarge]);
});

test('an endless body is refused at once and cut off soon, and one of exactly the limit is read', async () => {
  await using gateway = await startTestGateway({ maxBodyBytes: 5_000 });
  await using connection = await connectRaw(gateway.url);
  connection.send(await head(gateway, { 'transfer-encoding': 'chunked' }));
  const endless = setInterval(() => connection.send(`1000\r\n${'x'.repeat(0x1000)}\r\n`), 5);
  await connection.until(/edge\.body_too_large/);
  assertRawRefusal(connection, 413, 'edge.body_too_large');
  await connection.closed(4_000);
  clearInterval(endless);
  const body = ask('x'.repeat(5_000 - ask('').length));
  assert.equal((await gateway.post(body)).status, 200);
  await assertRefusal(await gateway.post(`${body} `), { status: 413, code: 'edge.body_too_large' });
  assert.equal((await outcomes(gateway, 3)).length, 3);
});

test('a client that writes on before it reads still gets its refusal, and no reset', async () => {
  await using gateway = await startTestGateway({ maxBodyBytes: 5_000, bodyTimeoutMs: 300 });
  const cases = [
    [{ 'content-length': 10 * MB }, /edge\.body_too_large/],
    [{ 'content-length': 10 * MB, 'content-type': 'text/plain' }, /edge\.unsupported_media_type/],
    [{ 'content-length': 10 * MB, 'content-encoding': 'gzip' }, /edge\.unsupported_media_type/],
  ] as const;
  for (const [headers, expected] of cases) {
    await using connection = await connectRaw(gateway.url);
    connection.socket.pause();
    connection.send(await head(gateway, headers));
    for (let i = 0; i < 10; i++) {
      connection.send(Buffer.alloc(100_000, 0x20));
      await sleep(10);
    }
    connection.socket.resume();
    await connection.until(expected);
    assert.equal(connection.socket.errored, null);
  }
});

test('a body that is shorter or longer than it says never becomes another request', async () => {
  await using gateway = await startTestGateway({ bodyTimeoutMs: 300 });
  const body = ask('How long can I return an item?');
  await using short = await connectRaw(gateway.url);
  short.send((await head(gateway, { 'content-length': body.length + 10 })) + body);
  await short.until(/edge\.timeout/);
  assertRawRefusal(short, 408, 'edge.timeout');
  await using ended = await connectRaw(gateway.url);
  ended.send((await head(gateway, { 'content-length': body.length + 10 })) + body);
  ended.socket.end();
  await ended.closed();
  assertRawRefusal(ended, 400, 'edge.malformed_http');
  await using long = await connectRaw(gateway.url);
  long.send((await head(gateway, { 'content-length': body.length })) + body + 'GARBAGE'.repeat(5));
  await long.closed();
  assert.ok(!long.received().includes('GARBAGE'));
  const ends = await outcomes(gateway, 4);
  assert.deepEqual(ends.slice(0, 2), [
    ['refused', 'edge.timeout'],
    ['cancelled', undefined],
  ]);
  assert.equal(ends.length, 4, 'what follows a whole request is one of its own');
});

test('refuses two lengths, a length beside chunks, and broken chunks', async () => {
  await using gateway = await startTestGateway();
  const heads = [
    (await head(gateway, { 'content-length': 2 })).replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n{}'),
    `${await head(gateway, { 'content-length': 5, 'transfer-encoding': 'chunked' })}0\r\n\r\n`,
    `${await head(gateway, { 'transfer-encoding': 'chunked, gzip' })}0\r\n\r\n`,
    await head(gateway, { 'content-length': '-5' }),
    await head(gateway, { 'content-length': '1e3' }),
    'GET / HTTP/9.9\r\n\r\n',
    'HELLO\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ];
  for (const text of heads) {
    await using connection = await connectRaw(gateway.url);
    connection.send(text);
    await connection.closed();
    assertRawRefusal(connection, 400, 'edge.malformed_http');
  }
  await using broken = await connectRaw(gateway.url);
  broken.send(`${await head(gateway, { 'transfer-encoding': 'chunked' })}ZZ\r\n{}\r\n`);
  await broken.closed();
  assertRawRefusal(broken, 400, 'edge.malformed_http');
  const ends = await outcomes(gateway, heads.length + 1);
  assert.deepEqual(new Set(ends.map(String)), new Set(['refused,edge.malformed_http']));
  assert.equal(ends.length, heads.length + 1, 'one closed record each');
});

test('takes JSON in UTF-8 as it stands, and no other type, charset or encoding', async () => {
  await using gateway = await startTestGateway();
  const body = ask('How long can I return an item?');
  const accepted = [
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;Charset="UTF-8"',
  ];
  for (const type of accepted) {
    const response = await gateway.post(body, { 'content-type': type, 'content-encoding': 'identity' });
    assert.equal(response.status, 200, `${type}: ${await response.text()}`);
  }
  const refused = [
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/jsonx' },
    { 'content-type': 'text/json, application/json' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'application/json; charset=utf-8; charset=latin1' },
    { 'content-type': 'not a type' },
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'identity, br' },
  ];
  for (const headers of refused) {
    await assertRefusal(await gateway.post(body, headers), {
      status: 415,
      code: 'edge.unsupported_media_type',
    });
  }
  await using untyped = await connectRaw(gateway.url);
  untyped.send(`POST ${PATH} HTTP/1.1\r\nhost: gateway\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await untyped.until(/unsupported_media_type/);
  assertRawRefusal(untyped, 415, 'edge.unsupported_media_type');
  assert.equal((await outcomes(gateway, 14)).length, accepted.length + refused.length + 1);
});

const DIALECTS: Readonly<Record<string, string>> = {
  [PATH]: 'openai.chat_completions',
  '/v1/models': 'openai.models',
};
const dialectOf = (path: string) => DIALECTS[path.split('?')[0] ?? ''] ?? 'http';

test('what is not served is refused in the same shape, and leaves one closed record each', async () => {
  await using gateway = await startTestGateway({ bodyTimeoutMs: 300 });
  const text = { body: 'zebra', headers: { 'content-type': 'text/plain' } };
  const strangers: [string, RequestInit, allow?: string][] = [
    [PATH, { method: 'GET' }, 'POST'],
    [PATH, { method: 'DELETE' }, 'POST'],
    [`${PATH}?zebra=1`, { method: 'PUT', ...text }, 'POST'],
    ['/v1/models', { method: 'POST', ...text }, 'GET, HEAD'],
    ['/healthz', { method: 'POST', ...text }, 'GET, HEAD'],
    [`${PATH}/`, { method: 'POST', ...text }],
    ['/v1/CHAT/completions', { method: 'POST', ...text }],
    ['//v1/chat/completions', { method: 'POST', ...text }],
    ['/v1/models/zebra', { method: 'GET' }],
    ['/v1/embeddings', { method: 'POST', body: 'zebra'.repeat(800_000), headers: text.headers }],
    ['/.env', { method: 'GET' }],
    ['/', { method: 'GET' }],
  ];
  const expected: [string, string | undefined, string][] = [];
  for (const [path, init, allow] of strangers) {
    const response = await fetch(gateway.url + path, init);
    const code = allow === undefined ? 'edge.unknown_path' : 'edge.method_not_allowed';
    const status = allow === undefined ? 404 : 405;
    assert.equal(response.headers.get('allow') ?? undefined, allow);
    const { requestId } = await assertRefusal(response, { status, code, secret: 'zebra' });
    expected.push([requestId, code, allow === undefined ? 'http' : dialectOf(path)]);
  }
  const bad = await fetch(`${gateway.url}/%zz-zebra`);
  const { requestId: badId } = await assertRefusal(bad, {
    status: 400,
    code: 'edge.malformed_request',
    secret: 'zebra',
  });
  expected.push([badId, 'edge.malformed_request', 'http']);
  const headOnly = await fetch(gateway.url + PATH, { method: 'HEAD' });
  assert.equal(headOnly.status, 405);
  expected.push([headOnly.headers.get('x-request-id') ?? '', 'edge.method_not_allowed', dialectOf(PATH)]);
  const unnamed = await fetch(`${gateway.url}/v1/models`);
  assert.equal(unnamed.headers.get('www-authenticate'), 'Bearer');
  const missing = { status: 401, code: 'identity.missing_token' };
  expected.push([(await assertRefusal(unnamed, missing)).requestId, missing.code, dialectOf('/v1/models')]);
  for (const path of ['/healthz', '/readyz', '/metrics'])
    assert.equal((await fetch(gateway.url + path)).status, 200);
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map(({ requestId, refusal, dialect }) => [requestId, refusal?.code, dialect]),
    expected,
    'one closed record each, and none for what watches the gateway',
  );
  assert.ok(!JSON.stringify(records).includes('zebra'));
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(metrics, /goldenpath_attempts_total\{[^}]*refusal="edge\.unknown_path"[^}]*\} 7\n/);
  assert.match(metrics, /goldenpath_attempts_total\{[^}]*refusal="identity\.missing_token"[^}]*\} 1\n/);
});

test('headers that are too large, or many, are refused or borne', async () => {
  await using gateway = await startTestGateway();
  await using large = await connectRaw(gateway.url);
  large.send(await head(gateway, { 'x-large': 'x'.repeat(100_000) }));
  await large.closed();
  assertRawRefusal(large, 431, 'edge.headers_too_large');
  const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`x-${index}`, 'y']));
  const response = await gateway.post(ask('How long can I return an item?'), many);
  assert.equal(response.status, 200, await response.text());
  assert.deepEqual(await outcomes(gateway, 2), [
    ['refused', 'edge.headers_too_large'],
    ['answered', undefined],
  ]);
});

test('headers and bodies that drip in are cut off in time', async () => {
  await using gateway = await startTestGateway({ bodyTimeoutMs: 250 });
  await using slowHead = await connectRaw(gateway.url);
  await using slowBody = await connectRaw(gateway.url);
  await using silent = await connectRaw(gateway.url);
  const startedMs = Date.now();
  const headText = await head(gateway, { 'content-length': 1_000 });
  let at = 0;
  const drip = setInterval(() => slowHead.send(headText[at++] ?? 'x'), 20);
  slowBody.send(headText);
  const dripBody = setInterval(() => slowBody.send('{'), 20);
  await Promise.all([slowHead.closed(), slowBody.until(/edge\.timeout/), silent.closed()]);
  assert.ok(Date.now() - startedMs < 2_000, `took ${Date.now() - startedMs} ms`);
  assertRawRefusal(slowHead, 408, 'edge.timeout');
  assertRawRefusal(slowBody, 408, 'edge.timeout');
  clearInterval(drip);
  await slowBody.closed();
  clearInterval(dripBody);
  const timeout = ['refused', 'edge.timeout'] as const;
  assert.deepEqual(await outcomes(gateway, 2), [timeout, timeout], 'and silence is no attempt');
});

test('answers Expect: 100-continue, HTTP/1.0 and pipelined requests, each once and in order', async () => {
  await using gateway = await startTestGateway();
  const body = ask('How long can I return an item?');
  await using expecting = await connectRaw(gateway.url);
  expecting.send(await head(gateway, { 'content-length': body.length, expect: '100-continue' }));
  await expecting.until(/^HTTP\/1\.1 100 Continue/);
  expecting.send(body);
  await expecting.until(/30 days/);
  await using old = await connectRaw(gateway.url);
  const streamed = ask('How long can I return an item?', { stream: true });
  old.send((await head(gateway, { 'content-length': streamed.length }, `POST ${PATH} HTTP/1.0`)) + streamed);
  await old.closed();
  assert.match(old.received(), /\[DONE\]\n\n$/);
  assert.ok(!old.received().includes('transfer-encoding'), 'HTTP/1.0 has no chunks');
  await using piped = await connectRaw(gateway.url);
  const one = (await head(gateway, { 'content-length': body.length })) + body;
  const bad = (await head(gateway, { 'content-length': 2 })) + '[]';
  piped.send(one + bad + one);
  await eventually(() => parseResponses(piped.received()).length === 3, { what: 'three responses' });
  assert.deepEqual(
    parseResponses(piped.received()).map(({ status }) => status),
    [200, 400, 200],
  );
  assert.equal((await outcomes(gateway, 5)).length, 5);
});

test('a client that leaves mid-upload leaves one cancelled record', async () => {
  await using gateway = await startTestGateway();
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    await using connection = await connectRaw(gateway.url);
    connection.send(`${await head(gateway, { 'content-length': 1_000 })}{"model":"supp`);
    await sleep(30);
    connection.socket[leave]();
  }
  assert.deepEqual(await outcomes(gateway, 2), [
    ['cancelled', undefined],
    ['cancelled', undefined],
  ]);
});

/** An upstream that begins an answer, and then says one word every 20 ms for ever. */
async function startEndless(): Promise<TestUpstream> {
  return startUpstream(({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    const timer = setInterval(
      () => response.write(sse({ choices: [{ index: 0, delta: { content: 'word ' } }] })),
      20,
    );
    response.on('close', () => clearInterval(timer));
  });
}

test('a client that leaves mid-stream lets the model go within a second', async () => {
  await using upstream = await startEndless();
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const body = ask('Tell me all.', { stream: true });
  await using connection = await connectRaw(gateway.url);
  connection.send((await head(gateway, { 'content-length': body.length })) + body);
  await connection.until(/word/);
  assert.equal(upstream.underway(), 1);
  connection.socket.destroy();
  await eventually(() => upstream.underway() === 0, {
    what: 'the model to be let go',
    timeoutMs: 1_000,
  });
  assert.deepEqual(await outcomes(gateway, 1), [['cancelled', undefined]]);
  const [record] = await gateway.closedRecords();
  assert.equal(record?.usage?.source, 'estimate', 'what was cut off is not free');
  assert.match(record?.tries?.[0]?.cause ?? '', /^cancelled/);
});

test('a client that leaves while the model thinks lets it go within a second', async () => {
  await using upstream = await startUpstream(() => undefined);
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const leaving = new AbortController();
  const asked = fetch(`${gateway.url}${PATH}`, {
    method: 'POST',
    body: ask('Think.'),
    signal: leaving.signal,
    headers: { authorization: `Bearer ${await gateway.token()}`, 'content-type': 'application/json' },
  });
  await eventually(() => upstream.asked.length === 1, { what: 'the question' });
  leaving.abort();
  await assert.rejects(asked);
  await eventually(() => upstream.underway() === 0, {
    what: 'the model to be let go',
    timeoutMs: 1_000,
  });
  assert.deepEqual(await outcomes(gateway, 1), [['cancelled', undefined]]);
});

test('a client that reads slowly slows the model down, and memory does not grow', async () => {
  const event = Buffer.from(
    sse({ choices: [{ index: 0, delta: { content: 'lorem ipsum '.repeat(1_000) } }] }),
  );
  const events = 1_200;
  let written = 0;
  await using upstream = await startUpstream(async ({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    for (; written < events && !response.destroyed; written++) {
      if (!response.write(event)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.write(sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    response.end('data: [DONE]\n\n');
  });
  const files = routeTo(upstream.url);
  const route = files['routes/test-1.yaml']?.replace(
    'idleMs: 500, totalMs: 3000',
    'idleMs: 2000, totalMs: 30000',
  );
  await using gateway = await startTestGateway({ files: { ...files, 'routes/test-1.yaml': route } });
  const body = ask('Tell me all.', { stream: true });
  await using connection = await connectRaw(gateway.url);
  connection.send((await head(gateway, { 'content-length': body.length })) + body);
  await connection.until(/lorem/);
  connection.socket.pause();
  let before = -1;
  await eventually(
    async () => {
      const isStill = written === before;
      before = written;
      await sleep(200);
      return isStill;
    },
    { what: 'the model to be held back', timeoutMs: 8_000 },
  );
  assert.ok(written < events, `the model could write all of its ${events} events`);
  connection.socket.resume();
  await connection.until(/\[DONE\]/, 15_000);
  assert.equal(written, events);
  assert.deepEqual(await outcomes(gateway, 1), [['answered', undefined]]);
});
