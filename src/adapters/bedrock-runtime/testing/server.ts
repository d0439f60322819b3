import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { createBedrockClient } from '../client.ts';

/** What the server was asked. */
export interface BedrockRequest {
  readonly operation: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

/** A loopback server in the wire shapes of Amazon Bedrock's runtime, and clients of the real SDK that ask it. */
export interface BedrockServer extends AsyncDisposable {
  readonly asked: readonly BedrockRequest[];
  /** How every request is answered from now on. */
  answer(how: (request: BedrockRequest, response: ServerResponse) => void | Promise<void>): void;
  readonly createClient: (region: string) => BedrockRuntimeClient;
  /** Connections that were ever opened. */
  readonly connections: () => number;
  readonly underway: () => number;
}

export async function startBedrockServer(): Promise<BedrockServer> {
  const asked: BedrockRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let underway = 0;
  let answer: Parameters<BedrockServer['answer']>[0] = (_request, response) => void response.end('{}');
  const server = createServer((request, response) => {
    void readRequest(request).then((read) => {
      asked.push(read);
      underway++;
      response.on('error', () => undefined).on('close', () => underway--);
      return answer(read, response);
    });
  });
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket.on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return {
    asked,
    answer: (how) => {
      answer = how;
    },
    createClient: (region) =>
      createBedrockClient(region, {
        endpoint: `http://127.0.0.1:${port}`,
        credentials: { accessKeyId: 'not-a-key', secretAccessKey: 'not-a-secret' },
      }),
    connections: () => connections,
    underway: () => underway,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<BedrockRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set, so chunks are buffers
  const path = decodeURIComponent(request.url ?? '');
  return {
    operation: path.split('/').at(-1) ?? '',
    path,
    authorization: request.headers.authorization ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'), // the codec hands over what it read from the wire
  (text) => Buffer.from(text, 'utf8'),
);

/** One event of application/vnd.amazon.eventstream. */
export function encodeEvent(type: string, body: object): Buffer {
  return encodeFrame(
    { 'message-type': 'event', 'event-type': type, 'content-type': 'application/json' },
    body,
  );
}

/** One exception in the place of an event. */
export function encodeException(type: string, message: string): Buffer {
  const headers = { 'message-type': 'exception', 'exception-type': type, 'content-type': 'application/json' };
  return encodeFrame(headers, { message });
}

/** One error that the service does not model. */
export function encodeError(code: string, message: string): Buffer {
  return encodeFrame({ 'message-type': 'error', 'error-code': code, 'error-message': message }, {});
}

function encodeFrame(headers: Readonly<Record<string, string>>, body: object): Buffer {
  const typed = Object.entries(headers).map(
    ([name, value]) => [`:${name}`, { type: 'string' as const, value }] as const,
  );
  return Buffer.from(
    codec.encode({ headers: Object.fromEntries(typed), body: Buffer.from(JSON.stringify(body)) }),
  );
}

/** Answers with events, one frame at a time. */
export async function streamFrames(response: ServerResponse, frames: readonly Buffer[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  for (const frame of frames) {
    response.write(frame);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Answers with an exception, as the service does before it answers. */
export function sendException(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
  });
  response.end(JSON.stringify({ message }));
}

export function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
