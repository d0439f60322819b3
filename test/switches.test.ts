import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { openLocalSwitches } from '../src/adapters/switches/local.ts';
import { systemClock } from '../src/adapters/clock/system.ts';
import type { AdminRecord } from '../src/road/record.ts';
import type { Switch } from '../src/road/switching.ts';
import { ask, MAYA, routeTo, startTestGateway, type TestGateway, type TestUser } from './support/gateway.ts';
import { connectRaw, eventually } from './support/raw-client.ts';
import { assertErrorBody, assertRefusal } from './support/refusals.ts';
import { answerWith, sse, startUpstream, type Answerer } from './support/upstream.ts';

const OLGA: TestUser = { user: 'olga', tenant: 'acme', groups: ['platform-admins'] };
const LEA: TestUser = { user: 'lea', tenant: 'globex', groups: ['leads'] };

/** Begins an answer, and then says one word every 20 ms for ever. */
const endless: Answerer = ({ response }) => {
  response.setHeader('content-type', 'text/event-stream');
  const timer = setInterval(
    () => response.write(sse({ choices: [{ index: 0, delta: { content: 'word ' } }] })),
    20,
  );
  response.on('close', () => clearInterval(timer));
};

interface Order extends Partial<Switch> {
  readonly state?: string;
  readonly reason?: string;
}

async function turn(gateway: TestGateway, order: Order, as = OLGA): Promise<Response> {
  return fetch(`${gateway.url}/admin/switches`, {
    method: 'POST',
    body: JSON.stringify({ reason: 'a test', state: 'off', ...order }),
    headers: { authorization: `Bearer ${await gateway.token(as)}`, 'content-type': 'application/json' },
  });
}

async function list(gateway: TestGateway, as = OLGA): Promise<Response> {
  const headers = { authorization: `Bearer ${await gateway.token(as)}` };
  return fetch(`${gateway.url}/admin/switches`, { headers });
}

const flips = (gateway: TestGateway) =>
  readRecords(gateway.stateDir).filter(
    (record): record is AdminRecord => record.kind === 'admin' && record.action.startsWith('switch.'),
  );

/** A tool in the request, so that switching it off concerns the request. */
const TOOLS = { tools: [{ type: 'function', function: { name: 'look-up-order' } }] };

/** Every kind: what is switched off, the code that refuses, and its status. */
const KINDS: readonly (readonly [turned: Switch, code: string, status: number])[] = [
  [{ kind: 'everything', name: '' }, 'switch.everything_off', 503],
  [{ kind: 'tenant', name: 'acme' }, 'switch.tenant_off', 403],
  [{ kind: 'user', name: 'acme/maya' }, 'switch.user_off', 403],
  [{ kind: 'capability', name: 'support-assistant' }, 'switch.capability_off', 503],
  [{ kind: 'prompt', name: 'support-assistant@1' }, 'switch.prompt_off', 503],
  [{ kind: 'prompt', name: 'support-assistant' }, 'switch.prompt_off', 503],
  [{ kind: 'guardrail', name: 'support-baseline@1' }, 'switch.guardrail_off', 503],
  [{ kind: 'tool', name: 'look-up-order' }, 'switch.tool_off', 503],
  [{ kind: 'route', name: 'test-1' }, 'switch.route_off', 503],
];
/** Of the same kinds, what the request does not need. */
const ELSEWHERE: readonly Switch[] = [
  { kind: 'tenant', name: 'globex' },
  { kind: 'user', name: 'globex/maya' },
  { kind: 'capability', name: 'order-extractor' },
  { kind: 'prompt', name: 'support-assistant@2' },
  { kind: 'guardrail', name: 'marketing-baseline' },
  { kind: 'source', name: 'returns' },
  { kind: 'tool', name: 'other' },
  { kind: 'route', name: 'other' },
];

