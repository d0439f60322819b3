import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { chatOptions, chatRequest } from '../src/http/dialects/openai-chat-schema.ts';
import { INVALID_UTF8, NO_REQUEST, NOT_ALLOWED, NOT_JSON, SECRET } from './cases/bad-json.ts';
import { ask, routeTo, startTestGateway, type TestGateway } from './support/gateway.ts';
import { assertRefusal } from './support/refusals.ts';
import { answerWith, startUpstream } from './support/upstream.ts';

/** Each is refused as it should be, and leaves one closed record that says so. */
async function refuseAll(
  gateway: TestGateway,
  cases: Iterable<{ what: string; body: string | Buffer; status: number; code: string; hint?: RegExp }>,
): Promise<void> {
  const before = (await gateway.closedRecords()).length;
  const expected: [string, string, string | undefined][] = [];
  for (const { what, body, status, code, hint } of cases) {
    const startedMs = Date.now();
    const response = await gateway.post(body);
    const { requestId, message } = await assertRefusal(response, { status, code, secret: SECRET }).catch(
      (cause: unknown) => {
        throw new Error(`${what} is not refused as it should be`, { cause });
      },
    );
    if (hint !== undefined) assert.match(message, hint, what);
    assert.ok(Date.now() - startedMs < 2_000, `${what} took ${Date.now() - startedMs} ms`);
    expected.push([requestId, 'refused', code]);
  }
  const records = (await gateway.closedRecords()).slice(before);
  assert.deepEqual(
    records.map(({ requestId, outcome, refusal }) => [requestId, outcome, refusal?.code]),
    expected,
  );
  assert.ok(!JSON.stringify(records).includes(SECRET), 'no record repeats the input');
}

const toCases = (bodies: Readonly<Record<string, string | Buffer>>, status: number, code: string) =>
  Object.entries(bodies).map(([what, body]) => ({ what, body, status, code }));

test('refuses what is no JSON, no UTF-8, no request or not allowed, and repeats none of it anywhere', async () => {
  const logDir = mkdtempSync(join(tmpdir(), 'goldenpath-log-'));
  const logPath = join(logDir, 'log.jsonl');
  const fd = openSync(logPath, 'w');
  await refuseTables(fd);
  closeSync(fd);
  const log = readFileSync(logPath, 'utf8');
  rmSync(logDir, { recursive: true });
  assert.ok(log.includes('prompt.unknown_variable'), 'the log was written');
  assert.ok(!log.includes(SECRET), 'the log does not repeat the input');
});

async function refuseTables(logFd: number): Promise<void> {
  await using upstream = await startUpstream(answerWith('never'));
  await using gateway = await startTestGateway({
    files: routeTo(upstream.url),
    log: { level: 'trace', fd: logFd },
  });
  await refuseAll(gateway, toCases(NOT_JSON, 400, 'edge.malformed_json'));
  await refuseAll(gateway, toCases(INVALID_UTF8, 400, 'edge.invalid_utf8'));
  await refuseAll(gateway, toCases(NO_REQUEST, 400, 'edge.malformed_request'));
  await refuseAll(
    gateway,
    NOT_ALLOWED.map(([what, body, status, code, hint]) => ({ what, body, status, code, hint })),
  );
  assert.deepEqual(upstream.asked, [], 'no model was asked');
  assert.equal(upstream.openConnections(), 0);
}

/** JSON texts of every type and of awkward sizes. */
const VALUES = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '1e-400',
  `"${SECRET}"`,
  '""',
  '"NaN"',
  '[]',
  `["${SECRET}"]`,
  '[null]',
  '{}',
  `{"${SECRET}":1}`,
  '[[[]]]',
];

