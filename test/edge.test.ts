import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, startTestGateway, type TestGateway } from './support/gateway.ts';
import { connectRaw, eventually } from './support/raw-client.ts';
import { assertRefusal } from './support/refusals.ts';

const PATH = '/v1/chat/completions';
const APP = 'https://app.example.com';

/** The example's root file with another edge. */
const withEdge = (yaml: string) => ({
  'goldenpath.yaml': `name: desk\nowner: a\nenvironment: development\nloopbackIssuer: true\nedge:\n${yaml}`,
});

const codesOf = async (gateway: TestGateway) =>
  (await gateway.closedRecords()).map(({ refusal, outcome }) => refusal?.code ?? outcome);

test('an address has its requests in a window, whatever it asks for, and each more leaves its record', async () => {
  const files = withEdge('  perAddress: { requests: 4, windowSeconds: 600 }\n');
  await using gateway = await startTestGateway({ files });
  assert.equal((await gateway.post(ask('How long can I return an item?'))).status, 200);
  assert.equal((await gateway.post('[]')).status, 400);
  assert.equal((await fetch(`${gateway.url}/nothing`)).status, 404);
  assert.equal((await fetch(`${gateway.url}/v1/models`)).status, 401);
  const limited = [
    await gateway.post(ask('How long can I return an item?')),
    await gateway.post(ask('How long?'), { 'content-type': 'text/plain' }),
    await gateway.post(ask('How long?'), { 'x-forwarded-for': '198.51.100.1' }),
    await fetch(`${gateway.url}/nothing`),
    await fetch(`${gateway.url}/v1/models`),
  ];
  for (const response of limited) {
    const retryAfterS = Number(response.headers.get('retry-after'));
    assert.ok(retryAfterS > 590 && retryAfterS <= 600, `${retryAfterS}`);
    await assertRefusal(response, { status: 429, code: 'edge.rate_exceeded' });
  }
  for (const path of ['/healthz', '/readyz', '/metrics'])
    assert.equal((await fetch(gateway.url + path)).status, 200, 'who watches is not counted');
  assert.deepEqual(await codesOf(gateway), [
    'answered',
    'edge.malformed_request',
    'edge.unknown_path',
    'identity.missing_token',
    ...limited.map(() => 'edge.rate_exceeded'),
  ]);
});

test('bytes that are no HTTP count for their address, too', async () => {
  const files = withEdge('  perAddress: { requests: 2, windowSeconds: 600 }\n');
  await using gateway = await startTestGateway({ files });
  for (let i = 0; i < 2; i++) {
    await using connection = await connectRaw(gateway.url);
    connection.send('HELLO\r\n\r\n');
    await connection.closed();
  }
  await assertRefusal(await gateway.post('{}'), { status: 429, code: 'edge.rate_exceeded' });
});

test('behind a trusted proxy each client has a count of its own, and cannot take that of another', async () => {
  const files = withEdge(
    '  trustedProxies: [127.0.0.0/8]\n  perAddress: { requests: 1, windowSeconds: 600 }\n',
  );
  await using gateway = await startTestGateway({ files });
  const statusFrom = async (header: string) =>
    (await fetch(`${gateway.url}/v1/models`, { headers: { 'x-forwarded-for': header } })).status;
  assert.equal(await statusFrom('198.51.100.1'), 401);
  assert.equal(await statusFrom('198.51.100.1'), 429);
  assert.equal(await statusFrom('203.0.113.77, 198.51.100.1'), 429, 'what the client wrote is not believed');
  assert.equal(await statusFrom('198.51.100.2'), 401);
  assert.equal(await statusFrom('2001:db8:1:2::1'), 401);
  assert.equal(await statusFrom('2001:db8:1:2:ffff::9'), 429, 'an IPv6 network of 64 bits is one client');
});

test('counts go on through a reload', async () => {
  const files = withEdge('  perAddress: { requests: 1, windowSeconds: 600 }\n');
  await using gateway = await startTestGateway({ files });
  assert.equal((await fetch(`${gateway.url}/v1/models`)).status, 401);
  const { appendFile } = await import('node:fs/promises');
  await appendFile(`${gateway.governanceDir}/goldenpath.yaml`, '# touched\n');
  assert.equal(await gateway.gateway.reload('test'), 'swapped');
  assert.equal((await fetch(`${gateway.url}/v1/models`)).status, 429);
});