for (const [turned, code, status] of KINDS) {
  test(`${turned.kind} ${turned.name} off: streams end within a second, new requests are refused, on lets them pass`, async () => {
    await using upstream = await startUpstream(endless);
    await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
    for (const other of ELSEWHERE) assert.equal((await turn(gateway, other)).status, 200);
    const streamed = await gateway.post(ask('Tell me all.', { ...TOOLS, stream: true }));
    assert.equal(streamed.status, 200, 'what is off elsewhere does not concern it');
    const whole = gateway.post(ask('Tell me all.', TOOLS));
    await eventually(() => upstream.asked.length === 2, { what: 'both at the model' });
    const startedMs = Date.now();
    assert.equal((await turn(gateway, turned)).status, 200);
    const text = await streamed.text();
    await assertRefusal(await whole, { status, code });
    assert.ok(Date.now() - startedMs < 1_000, `took ${Date.now() - startedMs} ms`);
    const last = text.trimEnd().split('\n\n').at(-1) ?? '';
    assertErrorBody(last.replace(/^data: /, ''), { code });
    await eventually(() => upstream.underway() === 0, { what: 'the models to be let go', timeoutMs: 1_000 });
    await assertRefusal(await gateway.post(ask('Hello?', TOOLS)), { status, code });
    assert.equal((await turn(gateway, { ...turned, state: 'on' })).status, 200);
    const again = await gateway.post(ask('Hello?', { ...TOOLS, stream: true }));
    assert.equal(again.status, 200);
    await again.body?.cancel();
    await eventually(async () => (await gateway.closedRecords()).length === 4, { what: 'four records' });
    const ends = (await gateway.closedRecords()).map(({ outcome, refusal }) => [outcome, refusal?.code]);
    assert.deepEqual(ends, [
      ['failed', code],
      ['failed', code],
      ['refused', code],
      ['cancelled', undefined],
    ]);
    const record = (await gateway.closedRecords())[0];
    assert.equal(record?.usage?.source, 'estimate', 'what was cut is not free');
    const [off, on] = flips(gateway).slice(-2);
    assert.deepEqual([off?.action, on?.action], ['switch.off', 'switch.on']);
    assert.deepEqual([off?.actor, off?.reason], ['user:acme/olga', 'a test']);
    assert.deepEqual({ ...off?.switch, flip: undefined }, { ...turned, flip: undefined });
  });
}

test('a route that is off is passed over, and a source that is off is left out', async () => {
  await using first = await startUpstream(answerWith('From the first.'));
  await using second = await startUpstream(answerWith('From the second.'));
  const files = routeTo(first.url, second.url);
  const capability = `${files['capabilities/support-assistant.yaml']}context: [returns.md, delivery.md]\n`;
  await using gateway = await startTestGateway({
    files: { ...files, 'capabilities/support-assistant.yaml': capability },
  });
  await turn(gateway, { kind: 'route', name: 'test-1' });
  await turn(gateway, { kind: 'source', name: 'returns' });
  assert.match(await (await gateway.post(ask('Hello?'))).text(), /From the second/);
  assert.deepEqual(first.asked, []);
  const seen = JSON.stringify(second.asked);
  assert.ok(seen.includes('Express delivery'), 'the other was');
  assert.ok(!seen.includes('30 days of delivery'), 'the passage was not shown to the model');
  await turn(gateway, { kind: 'source', name: 'delivery' });
  await assertRefusal(await gateway.post(ask('Hello?')), { status: 503, code: 'switch.source_off' });
});

