import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerResponse } from 'node:http';
import { sse, startUpstream, type Answerer } from '../../../../test/support/upstream.ts';
import { ModelError } from '../../../ports/model.ts';
import { registerModelConformance, type ProviderUnderTest, type Scene } from '../conformance.ts';
import { makeRoute } from '../testing/route.ts';
import { createOpenAiCompatible } from './provider.ts';
import { readCompletionStream } from './response.ts';

registerModelConformance('OpenAI-compatible', async (): Promise<ProviderUnderTest> => {
  let scene: Scene = { kind: 'silence' };
  const sockets = new Set<unknown>();
  const bodies: string[] = [];
  const upstream = await startUpstream((exchange) => {
    sockets.add(exchange.request.socket);
    bodies.push(exchange.body);
    return play(scene, exchange);
  });
  const provider = createOpenAiCompatible({ keyOf: () => undefined });
  return {
    provider,
    route: makeRoute({ provider: 'openai-compatible', baseUrl: upstream.url }),
    play: (next) => {
      scene = next;
    },
    asked: () => bodies,
    underway: () => upstream.underway(),
    connections: () => sockets.size,
    leave: () => upstream.stop(),
    [Symbol.asyncDispose]: async () => {
      await provider.close();
      await upstream.stop().catch(() => undefined);
    },
  };
});

const play = (scene: Scene, exchange: Parameters<Answerer>[0]): void => {
  const { response, body } = exchange;
  const isStream = body.includes('"stream":true');
  switch (scene.kind) {
    case 'answer':
      return isStream ? streamAnswer(scene, response) : sendAnswer(scene, response);
    case 'error':
      return sendError(scene.error, response, body);
    case 'error_in_stream':
      return void response.end(say(scene.after) + sse({ error: { message: body } }));
    case 'silence':
      return scene.after === undefined
        ? undefined
        : void response.write(isStream ? say(scene.after) : '{"a":');
    case 'break':
      if (scene.after === undefined) response.destroy();
      else response.write(say(scene.after), () => response.destroy());
  }
};

const say = (content: string) => sse({ choices: [{ index: 0, delta: { content } }] });

function sendAnswer(scene: Extract<Scene, { kind: 'answer' }>, response: ServerResponse): void {
  const calls = scene.calls?.map(({ id, name, json }) => ({
    id,
    type: 'function',
    function: { name, arguments: json.join('') },
  }));
  const message = { content: scene.texts.join(''), ...(calls === undefined ? {} : { tool_calls: calls }) };
  const choices = [{ index: 0, message, finish_reason: scene.reason }];
  response.end(JSON.stringify({ choices, usage: writeUsage(scene) }));
}

function streamAnswer(scene: Extract<Scene, { kind: 'answer' }>, response: ServerResponse): void {
  const write = (delta: object, more: object = {}) =>
    response.write(sse({ choices: [{ index: 0, delta, ...more }] }));
  for (const content of scene.texts) write({ content });
  for (const [index, { id, name, json }] of (scene.calls ?? []).entries()) {
    write({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
    for (const part of json) write({ tool_calls: [{ index, function: { arguments: part } }] });
  }
  write({}, { finish_reason: scene.reason });
  response.write(`${sse({ choices: [], usage: writeUsage(scene) })}data: [DONE]\n\n`);
  // As on a network, the end of the body is no part of its last words.
  setTimeout(() => response.end(), 5);
}

function writeUsage({ usage }: Extract<Scene, { kind: 'answer' }>) {
  return usage && { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens };
}

const STATUSES = { unavailable: 503, throttled: 429, rejected: 400, malformed: 200 };

function sendError(error: keyof typeof STATUSES, response: ServerResponse, body: string): void {
  response.writeHead(STATUSES[error]).end(`"${body}`);
}

test('sends the key that its route names, and no other; a key that is not set rejects', async () => {
  const seen: (string | undefined)[] = [];
  await using upstream = await startUpstream(({ request, response }) => {
    seen.push(request.headers.authorization);
    response.writeHead(400).end();
  });
  const provider = createOpenAiCompatible({
    keyOf: (name) => (name === 'NAMED' ? 'plainly-fake' : undefined),
  });
  const ask = async (apiKeyEnv: string | undefined) => {
    const route = makeRoute({ provider: 'openai-compatible', baseUrl: upstream.url, apiKeyEnv });
    const prompt = {
      system: 'x',
      messages: [],
      tools: [],
      toolChoice: undefined,
      parameters: { maxOutputTokens: 1 },
    };
    const signal = new AbortController().signal;
    const answer = provider.infer({ prompt, route, requestId: 'r', delivery: 'whole', signal });
    await assert.rejects(answer[Symbol.asyncIterator]().next(), ModelError);
  };
  await ask('NAMED');
  await ask(undefined);
  await ask('UNSET');
  assert.deepEqual(seen, ['Bearer plainly-fake', undefined]);
  await provider.close();
});

test('no run of line ends keeps the gateway busy', async () => {
  for (const flood of ['\r', 'a\r', '\r\n', '\n', ':\n', 'data:\n', 'event:a\r']) {
    const chunk = Buffer.from(flood.repeat(65_536 / flood.length));
    async function* body() {
      for (let sent = 0; sent < 30; sent++) yield chunk;
    }
    const startedMs = performance.now();
    const reading = (async () => {
      for await (const _ of readCompletionStream(body(), 1));
    })();
    await assert.rejects(reading, ModelError);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 1_000, `2 MB of ${JSON.stringify(flood)} took ${tookMs} ms`);
  }
});
