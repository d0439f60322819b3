import { Pool, type Dispatcher } from 'undici';
import { ModelError, type ModelProvider, type ModelRequest } from '../../../ports/model.ts';
import type { AnswerEvent } from '../../../road/conversation.ts';
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

async function* ask(input: {
  readonly request: ModelRequest;
  readonly poolOf: (origin: string) => Pool;
  readonly keyOf: (envName: string) => string | undefined;
}): AsyncGenerator<readonly AnswerEvent[]> {
  const { request } = input;
  const { route } = request;
  const { origin, path } = endpointOf(route.baseUrl ?? '');
  const body = writeChatRequest(request);
  const key = route.apiKeyEnv === undefined ? undefined : input.keyOf(route.apiKeyEnv);
  if (route.apiKeyEnv !== undefined && key === undefined) {
    throw new ModelError(
      'rejected',
      `the environment variable ${route.apiKeyEnv} of route ${route.name} is not set`,
    );
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-request-id': request.requestId,
  };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  const response = await send(input.poolOf(origin), {
    path,
    method: 'POST',
    headers,
    body,
    signal: request.signal,
  });
  await checkStatus(response);
  try {
    if (request.delivery === 'stream') yield* readCompletionStream(limitBytes(response.body), body.length);
    else yield readCompletion(await readText(response.body), body.length);
  } catch (cause) {
    throw cause instanceof ModelError
      ? cause
      : new ModelError('unavailable', `the connection broke (${codeOf(cause)})`, { cause });
  } finally {
    if (!response.body.readableEnded) response.body.destroy();
  }
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

async function send(pool: Pool, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await pool.request(options);
  } catch (cause) {
    throw new ModelError('unavailable', `no connection (${codeOf(cause)})`, { cause });
  }
}

async function checkStatus(response: Dispatcher.ResponseData): Promise<void> {
  const { statusCode, body } = response;
  if (statusCode === 200) return;
  // Its text may repeat the prompt, so it is thrown away.
  await body.dump({ limit: 65_536 }).catch(() => undefined);
  if (statusCode === 429) throw new ModelError('throttled', 'HTTP 429');
  if (statusCode >= 500 || statusCode === 408) throw new ModelError('unavailable', `HTTP ${statusCode}`);
  if (statusCode >= 400) throw new ModelError('rejected', `HTTP ${statusCode}`);
  throw new ModelError('malformed', `HTTP ${statusCode}`);
}

async function* limitBytes(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new ModelError('malformed', 'the answer is larger than 16 MB');
    yield chunk;
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of limitBytes(body)) chunks.push(chunk);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  return bytes.toString('utf8');
}

function codeOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined; // Node puts one on system errors
  return code ?? (cause instanceof Error ? cause.name : 'unknown');
}
