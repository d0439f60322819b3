import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { ModelError, type ModelErrorKind, type ModelRequest } from '../../ports/model.ts';
import type { AnswerEvent, Message } from '../../road/conversation.ts';
import type { ModelPrompt } from '../../road/proofs.ts';
import type { Route } from '../../road/governed.ts';
import {
  encodeError,
  encodeEvent,
  encodeException,
  sendException,
  sendJson,
  startBedrockServer,
  streamFrames,
  type BedrockRequest,
  type BedrockServer,
} from '../bedrock-runtime/testing/server.ts';
import { createBedrock } from './bedrock.ts';
import { registerModelConformance, type ProviderUnderTest, type Scene } from './conformance.ts';
import { makeRoute } from './testing/route.ts';

// The real SDK, signing included, against a loopback server in the service's shapes: never run against AWS.

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'guardrail_intervened',
};
const ERRORS = {
  unavailable: [503, 'ServiceUnavailableException'],
  throttled: [429, 'ThrottlingException'],
  rejected: [400, 'ValidationException'],
} as const;

registerModelConformance('Bedrock', async (): Promise<ProviderUnderTest> => {
  const server = await startBedrockServer();
  const provider = createBedrock(server.createClient);
  return {
    provider,
    route: makeRoute({ provider: 'bedrock' }),
    play: (scene) => server.answer((request, response) => play(scene, request, response)),
    asked: () => server.asked.map(({ body }) => body),
    underway: server.underway,
    connections: server.connections,
    leave: () => Promise.resolve(server[Symbol.asyncDispose]()),
    [Symbol.asyncDispose]: async () => {
      await provider.close();
      await server[Symbol.asyncDispose]();
    },
  };
});

async function play(
  scene: Scene,
  { operation, body }: BedrockRequest,
  response: ServerResponse,
): Promise<void> {
  const isStream = operation === 'converse-stream';
  switch (scene.kind) {
    case 'answer':
      if (!isStream) return sendAnswer(scene, response);
      await streamFrames(response, answerFrames(scene));
      return void response.end();
    case 'error': {
      if (scene.error === 'malformed') return sendJson(response, { output: {} });
      const [status, type] = ERRORS[scene.error];
      return sendException(response, status, type, `cannot answer ${body}`);
    }
    case 'error_in_stream':
      await streamFrames(response, [say(scene.after), encodeException('modelStreamErrorException', body)]);
      return void response.end();
    case 'silence':
      if (scene.after === undefined) return;
      if (isStream) return streamFrames(response, [say(scene.after)]);
      return void response.writeHead(200, { 'content-length': 99 }).write('{"a":');
    case 'break':
      if (scene.after !== undefined) await streamFrames(response, [say(scene.after)]);
      response.destroy();
  }
}

const say = (text: string, contentBlockIndex = 0) =>
  encodeEvent('contentBlockDelta', { contentBlockIndex, delta: { text } });

function sendAnswer(scene: Extract<Scene, { kind: 'answer' }>, response: ServerResponse): void {
  const calls = (scene.calls ?? []).map(({ id, name, json }) => ({
    toolUse: { toolUseId: id, name, input: JSON.parse(json.join('')) },
  }));
  const text = scene.texts.join('');
  sendJson(response, {
    output: { message: { role: 'assistant', content: [...(text === '' ? [] : [{ text }]), ...calls] } },
    stopReason: STOP_REASONS[scene.reason],
    ...(scene.usage === undefined ? {} : { usage: { ...scene.usage, totalTokens: 1 } }),
    metrics: { latencyMs: 1 },
  });
}

