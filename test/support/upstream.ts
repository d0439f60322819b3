import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What an OpenAI-compatible server was asked, and how it answers. */
export interface TestUpstream extends AsyncDisposable {
  /** For `baseUrl` of a route. */
  readonly url: string;
  /** Bodies that arrived, parsed. */
  readonly asked: {
    model: string;
    messages: { role: string; content: string }[];
    [field: string]: unknown;
  }[];
  /** Connections that are open now, idle ones of a pool included. */
  openConnections(): number;
  /** Questions whose answer is not over and whose connection is still there. */
  underway(): number;
  stop(): Promise<void>;
}

export type Answerer = (exchange: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}) => void | Promise<void>;

/** Starts a real HTTP server on loopback that answers as it is told. */
export async function startUpstream(answer: Answerer): Promise<TestUpstream> {
  const asked: TestUpstream['asked'] = [];
  const sockets = new Set<Socket>();
  let underway = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      asked.push(JSON.parse(body));
      underway++;
      response.on('close', () => underway--).on('error', () => undefined);
      void Promise.resolve(answer({ request, response, body })).catch(() => response.destroy());
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    openConnections: () => sockets.size,
    underway: () => underway,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Answers with this text, whole or in these pieces if the request asks for a stream. */
export function answerWith(...pieces: readonly string[]): Answerer {
  return ({ response, body }) => {
    if (!body.includes('"stream":true')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(completion(pieces.join(''))));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    for (const piece of pieces)
      response.write(sse({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] }));
    response.write(sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
    response.write(sse({ choices: [], usage: USAGE }));
    response.end('data: [DONE]\n\n');
  };
}

export const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

/** A whole chat completion. */
export function completion(content: string): object {
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion',
    created: 1,
    model: 'test-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: USAGE,
  };
}

/** One server-sent event. */
export function sse(data: object): string {
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'test-model', ...data })}\n\n`;
}
