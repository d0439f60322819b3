import { TextDecoder } from 'node:util';
import { Pool, type Dispatcher } from 'undici';
import { ModelError, type ModelProvider, type ModelRequest } from '../../../ports/model.ts';
import type { AnswerEvent } from '../../../road/conversation.ts';
import { discardBody, type Body } from './body.ts';
import { writeChatRequest } from './request.ts';
import { readCompletion, readCompletionStream } from './response.ts';

const MAX_ANSWER_BYTES = 16_000_000;
const CONNECTIONS = 256;

/** Any server that speaks POST /chat/completions: vLLM, Ollama, llama.cpp. `keyOf` resolves the key that a route names. */
export function createOpenAiCompatible(input: {
  readonly keyOf: (envName: string) => string | undefined;
}): ModelProvider {
  const pools = new Map<string, Pool>();
  const poolOf = (origin: string): Pool => {
    let pool = pools.get(origin);
    if (pool === undefined) {
      // Deadlines are the inference stage's: the pool's own would be a second, hidden rule.
      pool = new Pool(origin, {
        connections: CONNECTIONS,
        headersTimeout: 0,
        bodyTimeout: 0,
        keepAliveTimeout: 30_000,
      });
      pools.set(origin, pool);
    }
    return pool;
  };
  return {
    infer: (request) => ask({ request, poolOf, keyOf: input.keyOf }),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

interface Asking {
  readonly request: ModelRequest;
  readonly poolOf: (origin: string) => Pool;
  readonly keyOf: (envName: string) => string | undefined;
}

async function* ask(asking: Asking): AsyncGenerator<readonly AnswerEvent[]> {
  const { request } = asking;
  const question = writeChatRequest(request);
  const { body } = await send(asking, question);
  let isComplete = false;
  try {
    for await (const events of readAnswer(body, request.delivery, question.length)) {
      isComplete = events.at(-1)?.type === 'finish';
      yield events;
    }
  } catch (cause) {
    throw cause instanceof ModelError
      ? cause
      : new ModelError('unavailable', `the connection broke (${codeOf(cause)})`, { cause });
  } finally {
    if (isComplete) discardBody(body);
    else body.destroy();
  }
}

async function* readAnswer(
  body: Body,
  delivery: ModelRequest['delivery'],
  promptCharacters: number,
): AsyncGenerator<readonly AnswerEvent[]> {
  if (delivery === 'stream') yield* readCompletionStream(limitBytes(body), promptCharacters);
  else yield readCompletion(await readText(body), promptCharacters);
}

async function send({ request, poolOf, keyOf }: Asking, question: string): Promise<{ body: Body }> {
  const { route, requestId, signal } = request;
  const { origin, path } = endpointOf(route.baseUrl ?? '');
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-request-id': requestId };
  if (route.apiKeyEnv !== undefined) {
    const key = keyOf(route.apiKeyEnv);
    if (key === undefined)
      throw new ModelError('rejected', `the environment variable ${route.apiKeyEnv} is not set`);
    headers['authorization'] = `Bearer ${key}`;
  }
  let response: Dispatcher.ResponseData;
  try {
    response = await poolOf(origin).request({ path, method: 'POST', headers, body: question, signal });
  } catch (cause) {
    throw new ModelError('unavailable', `no connection (${codeOf(cause)})`, { cause });
  }
  const { statusCode, body } = response;
  // What happens to a body that nobody reads any more is nobody's error.
  body.on('error', () => undefined);
  if (statusCode === 200) return { body };
  // Its text may repeat the prompt, so it is thrown away; a redirect is not followed: its target is no route.
  discardBody(body);
  throw toStatusError(statusCode);
}

const endpoints = new Map<string, { origin: string; path: string }>();

function endpointOf(baseUrl: string): { origin: string; path: string } {
  let endpoint = endpoints.get(baseUrl);
  if (endpoint === undefined) {
    const url = new URL(`${baseUrl.replace(/\/$/, '')}/chat/completions`);
    endpoint = { origin: url.origin, path: url.pathname };
    endpoints.set(baseUrl, endpoint);
  }
  return endpoint;
}

function toStatusError(statusCode: number): ModelError {
  const message = `HTTP ${statusCode}`;
  if (statusCode === 429) return new ModelError('throttled', message);
  if (statusCode >= 500 || statusCode === 408) return new ModelError('unavailable', message);
  return new ModelError(statusCode >= 400 ? 'rejected' : 'malformed', message);
}

async function* limitBytes(body: Body): AsyncGenerator<Buffer> {
  let bytes = 0;
  // The rest of a body is discarded, and not destroyed with its connection, when its reader has enough.
  const chunks: AsyncIterable<Buffer> = body.iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new ModelError('malformed', 'the answer is larger than 16 MB');
    yield chunk;
  }
}

async function readText(body: Body): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of limitBytes(body)) chunks.push(chunk);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError('malformed', 'the answer is not UTF-8', { cause });
  }
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined; // Node puts one on system errors
  return code ?? (cause instanceof Error ? cause.name : 'unknown');
}