test('a page of an allowed origin may ask, and read the headers, whole and streamed', async () => {
  await using gateway = await startTestGateway({
    files: withEdge(`  origins: [${APP}, https://b.example]\n  credentials: true\n`),
  });
  const preflight = await fetch(gateway.url + PATH, {
    method: 'OPTIONS',
    headers: {
      origin: APP,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-os',
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(await preflight.text(), '');
  const header = (name: string) => preflight.headers.get(name);
  assert.equal(header('access-control-allow-origin'), APP);
  assert.equal(header('access-control-allow-methods'), 'POST');
  assert.equal(header('access-control-allow-headers'), 'authorization,content-type,x-stainless-os');
  assert.equal(header('access-control-allow-credentials'), 'true');
  assert.equal(header('vary'), 'Origin, Access-Control-Request-Headers');
  assert.equal(header('access-control-max-age'), '600');
  const asked = {
    whole: await gateway.post(ask('How long can I return an item?'), { origin: APP }),
    streamed: await gateway.post(ask('How long can I return an item?', { stream: true }), { origin: APP }),
    refused: await gateway.post('[]', { origin: APP }),
    unread: await gateway.post('[]', { origin: APP, 'content-type': 'text/plain' }),
    unserved: await fetch(`${gateway.url}/nothing`, { headers: { origin: APP } }),
  };
  for (const [name, response] of Object.entries(asked)) {
    assert.equal(response.headers.get('access-control-allow-origin'), APP, name);
    assert.equal(response.headers.get('access-control-allow-credentials'), 'true', name);
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /x-request-id.*retry-after/);
    assert.equal(response.headers.get('vary'), 'Origin', name);
    assert.ok(response.headers.get('x-request-id'), name);
    await response.text();
  }
  assert.deepEqual(
    Object.values(asked).map(({ status }) => status),
    [200, 200, 400, 415, 404],
  );
  const plain = await fetch(`${gateway.url}/v1/models`);
  assert.equal(plain.headers.get('vary'), 'Origin', 'a cache must not give it to another origin');
  assert.equal(plain.headers.get('access-control-allow-origin'), null);
  assert.equal((await codesOf(gateway)).length, 6, 'an allowed preflight is no attempt');
});

test('a page of another origin is refused, and told nothing that its script could read', async () => {
  await using gateway = await startTestGateway({ files: withEdge(`  origins: [${APP}]\n`) });
  const strangers = [
    'https://evil.example',
    'null',
    `${APP}.evil.example`,
    'http://app.example.com',
    'HTTPS://APP.EXAMPLE.COM',
  ];
  for (const origin of strangers) {
    const asked = await gateway.post(ask('How long can I return an item?'), { origin });
    assert.equal(asked.headers.get('access-control-allow-origin'), null);
    await assertRefusal(asked, { status: 403, code: 'edge.origin_refused', secret: 'evil' });
    const preflight = await fetch(gateway.url + PATH, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    await assertRefusal(preflight, { status: 403, code: 'edge.origin_refused' });
  }
  const records = await gateway.closedRecords();
  assert.equal(records.length, 2 * strangers.length);
  assert.ok(!JSON.stringify(records).includes('evil'));
});

test('where no origin is named no page may ask, and with * every page may, without credentials', async () => {
  await using closed = await startTestGateway({ files: withEdge('  {}\n') });
  await assertRefusal(await closed.post(ask('Hello?'), { origin: APP }), {
    status: 403,
    code: 'edge.origin_refused',
  });
  await using open = await startTestGateway({ files: withEdge("  origins: ['*']\n") });
  const answer = await open.post(ask('How long can I return an item?'), { origin: APP });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(answer.headers.get('access-control-allow-credentials'), null);
});

test('a known attack is counted or blocked, on the record and in the metrics, never its text', async () => {
  const files = withEdge(
    '  attackPatterns:\n' +
      '    - { name: counted, pattern: (?i)ignore\\s+previous, action: count }\n' +
      '    - { name: blocked, pattern: zebra-attack, action: block, message: We know that one. }\n',
  );
  await using gateway = await startTestGateway({ files });
  const passed = await gateway.post(ask('Ignore previous. How long can I return an item?'));
  assert.equal(passed.status, 200, await passed.text());
  const body = ask('ignore previous: \u0061').replace('\u0061', '\\u007aebra-attack');
  const { message } = await assertRefusal(await gateway.post(body), {
    status: 403,
    code: 'edge.attack_pattern',
    secret: 'zebra',
  });
  assert.equal(message, 'We know that one.');
  const [first, second] = await gateway.closedRecords();
  assert.deepEqual(first?.attacks, [{ pattern: 'counted', action: 'counted' }]);
  assert.deepEqual(second?.attacks, [
    { pattern: 'counted', action: 'counted' },
    { pattern: 'blocked', action: 'blocked' },
  ]);
  assert.deepEqual(second?.refusal, { code: 'edge.attack_pattern', detail: 'blocked' });
  assert.ok(!/zebra|ignore/i.test(JSON.stringify([first, second])));
  await eventually(
    async () => /pattern="counted"/.test(await (await fetch(`${gateway.url}/metrics`)).text()),
    {
      what: 'the metric',
    },
  );
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(metrics, /goldenpath_attack_patterns_total\{pattern="counted",action="counted"\} 2\n/);
  assert.match(metrics, /goldenpath_attack_patterns_total\{pattern="blocked",action="blocked"\} 1\n/);
});