function answerFrames(scene: Extract<Scene, { kind: 'answer' }>): Buffer[] {
  const frames = [encodeEvent('messageStart', { role: 'assistant' })];
  for (const text of scene.texts) frames.push(say(text));
  frames.push(encodeEvent('contentBlockStop', { contentBlockIndex: 0 }));
  for (const [position, { id, name, json }] of (scene.calls ?? []).entries()) {
    const contentBlockIndex = position + 1;
    frames.push(
      encodeEvent('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: id, name } } }),
    );
    for (const input of json) {
      frames.push(encodeEvent('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input } } }));
    }
    frames.push(encodeEvent('contentBlockStop', { contentBlockIndex }));
  }
  frames.push(encodeEvent('messageStop', { stopReason: STOP_REASONS[scene.reason] }));
  const usage = scene.usage === undefined ? {} : { usage: { ...scene.usage, totalTokens: 1 } };
  frames.push(encodeEvent('metadata', { ...usage, metrics: { latencyMs: 1 } }));
  return frames;
}

async function ask(
  server: BedrockServer,
  more: { route?: Partial<Route>; prompt?: Partial<ModelPrompt>; delivery?: ModelRequest['delivery'] } = {},
): Promise<AnswerEvent[]> {
  const provider = createBedrock(server.createClient);
  const events: AnswerEvent[] = [];
  const messages: readonly Message[] = [{ role: 'user', blocks: [{ type: 'text', text: 'Hello zebra' }] }];
  try {
    const answer = provider.infer({
      prompt: {
        system: 'Be kind.',
        messages,
        tools: [],
        toolChoice: undefined,
        parameters: { maxOutputTokens: 100 },
        ...more.prompt,
      },
      route: makeRoute({ provider: 'bedrock', ...more.route }),
      requestId: '3d0f8a52-6a0b-4d6e-9a53-0f6a2d1c9b7e',
      delivery: more.delivery ?? 'stream',
      signal: new AbortController().signal,
    });
    for await (const batch of answer) events.push(...batch);
  } finally {
    await provider.close();
  }
  return events;
}

const failKind = async (asking: Promise<unknown>): Promise<[ModelErrorKind, string]> => {
  const error = await asking.then(
    () => assert.fail('it answered'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ModelError, String(error));
  return [error.kind, error.message];
};

test('signs for its region, names profiles by their ARN, and says which request it is', async () => {
  await using server = await startBedrockServer();
  server.answer((_request, response) => sendJson(response, { output: { message: { content: [] } } }));
  const model = 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0';
  const bedrockGuardrail = { identifier: 'gr1', version: '2' };
  await ask(server, { route: { model, bedrockGuardrail }, delivery: 'whole' });
  const [request] = server.asked;
  assert.equal(request?.path, `/model/${model}/converse`);
  assert.match(
    request?.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=not-a-key\/\d+\/eu-west-1\/bedrock\/aws4_request/,
  );
  const body = JSON.parse(request?.body ?? '');
  assert.deepEqual(body.guardrailConfig, { guardrailIdentifier: 'gr1', guardrailVersion: '2' });
  assert.deepEqual(body.requestMetadata, { goldenpathRequestId: '3d0f8a52-6a0b-4d6e-9a53-0f6a2d1c9b7e' });
  assert.deepEqual(body.inferenceConfig, { maxTokens: 100 });
});

test('every exception in the middle of a stream ends it in the port’s words', async () => {
  await using server = await startBedrockServer();
  const kinds = {
    internalServerException: 'unavailable',
    modelStreamErrorException: 'unavailable',
    validationException: 'rejected',
    throttlingException: 'throttled',
    serviceUnavailableException: 'unavailable',
    somethingNewException: 'unavailable',
  } as const;
  for (const [type, kind] of Object.entries(kinds)) {
    server.answer(async (_request, response) => {
      await streamFrames(response, [say('Half'), encodeException(type, 'the prompt was zebra')]);
      response.end();
    });
    const [found, message] = await failKind(ask(server));
    assert.equal(found, kind, type);
    assert.equal(message, type.charAt(0).toUpperCase() + type.slice(1));
  }
  server.answer(async (_request, response) => {
    await streamFrames(response, [say('Half'), encodeError('zebra says no!', 'the prompt was zebra')]);
    response.end();
  });
  assert.deepEqual(await failKind(ask(server)), ['unavailable', 'unknown error']);
});

test('every exception before the answer does so too, whole and streamed', async () => {
  await using server = await startBedrockServer();
  const cases: [number, string, ModelErrorKind][] = [
    [403, 'AccessDeniedException', 'rejected'],
    [403, 'UnrecognizedClientException', 'rejected'],
    [403, 'ExpiredTokenException', 'rejected'],
    [403, 'InvalidSignatureException', 'rejected'],
    [404, 'ResourceNotFoundException', 'rejected'],
    [400, 'ValidationException', 'rejected'],
    [400, 'ServiceQuotaExceededException', 'throttled'],
    [429, 'ThrottlingException', 'throttled'],
    [429, 'TooManyThings', 'throttled'],
    [429, 'ModelNotReadyException', 'unavailable'],
    [408, 'ModelTimeoutException', 'deadline'],
    [424, 'ModelErrorException', 'unavailable'],
    [500, 'InternalServerException', 'unavailable'],
    [503, 'ServiceUnavailableException', 'unavailable'],
  ];
  for (const [status, type, kind] of cases) {
    server.answer(({ body }, response) => sendException(response, status, type, body));
    for (const delivery of ['whole', 'stream'] as const) {
      assert.deepEqual(await failKind(ask(server, { delivery })), [kind, type]);
    }
  }
  assert.equal(server.asked.length, 2 * cases.length, 'the SDK repeats nothing by itself');
});

test('reasoning never leaves, and events that are not known are passed over', async () => {
  await using server = await startBedrockServer();
  const reasoning = (delta: object) =>
    encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: delta } });
  server.answer(async (_request, response) => {
    await streamFrames(response, [
      encodeEvent('messageStart', { role: 'assistant' }),
      reasoning({ text: 'zebra' }),
      reasoning({ signature: 'zebra' }),
      encodeEvent('contentBlockStop', { contentBlockIndex: 0 }),
      encodeEvent('somethingNew', { text: 'zebra' }),
      say('Hello', 1),
      encodeEvent('messageStop', { stopReason: 'end_turn' }),
      encodeEvent('metadata', { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } }),
    ]);
    response.end();
  });
  const finish = {
    type: 'finish',
    reason: 'stop',
    usage: { inputTokens: 3, outputTokens: 2, source: 'provider' },
  };
  assert.deepEqual(await ask(server), [{ type: 'text', text: 'Hello' }, finish]);
  server.answer((_request, response) =>
    sendJson(response, {
      output: {
        message: {
          role: 'assistant',
          content: [{ reasoningContent: { reasoningText: { text: 'zebra' } } }, { text: 'Hello' }],
        },
      },
      stopReason: 'end_turn',
      usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    }),
  );
  assert.deepEqual(await ask(server, { delivery: 'whole' }), [{ type: 'text', text: 'Hello' }, finish]);
});