test('no value of any type in any field breaks it: each is refused, or asked of the model as it stands', async () => {
  await using upstream = await startUpstream(answerWith('Fine.'));
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  let requests = 0;
  let refused = 0;
  for (const [field, schema] of Object.entries({ ...chatRequest.shape, ...chatOptions.shape })) {
    for (const value of VALUES) {
      const fields: Record<string, string> = {
        model: '"support-assistant"',
        messages: '[{"role":"user","content":"Hello"}]',
        [field]: value,
      };
      const body = `{${Object.entries(fields)
        .map(([key, text]) => `"${key}":${text}`)
        .join(',')}}`;
      const response = await gateway.post(body);
      requests++;
      const isShaped = schema.safeParse(JSON.parse(value)).success;
      if (!isShaped)
        await assertRefusal(response, { status: 400, code: 'edge.malformed_request', secret: SECRET });
      else {
        const text = await response.text();
        assert.ok(
          [200, 400, 404].includes(response.status),
          `${field}: ${value} → ${response.status} ${text}`,
        );
        if (value === 'null') assert.equal(response.status, 200, `${field}: the SDK may send null`);
        assert.ok(!text.includes(SECRET));
      }
      if (response.status !== 200) refused++;
    }
  }
  const records = await gateway.closedRecords();
  assert.equal(records.length, requests);
  assert.equal(records.filter(({ outcome }) => outcome === 'refused').length, refused);
  assert.equal(upstream.asked.length, requests - refused);
  const sent = JSON.stringify(records.filter(({ capability }) => capability === 'support-assistant'));
  assert.ok(!sent.includes(SECRET), 'no record repeats the input');
});

test('counts the depth of brackets, and not of those inside strings', async () => {
  await using gateway = await startTestGateway();
  const nested = (open: string, close: string, depth: number) =>
    `{"model":"support-assistant","x":${open.repeat(depth)}${close.repeat(depth)},"messages":[]}`;
  await refuseAll(gateway, [
    { what: 'arrays', body: nested('[', ']', 1_000), status: 400, code: 'edge.body_too_deep' },
    { what: 'objects', body: nested('{"a":', '}', 1_000), status: 400, code: 'edge.body_too_deep' },
    { what: 'never closed', body: '['.repeat(500_000), status: 400, code: 'edge.body_too_deep' },
    {
      what: 'closed before',
      body: ']'.repeat(99) + '['.repeat(99),
      status: 400,
      code: 'edge.malformed_json',
    },
  ]);
  for (const text of ['['.repeat(1_000), '{"a":'.repeat(1_000), `\\"${'['.repeat(1_000)}\\\\`]) {
    const response = await gateway.post(ask(`How long can I return an item? ${text}`));
    assert.equal(response.status, 200, await response.text());
  }
});

test('of a key that stands twice the last one counts, for the guards and the model alike', async () => {
  await using upstream = await startUpstream(answerWith('Fine.'));
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const message = (content: string) => `[{"role":"user","content":${content}}]`;
  const body =
    `{"model":"marketing-writer","messages":${message('"first list"')},"model":"support-assistant",` +
    `"messages":${message('"first text","content":"my card is 4111 1111 1111 1111"')}}`;
  assert.equal((await gateway.post(body)).status, 200);
  const sent = JSON.stringify(upstream.asked);
  assert.ok(sent.includes('my card is [CREDIT_DEBIT_CARD_NUMBER_1]'), sent);
  assert.ok(!sent.includes('first'));
  const [record] = await gateway.closedRecords();
  assert.equal(record?.capability, 'support-assistant');
});

test('takes a surrogate pair in escapes, and text of every plane, as they are', async () => {
  await using upstream = await startUpstream(answerWith('Fine.'));
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const body = ask('@').replace(
    '@',
    '\\ud83d\\ude00 \u{1F600} \u0000 \uFFFF العربية'.replaceAll('\u0000', '\\u0000'),
  );
  assert.equal((await gateway.post(body)).status, 200);
  assert.ok(JSON.stringify(upstream.asked).includes('\u{1F600} \u{1F600} \\u0000 \uFFFF العربية'));
});

test('takes what the SDK sends for nothing: null in every optional field', async () => {
  await using gateway = await startTestGateway();
  const nothing = Object.fromEntries(
    [
      ...Object.keys(chatRequest.shape),
      ...Object.keys(chatOptions.shape),
      'response_format',
      'n',
      'seed',
      'user',
      'logit_bias',
      'functions',
    ]
      .filter((field) => field !== 'model' && field !== 'messages')
      .map((field) => [field, null]),
  );
  const response = await gateway.post(ask('How long can I return an item?', nothing));
  assert.equal(response.status, 200, await response.text());
});
