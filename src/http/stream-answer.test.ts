import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { connectRaw, eventually } from '../../test/support/raw-client.ts';
import type { DeliverableEvent } from '../road/proofs.ts';
import { refuse, RefusalError } from '../road/refusal.ts';
import type { Batch } from '../road/road.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openAiChat } from './dialects/openai-chat.ts';
import { streamAnswer } from './stream-answer.ts';

const FRAME = {
  requestId: 'request-1',
  capability: 'assistant',
  createdAtS: 1,
  answeredBy: undefined,
  includeUsage: false,
};
const say = (text: string): Batch => [{ type: 'text', text } as DeliverableEvent]; // what a guard would have released
const FINISH: Batch = [{ type: 'finish', reason: 'stop', usage: undefined } as DeliverableEvent]; // the same

/** What a client receives of these batches, and whether their source was let go. */
async function serve(
  batches: () => AsyncGenerator<Batch>,
  more: { dialect?: Dialect; leaveAt?: RegExp } = {},
): Promise<{ received: string; isReleased: boolean; thrown: unknown }> {
  let isReleased = false;
  let thrown: unknown;
  async function* watch() {
    try {
      yield* batches();
    } finally {
      isReleased = true;
    }
  }
  const server = Fastify();
  server.get('/', async (_request, reply) => {
    const { dialect = openAiChat } = more;
    await streamAnswer({
      dialect,
      frame: FRAME,
      rateLimits: {},
      batches: watch(),
      reply,
      slowReaderMs: 1_000,
      signal: new AbortController().signal,
    }).catch((error: unknown) => (thrown = error));
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  await using client = await connectRaw(url);
  client.send('GET / HTTP/1.0\r\n\r\n');
  if (more.leaveAt !== undefined) {
    await client.until(more.leaveAt);
    client.socket.destroy();
  }
  await client.closed();
  await eventually(() => isReleased, { what: 'the source to be let go', timeoutMs: 1_000 });
  await server.close();
  return { received: client.received(), isReleased, thrown };
}

test('an answer flows to its end', async () => {
  const { received, thrown } = await serve(async function* () {
    yield say('Hello');
    yield FINISH;
  });
  assert.match(received, /"content":"Hello"[^]*"finish_reason":"stop"[^]*data: \[DONE\]\n\n$/);
  assert.match(received, /x-request-id: request-1/);
  assert.equal(thrown, undefined);
});

test('a refusal in the middle is said in the dialect, an unforeseen error without its words', async () => {
  const refused = await serve(async function* () {
    yield say('Half');
    throw new RefusalError(refuse('guardrail.unavailable', { detail: 'for operators' }));
  });
  assert.match(refused.received, /"code":"guardrail.unavailable"/);
  assert.ok(!/for operators|\[DONE\]/.test(refused.received));
  const broken = await serve(async function* () {
    yield say('Half');
    throw new Error('zebra');
  });
  assert.match(broken.received, /"code":"gateway.internal"/);
  assert.ok(!broken.received.includes('zebra'));
});

test('a dialect that fails lets the source go, and ends the answer', async () => {
  const dialect: Dialect = {
    ...openAiChat,
    writeEvent: () => {
      throw new TypeError('zebra');
    },
  };
  const { received, thrown } = await serve(
    async function* () {
      for (;;) yield say('Hello');
    },
    { dialect },
  );
  assert.match(received, /"code":"gateway.internal"/);
  assert.ok(!received.includes('zebra'));
  assert.equal(thrown, undefined);
});

test('a client that leaves ends the flow, also when the source never looks', async () => {
  const { thrown, isReleased } = await serve(
    async function* () {
      for (;;) {
        yield say('Hello');
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    { leaveAt: /Hello/ },
  );
  assert.ok(isReleased);
  assert.equal(thrown, undefined);
});
