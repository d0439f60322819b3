import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { routeTo, startTestGateway, type TestGateway } from './support/gateway.ts';
import { eventually } from './support/raw-client.ts';
import { answerWith, sse, startUpstream, type Answerer } from './support/upstream.ts';

// The official package as it is: what it sends is accepted, and what it reads is there.

const QUESTION = {
  model: 'support-assistant',
  messages: [{ role: 'user' as const, content: 'How long can I return an item?' }],
};
const TOOL = {
  type: 'function' as const,
  function: {
    name: 'look-up-order',
    description: 'Looks up an order.',
    parameters: { type: 'object', properties: { orderNumber: { type: 'string' } } },
  },
};

test('create: whole and streamed, with every field that its types promise', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const whole = await client.chat.completions.create(QUESTION);
  assert.match(whole.choices[0]?.message.content ?? '', /30 days/);
  assert.equal(whole.object, 'chat.completion');
  assert.equal(whole.model, 'support-assistant');
  assert.equal(whole.choices[0]?.finish_reason, 'stop');
  assert.equal(whole.choices[0]?.message.refusal, null);
  assert.ok(Math.abs(whole.created - Date.now() / 1000) < 5);
  const { prompt_tokens: input = 0, completion_tokens: output = 0, total_tokens: total } = whole.usage ?? {};
  assert.ok(input > 0 && output > 0 && total === input + output);
  const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
  const ids = new Set<string>();
  let text = '';
  for await (const chunk of stream) {
    ids.add(chunk.id);
    assert.equal(chunk.object, 'chat.completion.chunk');
    text += chunk.choices[0]?.delta.content ?? '';
  }
  assert.equal(text, whole.choices[0]?.message.content);
  assert.equal(ids.size, 1);
});

test('the stream helper, its events, its readable stream, and asking on with its final message', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const runner = client.chat.completions.stream({ ...QUESTION, stream_options: { include_usage: true } });
  let deltas = '';
  runner.on('content.delta', ({ delta }) => (deltas += delta));
  const final = await runner.finalChatCompletion();
  assert.equal(final.choices[0]?.message.content, deltas);
  assert.ok((final.usage?.total_tokens ?? 0) > 0);
  const message = final.choices[0]?.message;
  assert.ok(message !== undefined);
  const again = { role: 'user' as const, content: 'And how long does delivery take?' };
  const next = await client.chat.completions.create({
    ...QUESTION,
    messages: [...QUESTION.messages, message, again],
  });
  assert.ok(next.choices[0]?.message.content);
  const readable = client.chat.completions.stream(QUESTION).toReadableStream();
  let lines = '';
  for await (const bytes of readable) lines += Buffer.from(bytes).toString('utf8');
  const chunks = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), deltas);
  const response = await client.chat.completions.create({ ...QUESTION, stream: true }).asResponse();
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.match(await response.text(), /\n\ndata: \[DONE\]\n\n$/);
});

test('an answer and a refusal both say which request they are, as the record does', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const {
    data,
    response,
    request_id: requestId,
  } = await client.chat.completions.create(QUESTION).withResponse();
  assert.equal(response.headers.get('x-request-id'), requestId);
  assert.equal(data.id, `chatcmpl-${requestId}`);
  const streamed = await client.chat.completions.create({ ...QUESTION, stream: true }).withResponse();
  for await (const _ of streamed.data);
  const refused = await client.chat.completions
    .create({ ...QUESTION, n: 2 })
    .catch((error: unknown) => error);
  assert.ok(refused instanceof OpenAI.APIError);
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map((record) => record.requestId),
    [requestId, streamed.request_id, refused.requestID],
  );
});

test('an abort in the middle of a stream ends the attempt and lets the model go', async () => {
  await using upstream = await startUpstream(({ response }) => {
    const timer = setInterval(
      () => response.write(sse({ choices: [{ index: 0, delta: { content: 'word ' } }] })),
      10,
    );
    response.on('close', () => clearInterval(timer));
  });
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
  for await (const _ of stream) stream.controller.abort();
  const broken = await client.chat.completions.create({ ...QUESTION, stream: true });
  for await (const _ of broken) break;
  await eventually(() => upstream.underway() === 0, { what: 'the model to be let go', timeoutMs: 1_000 });
  await eventually(async () => (await gateway.closedRecords()).length === 2, { what: 'the records' });
  const outcomes = (await gateway.closedRecords()).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['cancelled', 'cancelled']);
});