test('a stream that is cut in a frame, corrupted, or stops without its reason is no answer', async () => {
  await using server = await startBedrockServer();
  const frame = say('Hello');
  const corrupted = Buffer.from(frame);
  corrupted[frame.length - 8] = (corrupted[frame.length - 8] ?? 0) ^ 1;
  const broken = [[frame, frame.subarray(0, 20)], [frame, corrupted], [frame], []];
  for (const frames of broken) {
    server.answer(async (_request, response) => {
      await streamFrames(response, frames);
      response.end();
    });
    await failKind(ask(server));
  }
  for (const delivery of ['whole', 'stream'] as const) {
    server.answer(async (_request, response) => {
      if (delivery === 'whole')
        return sendJson(response, {
          output: { message: { content: [{ text: 'Hi' }] } },
          stopReason: 'malformed_model_output',
        });
      await streamFrames(response, [
        say('Hi'),
        encodeEvent('messageStop', { stopReason: 'malformed_tool_use' }),
      ]);
      response.end();
    });
    assert.equal((await failKind(ask(server, { delivery })))[0], 'malformed');
  }
});

test('writes turns as Converse wants them: roles in turn, results together, nothing blank', async () => {
  await using server = await startBedrockServer();
  server.answer((_request, response) => sendJson(response, { output: { message: { content: [] } } }));
  const call = (id: string) =>
    ({ type: 'tool_call', id, name: 'look-up-order', argumentsJson: '{"a":1}' }) as const;
  const messages: readonly Message[] = [
    {
      role: 'user',
      blocks: [
        { type: 'text', text: ' \n' },
        { type: 'text', text: 'Where are they?' },
      ],
    },
    { role: 'assistant', blocks: [{ type: 'text', text: '' }, call('a'), call('b')] },
    { role: 'tool', blocks: [{ type: 'tool_result', callId: 'a', text: 'Here' }] },
    { role: 'tool', blocks: [{ type: 'tool_result', callId: 'b', text: 'There' }] },
    { role: 'assistant', blocks: [{ type: 'text', text: '' }] },
    { role: 'user', blocks: [{ type: 'text', text: 'And now?' }] },
  ];
  const tools = [{ name: 'look-up-order', description: 'x', parametersSchema: { type: 'object' } }];
  await ask(server, { prompt: { messages, tools, toolChoice: 'none' }, delivery: 'whole' });
  const body = JSON.parse(server.asked[0]?.body ?? '');
  const use = (toolUseId: string) => ({ toolUse: { toolUseId, name: 'look-up-order', input: { a: 1 } } });
  const result = (toolUseId: string, text: string) => ({ toolResult: { toolUseId, content: [{ text }] } });
  assert.deepEqual(body.messages, [
    { role: 'user', content: [{ text: 'Where are they?' }] },
    { role: 'assistant', content: [use('a'), use('b')] },
    { role: 'user', content: [result('a', 'Here'), result('b', 'There'), { text: 'And now?' }] },
  ]);
  assert.equal(body.toolConfig.tools.length, 1, 'Converse demands the tools of a conversation with calls');
  const choices = [
    ['none', undefined],
    ['auto', undefined],
    ['required', { any: {} }],
    [{ name: 'look-up-order' }, { tool: { name: 'look-up-order' } }],
  ] as const;
  for (const [toolChoice, expected] of choices) {
    await ask(server, { prompt: { tools, toolChoice }, delivery: 'whole' });
    const { toolConfig } = JSON.parse(server.asked.at(-1)?.body ?? '');
    assert.deepEqual(toolConfig?.toolChoice, expected);
    assert.equal(toolConfig === undefined, toolChoice === 'none');
  }
  const broken: readonly Message[] = [
    { role: 'assistant', blocks: [{ ...call('a'), argumentsJson: '{zebra' }] },
  ];
  assert.deepEqual(await failKind(ask(server, { prompt: { messages: broken } })), [
    'rejected',
    'the arguments of an earlier tool call are not JSON',
  ]);
});
