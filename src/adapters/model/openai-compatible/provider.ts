import { isUtf8 } from 'node:buffer';
import { Pool, type Dispatcher } from 'undici';
import { ModelError, type ModelProvider, type ModelRequest } from '../../../ports/model.ts';
import type { AnswerEvent } from '../../../road/conversation.ts';
import type { Route } from '../../../road/governed.ts';
import { discardBody, type Body } from './body.ts';
import { writeChatRequest } from './request.ts';
import { readCompletion, readCompletionStream } from './response.ts';
import { requestWhole, ResponseTooLargeError, type WholeResponse } from './whole-response.ts';

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

function ask(asking: Asking): AsyncIterable<readonly AnswerEvent[]> {
  return asking.request.delivery === 'whole' ? new WholeAnswer(asking) : askForStream(asking);
}

interface Sending {
  readonly pool: Pool;
  readonly options: {
    readonly path: string;
    readonly method: 'POST';
    readonly headers: Headers;
    readonly body: string;
  };
  readonly request: ModelRequest;
}

function write({ request, poolOf, keyOf }: Asking): Sending {
  const body = writeChatRequest(request);
  const { route, requestId } = request;
  const { origin, path } = endpointOf(route.baseUrl ?? '');
  const headers = writeHeaders(route, requestId, keyOf);
  return { pool: poolOf(origin), options: { path, method: 'POST', headers, body }, request };
}

type Headers = Record<string, string>;

function writeHeaders(route: Route, requestId: string, keyOf: Asking['keyOf']): Headers {
  const headers: Headers = { 'content-type': 'application/json', 'x-request-id': requestId };
  if (route.apiKeyEnv === undefined) return headers;
  const key = keyOf(route.apiKeyEnv);
  if (key === undefined)
    throw new ModelError('rejected', `the environment variable ${route.apiKeyEnv} is not set`);
  return { ...headers, authorization: `Bearer ${key}` };
}

/** An answer that comes at once: one batch, which takes no generator. */
class WholeAnswer implements AsyncIterableIterator<readonly AnswerEvent[]> {
  readonly #asking: Asking;
  #isAsked = false;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<readonly AnswerEvent[], undefined>> {
    if (this.#isAsked) return { done: true, value: undefined };
    this.#isAsked = true;
    const { pool, options, request } = write(this.#asking);
    const limits = { signal: request.signal, maxBytes: MAX_ANSWER_BYTES };
    let response: WholeResponse;
    try {
      response = await requestWhole(pool, options, limits);
    } catch (cause) {
      throw toConnectionError(cause);
    }
    return { done: false, value: readWhole(response, options.body.length) };
  }
}

function readWhole({ statusCode, body }: WholeResponse, promptCharacters: number): readonly AnswerEvent[] {
  if (statusCode !== 200) throw toStatusError(statusCode);
  if (!isUtf8(body)) throw new ModelError('malformed', 'the answer is not UTF-8');
  return readCompletion(stripBom(body.toString('utf8')), promptCharacters);
}

/** Some servers write a byte order mark, which JSON does not know. */
function stripBom(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

async function* askForStream(asking: Asking): AsyncGenerator<readonly AnswerEvent[]> {
  const { pool, options, request } = write(asking);
  const body = await openBody(pool, { ...options, signal: request.signal });
  let isComplete = false;
  try {
    for await (const events of readCompletionStream(limitBytes(body), options.body.length)) {
      isComplete = events.at(-1)?.type === 'finish';
      yield events;
    }
  } catch (cause) {
    throw toConnectionError(cause);
  } finally {
    if (isComplete) discardBody(body);
    else body.destroy();
  }
}

async function openBody(pool: Pool, options: Dispatcher.RequestOptions): Promise<Body> {
  const { statusCode, body } = await pool.request(options).catch((cause: unknown) => {
    throw toConnectionError(cause);
  });
  // What happens to a body that nobody reads any more is nobody's error.
  body.on('error', () => undefined);
  if (statusCode === 200) return body;
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

function toConnectionError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  if (cause instanceof ResponseTooLargeError)
    return new ModelError('malformed', 'the answer is larger than 16 MB');
  return new ModelError('unavailable', `the connection broke (${codeOf(cause)})`, { cause });
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined; // Node puts one on system errors
  return code ?? (cause instanceof Error ? cause.name : 'unknown');
}