/** Proposes a tool call first, and answers with what the tool said then. */
const useTool: Answerer = (exchange) => {
  const { response, body } = exchange;
  const { messages } = JSON.parse(body);
  const last = messages.at(-1);
  if (last.role === 'tool') return answerWith(`It says: ${last.content}`)(exchange);
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'look-up-order', arguments: '{"orderNumber":"12345678"}' },
  };
  if (body.includes('"stream":true')) {
    response.write(sse({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, ...call }] } }] }));
    response.write(sse({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }));
    return void response.end('data: [DONE]\n\n');
  }
  const choices = [
    {
      index: 0,
      message: { role: 'assistant', content: null, tool_calls: [call] },
      finish_reason: 'tool_calls',
    },
  ];
  response.end(JSON.stringify({ choices }));
};

const TOOL_RESULT = 'Sent to maya.lopez@example.com, paid with 4111 1111 1111 1111.';

async function assertToolRound(
  gateway: TestGateway,
  asked: unknown,
  answer: string | null | undefined,
): Promise<void> {
  const sent = JSON.stringify(asked);
  assert.ok(!/maya\.lopez|4111/.test(sent), 'the model never saw what the tool said of a person');
  assert.ok(sent.includes('Sent to [EMAIL_1], paid with [CREDIT_DEBIT_CARD_NUMBER_1].'), sent);
  assert.equal(answer, `It says: ${TOOL_RESULT}`, 'and the caller gets it back');
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map(({ finishReason, redactions }) => [finishReason, redactions]),
    [
      ['tool_calls', undefined],
      ['stop', { EMAIL: 1, CREDIT_DEBIT_CARD_NUMBER: 1 }],
    ],
  );
}

test('a round of tools by hand: the call comes out, its result goes in, and its personal data stays out of the model', async () => {
  for (const isStreamed of [false, true]) {
    await using upstream = await startUpstream(useTool);
    await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
    const client = await gateway.client();
    const request = { ...QUESTION, tools: [TOOL] };
    const first = isStreamed
      ? await client.chat.completions.stream(request).finalChatCompletion()
      : await client.chat.completions.create(request);
    const message = first.choices[0]?.message;
    assert.equal(first.choices[0]?.finish_reason, 'tool_calls');
    const call = message?.tool_calls?.[0];
    assert.ok(message !== undefined && call?.type === 'function');
    assert.deepEqual(
      [call.id, call.function.name, JSON.parse(call.function.arguments)],
      ['call_1', 'look-up-order', { orderNumber: '12345678' }],
    );
    const result = { role: 'tool' as const, tool_call_id: call.id, content: TOOL_RESULT };
    const messages = [...QUESTION.messages, message, result];
    const second = await client.chat.completions.create({ ...request, messages });
    await assertToolRound(gateway, upstream.asked, second.choices[0]?.message.content);
  }
});

test('a round of tools by the runner of the SDK', async () => {
  await using upstream = await startUpstream(useTool);
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  const called: unknown[] = [];
  const runner = client.chat.completions.runTools({
    ...QUESTION,
    tools: [
      {
        type: 'function',
        function: {
          ...TOOL.function,
          parse: JSON.parse,
          function: (input: unknown) => {
            called.push(input);
            return TOOL_RESULT;
          },
        },
      },
    ],
  });
  const answer = await runner.finalContent();
  assert.deepEqual(called, [{ orderNumber: '12345678' }]);
  await assertToolRound(gateway, upstream.asked, answer);
});