test('a client that does not read its stream cannot keep it alive', async () => {
  const flood: Answerer = async ({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    const event = sse({ choices: [{ index: 0, delta: { content: 'lorem ipsum '.repeat(2_000) } }] });
    while (!response.destroyed)
      if (!response.write(event)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await using upstream = await startUpstream(flood);
  const files = routeTo(upstream.url);
  const route = files['routes/test-1.yaml']?.replace(
    'idleMs: 500, totalMs: 3000',
    'idleMs: 20000, totalMs: 30000',
  );
  await using gateway = await startTestGateway({ files: { ...files, 'routes/test-1.yaml': route } });
  const body = ask('Tell me all.', { stream: true });
  await using client = await connectRaw(gateway.url);
  client.send(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${await gateway.token()}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await client.until(/lorem/);
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await turn(gateway, { kind: 'tenant', name: 'acme' });
  await eventually(() => upstream.underway() === 0, { what: 'the model to be let go', timeoutMs: 1_000 });
  await eventually(async () => (await gateway.closedRecords()).length === 1, {
    what: 'the closed record',
    timeoutMs: 1_000,
  });
  assert.equal((await gateway.closedRecords())[0]?.refusal?.code, 'switch.tenant_off');
});

test('policy says who may turn which switch', async () => {
  await using gateway = await startTestGateway();
  const denied = { status: 403, code: 'authorisation.act_denied' };
  await assertRefusal(await turn(gateway, { kind: 'everything' }, MAYA), denied);
  await assertRefusal(await list(gateway, MAYA), denied);
  await assertRefusal(await turn(gateway, { kind: 'everything' }, { ...OLGA, tenant: 'globex' }), denied);
  await assertRefusal(await turn(gateway, { kind: 'tenant', name: 'globex' }, LEA), denied);
  await assertRefusal(await turn(gateway, { kind: 'user', name: 'acme/maya' }, LEA), denied);
  assert.equal((await turn(gateway, { kind: 'user', name: 'globex/kim' }, LEA)).status, 200);
  assert.equal((await turn(gateway, { kind: 'route', name: 'stand-in' })).status, 200);
  const namesOf = async (as: TestUser) => {
    const { switches } = (await (await list(gateway, as)).json()) as { switches: { name: string }[] }; // our own
    return switches.map(({ name }) => name);
  };
  assert.deepEqual(await namesOf(OLGA), ['stand-in', 'globex/kim']);
  assert.deepEqual(await namesOf(LEA), ['globex/kim'], 'a list shows what one may turn');
  const unnamed = await fetch(`${gateway.url}/admin/switches`, { method: 'POST' });
  await assertRefusal(unnamed, { status: 401, code: 'identity.missing_token' });
  const records = await gateway.closedRecords();
  assert.equal(records.length, 6);
  assert.deepEqual(new Set(records.map(({ dialect }) => dialect)), new Set(['goldenpath.admin']));
  assert.equal(records[0]?.caller?.subject, 'maya');
  assert.equal(flips(gateway).length, 2);
});

test('an operator is not locked out by everything or the tenant being off, and is by being off', async () => {
  await using gateway = await startTestGateway();
  assert.equal((await turn(gateway, { kind: 'everything' })).status, 200);
  const models = await fetch(`${gateway.url}/v1/models`, {
    headers: { authorization: `Bearer ${await gateway.token()}` },
  });
  await assertRefusal(models, { status: 503, code: 'switch.everything_off' });
  assert.equal((await turn(gateway, { kind: 'tenant', name: 'acme' })).status, 200);
  assert.equal((await turn(gateway, { kind: 'everything', state: 'on' })).status, 200);
  assert.equal((await turn(gateway, { kind: 'user', name: 'acme/olga' })).status, 200);
  const refused = await turn(gateway, { kind: 'user', name: 'acme/olga', state: 'on' });
  await assertRefusal(refused, { status: 403, code: 'switch.user_off' });
});

test('an order that is none is refused in the same shape', async () => {
  await using gateway = await startTestGateway();
  const malformed: readonly Order[] = [
    { kind: 'planet' as Switch['kind'], name: 'x' },
    { kind: 'route' },
    { kind: 'route', name: 'No Such Name' },
    { kind: 'everything', name: 'x' },
    { kind: 'user', name: 'maya' },
    { kind: 'user', name: 'acme/maya\u001b[2J' },
    { kind: 'route', name: 'a', state: 'maybe' },
    { kind: 'route', name: 'a', reason: ' ' },
  ];
  for (const order of malformed)
    await assertRefusal(await turn(gateway, order), { status: 400, code: 'edge.malformed_request' });
  const headers = {
    authorization: `Bearer ${await gateway.token(OLGA)}`,
    'content-type': 'application/json',
  };
  const broken = await fetch(`${gateway.url}/admin/switches`, { method: 'POST', body: '{', headers });
  await assertRefusal(broken, { status: 400, code: 'edge.malformed_json' });
  const { state } = (await (await turn(gateway, { kind: 'route', name: 'a', state: 'on' })).json()) as {
    state: string; // our own
  };
  assert.equal(state, 'unchanged');
  assert.equal((await gateway.closedRecords()).length, malformed.length + 1);
  assert.deepEqual(flips(gateway), []);
});

test('what was switched off before the gateway started is off, and is put on the record', async () => {
  await using first = await startTestGateway();
  const { stateDir } = first;
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  const flip = {
    kind: 'route',
    name: 'stand-in',
    state: 'off',
    actor: 'os:olga',
    reason: 'r',
    atMs: 1,
  } as const;
  await switches.flip(flip, { recorded: false });
  await switches.stop();
  await using second = await startTestGateway({ stateDir });
  await turn(second, { kind: 'route', name: 'stand-in-backup' });
  await assertRefusal(await second.post(ask('Hello?')), { status: 503, code: 'switch.route_off' });
  await eventually(() => flips(second).some(({ atMs, actor }) => atMs === 1 && actor === 'os:olga'), {
    what: 'the record of what could not be recorded',
  });
});
