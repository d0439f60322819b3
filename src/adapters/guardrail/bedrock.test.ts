import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Guardrail, GuardrailVerdict } from '../../ports/guardrail.ts';
import type { GuardrailReference } from '../../road/governed.ts';
import {
  sendException,
  sendJson,
  startBedrockServer,
  type BedrockServer,
} from '../bedrock-runtime/testing/server.ts';
import { createBedrockGuardrail } from './bedrock.ts';

// The real SDK against a loopback server in ApplyGuardrail's shapes: never run against AWS.

const REFERENCE: GuardrailReference = {
  engine: 'bedrock',
  name: 'support',
  version: '1',
  config: undefined,
  price: {},
  bedrock: { identifier: 'gr0123456789', version: '3', region: 'eu-west-1' },
};
const SECRET = 'zebra-7391-quagga';
const SIGNAL = new AbortController().signal;

interface Harness extends AsyncDisposable {
  readonly server: BedrockServer;
  readonly guardrail: Guardrail;
  readonly assess: (...request: Parameters<Guardrail['assess']>) => Promise<GuardrailVerdict>;
  /** The contents that were sent so far, one list a request. */
  sent(): { source: string; texts: string[] }[];
}

async function start(timeoutMs?: number): Promise<Harness> {
  const server = await startBedrockServer();
  const client = server.createClient('eu-west-1');
  const guardrail = createBedrockGuardrail(REFERENCE, client, timeoutMs);
  return {
    server,
    guardrail,
    assess: async (request) => guardrail.assess(request),
    sent: () =>
      server.asked.map(({ body }) => {
        const { source, content } = JSON.parse(body);
        return { source, texts: content.map((block: { text: { text: string } }) => block.text.text) };
      }),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

const NOTHING = { action: 'NONE', outputs: [], assessments: [{}], usage: {} };
const intervene = (
  actionReason: string | undefined,
  outputs: readonly string[],
  assessments: readonly object[] = [{}],
) => ({
  action: 'GUARDRAIL_INTERVENED',
  ...(actionReason === undefined ? {} : { actionReason }),
  outputs: outputs.map((text) => ({ text })),
  assessments,
  usage: {},
});

test('asks about every text at once, for input and output alike, and lets through what is clean', async () => {
  await using harness = await start();
  harness.server.answer((_request, response) => sendJson(response, NOTHING));
  for (const source of ['INPUT', 'OUTPUT'] as const) {
    const texts = ['one', 'two'];
    const verdict = await harness.assess({ source, texts, signal: SIGNAL });
    assert.deepEqual(verdict, {
      action: 'none',
      texts,
      message: undefined,
      recorded: { engine: 'bedrock', id: 'gr0123456789', version: '3', source, action: 'none', findings: [] },
    });
  }
  assert.deepEqual(harness.sent(), [
    { source: 'INPUT', texts: ['one', 'two'] },
    { source: 'OUTPUT', texts: ['one', 'two'] },
  ]);
  assert.equal(harness.server.asked[0]?.path, '/guardrail/gr0123456789/version/3/apply');
});

test('says how many text units the service metered, and nothing of what costs nothing', async () => {
  await using harness = await start();
  const usage = {
    contentPolicyUnits: 2,
    topicPolicyUnits: 0,
    wordPolicyUnits: 2,
    sensitiveInformationPolicyUnits: 1,
  };
  harness.server.answer((_request, response) => sendJson(response, { ...NOTHING, usage }));
  const { recorded } = await harness.assess({ source: 'INPUT', texts: ['one'], signal: SIGNAL });
  assert.deepEqual(recorded.units, { contentFilter: 2, sensitiveInformation: 1 });
});

test('tells a mask from a block by the reason, and takes anything that it does not know for a block', async () => {
  await using harness = await start();
  const assessments = [
    {
      wordPolicy: { customWords: [{ match: SECRET, action: 'BLOCKED', detected: true }] },
      sensitiveInformationPolicy: {
        piiEntities: [{ type: 'EMAIL', match: SECRET, action: 'ANONYMIZED', detected: true }],
      },
    },
  ];
  harness.server.answer((_request, response) =>
    sendJson(response, intervene('Guardrail masked.', ['I am {EMAIL}', 'two'], assessments)),
  );
  const masked = await harness.assess({
    source: 'INPUT',
    texts: [`I am ${SECRET}`, 'two'],
    signal: SIGNAL,
  });
  assert.equal(masked.action, 'masked');
  assert.deepEqual(masked.texts, ['I am {EMAIL}', 'two']);
  assert.deepEqual(masked.recorded.findings, [
    { policy: 'word', name: 'custom word', action: 'BLOCKED', count: 1 },
    { policy: 'pii', name: 'EMAIL', action: 'ANONYMIZED', count: 1 },
  ]);
  assert.ok(!JSON.stringify(masked).includes(SECRET));
  for (const reason of ['Guardrail blocked.', 'Something new.', undefined]) {
    harness.server.answer((_request, response) => sendJson(response, intervene(reason, ['No.'])));
    const blocked = await harness.assess({ source: 'INPUT', texts: ['x'], signal: SIGNAL });
    assert.deepEqual([blocked.action, blocked.message], ['blocked', 'No.'], reason);
  }
  harness.server.answer((_request, response) => sendJson(response, {}));
  const silent = await harness.assess({ source: 'INPUT', texts: ['x'], signal: SIGNAL });
  assert.equal(silent.action, 'blocked', 'an answer without an action lets nothing through');
});

test('leaves empty texts out, puts masks back in their places, and asks nobody about nothing', async () => {
  await using harness = await start();
  harness.server.answer((_request, response) =>
    sendJson(response, intervene('Guardrail masked.', ['A', 'B'])),
  );
  const verdict = await harness.assess({
    source: 'INPUT',
    texts: ['', 'a', '', 'b'],
    signal: SIGNAL,
  });
  assert.deepEqual(verdict.texts, ['', 'A', '', 'B']);
  assert.deepEqual(harness.sent(), [{ source: 'INPUT', texts: ['a', 'b'] }]);
  for (const texts of [[], [''], ['', '']]) {
    const nothing = await harness.assess({ source: 'OUTPUT', texts, signal: SIGNAL });
    assert.deepEqual([nothing.action, nothing.texts], ['none', texts]);
  }
  assert.equal(harness.sent().length, 1);
});

test('a mask of another number of texts is no verdict', async () => {
  await using harness = await start();
  for (const outputs of [[], ['A'], ['A', 'B', 'C']]) {
    harness.server.answer((_request, response) =>
      sendJson(response, intervene('Guardrail masked.', outputs)),
    );
    await assert.rejects(
      harness.assess({ source: 'INPUT', texts: ['a', 'b'], signal: SIGNAL }),
      /masked \d of 2/,
    );
  }
});

test('a guardrail that is away, refuses, throttles or babbles rejects, and says nothing of the text', async () => {
  await using harness = await start();
  const cases: [string, Parameters<BedrockServer['answer']>[0]][] = [
    [
      'ThrottlingException',
      ({ body }, response) => sendException(response, 429, 'ThrottlingException', body),
    ],
    [
      'AccessDeniedException',
      ({ body }, response) => sendException(response, 403, 'AccessDeniedException', body),
    ],
    [
      'ValidationException',
      ({ body }, response) => sendException(response, 400, 'ValidationException', body),
    ],
    [
      'ResourceNotFoundException',
      ({ body }, response) => sendException(response, 404, 'ResourceNotFoundException', body),
    ],
    [
      'ServiceQuotaExceededException',
      ({ body }, response) => sendException(response, 400, 'ServiceQuotaExceededException', body),
    ],
    [
      'InternalServerException',
      ({ body }, response) => sendException(response, 500, 'InternalServerException', body),
    ],
    ['SyntaxError', ({ body }, response) => void response.end(`<html>${body}`)],
    // The SDK's name for a connection that breaks.
    ['TimeoutError', (_request, response) => void response.destroy()],
  ];
  for (const [name, answer] of cases) {
    harness.server.answer(answer);
    const rejected = await harness.assess({ source: 'INPUT', texts: [SECRET], signal: SIGNAL }).then(
      () => assert.fail(`${name} was let through`),
      (error: unknown) => error,
    );
    assert.ok(rejected instanceof Error);
    assert.equal(rejected.message, name);
  }
  assert.equal(harness.sent().length, cases.length, 'nothing is repeated by itself');
  await harness.server[Symbol.asyncDispose]();
  await assert.rejects(harness.assess({ source: 'INPUT', texts: [SECRET], signal: SIGNAL }));
});

test('does not wait for a guardrail that hangs, nor for one whose caller has left', async () => {
  await using harness = await start(60);
  harness.server.answer(() => undefined);
  const startedMs = performance.now();
  await assert.rejects(
    harness.assess({ source: 'INPUT', texts: ['x'], signal: SIGNAL }),
    /no verdict within 60 ms/,
  );
  assert.ok(performance.now() - startedMs < 500);
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), 20);
  await assert.rejects(
    harness.assess({ source: 'INPUT', texts: ['x'], signal: leaving.signal }),
    /AbortError/,
  );
  await assert.rejects(
    harness.assess({ source: 'INPUT', texts: ['x'], signal: AbortSignal.abort() }),
    /AbortError/,
  );
  const untilMs = Date.now() + 1_000;
  while (harness.server.underway() > 0 && Date.now() < untilMs)
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(harness.server.underway(), 0, 'every connection was let go');
});

test('holds a stream until the whole was judged, however it was cut', async () => {
  await using harness = await start();
  const judge = async (parts: readonly string[]) => {
    const stream = harness.guardrail.openStream({ source: 'OUTPUT', signal: SIGNAL });
    for (const part of parts) assert.deepEqual(await stream.push(part), { text: '', blocked: false });
    const { text, blocked, message } = await stream.end();
    return { text, blocked, message };
  };
  harness.server.answer((_request, response) =>
    sendJson(response, intervene('Guardrail masked.', ['I am {EMAIL}'])),
  );
  for (const parts of [['I am a@b.c'], ['I a', 'm a@', '', 'b.c']]) {
    assert.deepEqual(await judge(parts), { text: 'I am {EMAIL}', blocked: false, message: undefined });
  }
  assert.deepEqual(new Set(harness.sent().map(({ texts }) => texts.join('|'))), new Set(['I am a@b.c']));
  harness.server.answer((_request, response) => sendJson(response, intervene('Guardrail blocked.', ['No.'])));
  assert.deepEqual(await judge([SECRET]), { text: '', blocked: true, message: 'No.' });
  harness.server.answer((_request, response) => sendException(response, 500, 'InternalServerException', 'x'));
  await assert.rejects(judge([SECRET]));
});
