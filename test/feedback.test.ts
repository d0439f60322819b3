import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLocalArchive } from '../src/adapters/archive/local.ts';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { systemClock } from '../src/adapters/clock/system.ts';
import type { AdminRecord } from '../src/road/record.ts';
import { ask, MAYA, startTestGateway, type TestGateway, type TestUser } from './support/gateway.ts';
import { assertRefusal } from './support/refusals.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const JO: TestUser = { user: 'jo', tenant: 'acme', groups: ['support'] };
/** The same name in another tenant is somebody else. */
const OTHER_MAYA: TestUser = { user: 'maya', tenant: 'globex', groups: ['support'] };
const QUALITY: TestUser = { user: 'quinn', tenant: 'acme', groups: ['quality'] };
const REVIEWERS = `@id("quality-may-review")
permit (
  principal in Goldenpath::Group::"acme/quality",
  action == Goldenpath::Action::"giveFeedback",
  resource is Goldenpath::Request
)
when { resource.tenant == principal.tenant && resource.capability == "support-assistant" };
`;

async function send(gateway: TestGateway, body: unknown, as = MAYA): Promise<Response> {
  return fetch(`${gateway.url}/v1/feedback`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${await gateway.token(as)}`, 'content-type': 'application/json' },
  });
}

async function askOnce(gateway: TestGateway): Promise<string> {
  const response = await gateway.post(ask('How long can I return an item?'));
  assert.equal(response.status, 200);
  return response.headers.get('x-request-id') ?? '';
}

const feedbackOf = (gateway: TestGateway) =>
  readRecords(gateway.stateDir).filter(
    (record): record is AdminRecord => record.kind === 'admin' && record.action === 'feedback',
  );

async function archivedOf(gateway: TestGateway, requestId: string): Promise<(readonly [string, string])[]> {
  const archive = openLocalArchive({ stateDir: gateway.stateDir, clock: systemClock });
  const parts = await archive.read(requestId);
  await archive.stop();
  return parts.flatMap(({ part, text }) => (part === 'feedback' ? [[part, text] as const] : []));
}

function run(gateway: TestGateway, ...args: readonly string[]): string {
  const env = { ...process.env, GOLDENPATH_STATE: gateway.stateDir, NO_COLOR: '1', COLUMNS: '' };
  return spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' }).stdout;
}

/** Whether any file below a folder holds these bytes. */
function isOnDisk(directory: string, text: string): boolean {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .some((file) => statSync(file).isFile() && readFileSync(file).includes(text));
}

test('who asked says what the answer was worth: score on the record, comment in the archive, both shown', async () => {
  await using gateway = await startTestGateway();
  const requestId = await askOnce(gateway);
  const comment = 'Wrong: it is thirty days, says anna@example.com';
  const taken = await send(gateway, { request_id: requestId, score: -1, comment });
  assert.equal(taken.status, 200);
  assert.deepEqual(await taken.json(), { request_id: requestId, score: -1, comment: 'kept' });
  const [record] = feedbackOf(gateway);
  assert.deepEqual(
    [record?.requestId, record?.tenant, record?.actor, record?.feedback?.score, record?.feedback?.comment],
    [requestId, 'acme', 'user:acme/maya', -1, 'kept'],
  );
  assert.deepEqual(await archivedOf(gateway, requestId), [['feedback', comment]]);
  assert.ok(!isOnDisk(gateway.stateDir, 'thirty days'), 'a comment is on no disk in the clear');

  assert.match(run(gateway, 'explain', requestId), /feedback +-1 by user:acme\/maya at .*, with a comment\n/);
  const shown = run(gateway, 'explain', requestId, '--show-text', '--reason', 'a complaint');
  assert.match(shown, /feedback: Wrong: it is thirty days/);
  const table = run(gateway, 'audit', 'query', '--feedback', 'bad');
  assert.match(table, new RegExp(`score\n.*${requestId}.* -1\n$`));
  assert.match(run(gateway, 'audit', 'query', '--feedback', 'good'), /no attempt matches/);
  assert.doesNotMatch(run(gateway, 'audit', 'query', '--feedback', 'good'), /score/);
});

test('the id of a completion will do, feedback may be given again, and a request that was refused has it too', async () => {
  await using gateway = await startTestGateway();
  const requestId = await askOnce(gateway);
  assert.equal((await send(gateway, { request_id: `chatcmpl-${requestId}`, score: 0.5 })).status, 200);
  assert.equal((await send(gateway, { request_id: requestId, score: 1, comment: ' ' })).status, 200);
  assert.deepEqual(
    feedbackOf(gateway).map(({ feedback }) => feedback),
    [
      { score: 0.5, comment: 'none' },
      { score: 1, comment: 'none' },
    ],
  );
  const refused = await gateway.post(JSON.stringify({ model: 'nothing', messages: [] }));
  const refusedId = refused.headers.get('x-request-id');
  assert.equal((await send(gateway, { request_id: refusedId, score: -1 })).status, 200);
});

test('a request that is not theirs and one that is not there are refused alike, each with its record', async () => {
  await using gateway = await startTestGateway({ files: { 'policies/quality.cedar': REVIEWERS } });
  const requestId = await askOnce(gateway);
  const cases = [
    [JO, requestId],
    [OTHER_MAYA, requestId],
    [JO, randomUUID()],
    [MAYA, randomUUID()],
    [QUALITY, randomUUID()],
  ] as const;
  const words = new Set<string>();
  for (const [as, id] of cases) {
    const refused = await send(gateway, { request_id: id, score: 1, comment: 'let me in' }, as);
    const { message } = await assertRefusal(refused, { status: 404, code: 'feedback.unknown_request' });
    words.add(message);
  }
  assert.equal(words.size, 1);
  assert.deepEqual(feedbackOf(gateway), []);
  const refusals = (await gateway.closedRecords()).filter(({ dialect }) => dialect === 'goldenpath.feedback');
  assert.equal(refusals.length, cases.length);
  assert.ok(!JSON.stringify(refusals).includes('let me in'));
  // Operators see who tries the requests of others.
  const details = refusals.map(({ refusal }) => refusal?.detail);
  assert.deepEqual(new Set(details.slice(0, 2)), new Set(['the request is not theirs']));
  assert.deepEqual(new Set(details.slice(2)), new Set(['there is no such request']));
});

test('the time to refuse does not tell whose ids exist', async () => {
  await using gateway = await startTestGateway();
  const requestId = await askOnce(gateway);
  const token = await gateway.token(JO);
  const timeOf = async (id: string) => {
    const startedMs = performance.now();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ request_id: id, score: 1 });
    await (await fetch(`${gateway.url}/v1/feedback`, { method: 'POST', body, headers })).text();
    return performance.now() - startedMs;
  };
  const [foreign, unknown]: [number[], number[]] = [[], []];
  for (let round = 0; round < 110; round++) {
    const [first, second] = round % 2 === 0 ? [requestId, randomUUID()] : [randomUUID(), requestId];
    const times = [await timeOf(first), await timeOf(second)];
    if (round < 10) continue;
    foreign.push(times[round % 2] ?? 0);
    unknown.push(times[1 - (round % 2)] ?? 0);
  }
  const median = (times: number[]) => times.toSorted((a, b) => a - b)[times.length / 2] ?? 0;
  const [f, u] = [median(foreign), median(unknown)];
  assert.ok(Math.abs(f - u) < Math.max(1, 0.4 * Math.min(f, u)), `foreign ${f} ms, unknown ${u} ms`);
});

test('policy may let others give feedback, and a comment is kept under the key of who asked', async () => {
  await using gateway = await startTestGateway({ files: { 'policies/quality.cedar': REVIEWERS } });
  const requestId = await askOnce(gateway);
  const taken = await send(gateway, { request_id: requestId, score: 0, comment: 'reviewed' }, QUALITY);
  assert.equal(taken.status, 200);
  assert.deepEqual(
    [feedbackOf(gateway)[0]?.actor, feedbackOf(gateway)[0]?.tenant],
    ['user:acme/quinn', 'acme'],
  );
});

test('a capability that keeps no text keeps no comment', async () => {
  const capability = await exampleCapability();
  await using gateway = await startTestGateway({
    files: {
      'capabilities/support-assistant.yaml': `${capability}archive: { prompts: none, answers: none }\n`,
    },
  });
  const requestId = await askOnce(gateway);
  const taken = await send(gateway, { request_id: requestId, score: 1, comment: 'Nice words' });
  assert.deepEqual(await taken.json(), { request_id: requestId, score: 1, comment: 'not_kept' });
  assert.deepEqual(await archivedOf(gateway, requestId), []);
});

test('what is no feedback is refused before anything is looked up', async () => {
  await using gateway = await startTestGateway();
  const id = randomUUID();
  for (const [body, code] of [
    ['{', 'edge.malformed_json'],
    [{ request_id: id }, 'edge.malformed_request'],
    [{ request_id: id, score: 2 }, 'edge.malformed_request'],
    [{ request_id: id, score: -1.01 }, 'edge.malformed_request'],
    [{ request_id: id, score: '1' }, 'edge.malformed_request'],
    [`{"request_id":"${id}","score":1e999}`, 'edge.malformed_request'],
    [{ request_id: '../../etc', score: 1 }, 'edge.malformed_request'],
    [{ request_id: id, score: 1, comment: 'x'.repeat(4_001) }, 'edge.malformed_request'],
    [{ request_id: id, score: 1, comment: { text: 'x' } }, 'edge.malformed_request'],
    [{ request_id: id, score: 1, more: 1 }, 'edge.malformed_request'],
    [[], 'edge.malformed_request'],
  ] as const) {
    await assertRefusal(await send(gateway, body), { status: 400, code });
  }
  const anonymous = await fetch(`${gateway.url}/v1/feedback`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  await assertRefusal(anonymous, { status: 401, code: 'identity.missing_token' });
  assert.equal((await fetch(`${gateway.url}/v1/feedback`)).status, 405);
});

async function exampleCapability(): Promise<string> {
  const { raiseLimits } = await import('./support/limits.ts');
  const file = new URL('../examples/support-desk/capabilities/support-assistant.yaml', import.meta.url);
  return raiseLimits(readFileSync(file, 'utf8')).replace(/^archive:.*\n(?: .*\n)*/m, '');
}