test('refusals arrive as the classes of the SDK, each with its stable code', async () => {
  let status = 500;
  await using upstream = await startUpstream(({ response }) => void response.writeHead(status).end());
  const files = routeTo(upstream.url);
  files['routes/test-1.yaml'] += 'breaker: { failures: 100 }\n';
  await using gateway = await startTestGateway({ files });
  const client = await gateway.client();
  const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'not-a-token', maxRetries: 0 });
  const cases: [() => Promise<unknown>, new (...args: never[]) => Error, number, string][] = [
    [
      () => stranger.chat.completions.create(QUESTION),
      OpenAI.AuthenticationError,
      401,
      'identity.malformed_token',
    ],
    [() => stranger.models.list(), OpenAI.AuthenticationError, 401, 'identity.malformed_token'],
    [
      () => client.chat.completions.create({ ...QUESTION, model: 'marketing-writer' }),
      OpenAI.PermissionDeniedError,
      403,
      'authorisation.denied',
    ],
    [
      () => client.chat.completions.create({ ...QUESTION, model: 'gpt-5' }),
      OpenAI.NotFoundError,
      404,
      'authorisation.unknown_capability',
    ],
    [
      () => client.embeddings.create({ model: 'x', input: 'y' }),
      OpenAI.NotFoundError,
      404,
      'edge.unknown_path',
    ],
    [
      () => client.chat.completions.create({ ...QUESTION, temperature: 2 }),
      OpenAI.BadRequestError,
      400,
      'prompt.parameter_out_of_range',
    ],
    [
      () => client.chat.completions.create({ ...QUESTION, messages: [] }),
      OpenAI.BadRequestError,
      400,
      'edge.malformed_request',
    ],
    [
      () => client.chat.completions.create(QUESTION),
      OpenAI.InternalServerError,
      502,
      'inference.unavailable',
    ],
    [
      () => client.chat.completions.create({ ...QUESTION, stream: true }),
      OpenAI.InternalServerError,
      502,
      'inference.unavailable',
    ],
  ];
  for (const [asking, kind, expected, code] of cases) {
    const error = await asking().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OpenAI.APIError, code);
    assert.ok(error instanceof kind, `${code}: ${error.constructor.name}`);
    assert.deepEqual([error.status, error.code, error.param], [expected, code, null]);
    assert.ok(error.requestID, code);
    assert.ok(error.message.length > 10);
  }
  status = 429;
  await assert.rejects(client.chat.completions.create(QUESTION), {
    status: 503,
    code: 'inference.throttled',
  });
});

test('a stream that breaks throws where the client reads it', async () => {
  await using upstream = await startUpstream(({ response }) => {
    response.write(sse({ choices: [{ index: 0, delta: { content: 'Half an answer, and ' } }] }));
    setTimeout(() => response.destroy(), 30);
  });
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  const stream = await client.chat.completions.create({ ...QUESTION, stream: true });
  let text = '';
  const reading = (async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  })();
  await assert.rejects(
    reading,
    (error) => error instanceof OpenAI.APIError && error.code === 'inference.unavailable',
  );
  assert.match(text, /^Half an answer/);
});

test('lists the capabilities that a caller may use, and no others', async () => {
  await using gateway = await startTestGateway();
  const names = async (...user: Parameters<TestGateway['client']>) => {
    const list = [];
    for await (const model of (await gateway.client(...user)).models.list()) list.push(model.id);
    return list;
  };
  assert.deepEqual(await names(), ['support-assistant']);
  assert.deepEqual(await names({ user: 'nobody', tenant: 'acme', groups: [] }), []);
});

test("the client's own timeout leaves one cancelled record", async () => {
  await using upstream = await startUpstream(() => undefined);
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  await assert.rejects(
    client.chat.completions.create(QUESTION, { timeout: 100 }),
    OpenAI.APIConnectionTimeoutError,
  );
  await eventually(() => upstream.underway() === 0, { what: 'the model to be let go', timeoutMs: 1_000 });
  await eventually(async () => (await gateway.closedRecords()).length === 1, { what: 'the record' });
  const [record] = await gateway.closedRecords();
  assert.equal(record?.outcome, 'cancelled');
});

test('many at once over the same client: each gets its own answer', async () => {
  await using upstream = await startUpstream((exchange) => {
    const { messages } = JSON.parse(exchange.body);
    return answerWith('You said ', messages.at(-1).content.match(/number \d+/)[0])(exchange);
  });
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const messages = [{ role: 'user' as const, content: `This is number ${index}.` }];
      if (index % 2 === 0)
        return (await client.chat.completions.create({ ...QUESTION, messages })).choices[0]?.message.content;
      return client.chat.completions.stream({ ...QUESTION, messages }).finalContent();
    }),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 100 }, (_, index) => `You said number ${index}`),
  );
  assert.equal((await gateway.closedRecords()).length, 100);
});
