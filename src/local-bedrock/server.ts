import { isUtf8 } from 'node:buffer';
import { randomInt, randomUUID } from 'node:crypto';
import { isIPv4, type AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createBothProtocolsServer } from './both-protocols.ts';
import type { Place } from './describe.ts';
import type { GuardrailStore } from './guardrail.ts';
import { listOperations } from './operations.ts';
import { ServiceError } from './service-error.ts';
import { createThrottle } from './throttle.ts';

/** How a local Bedrock is run. */
export interface LocalBedrockOptions {
  readonly host: string;
  readonly port: number;
  readonly place: Place;
  readonly store: GuardrailStore;
  /** More requests a second get a ThrottlingException. Absent: no limit. */
  readonly requestsPerSecond?: number | undefined;
  readonly nowMs?: () => number;
}

/** A local Bedrock that listens. */
export interface LocalBedrock extends AsyncDisposable {
  readonly url: string;
}

/** Larger than what any quota of the service lets through as text. */
const MOST_BODY_BYTES = 8_000_000;
const MOST_LABEL = 3 * 2048; // an ARN, percent-encoded

/** Starts a local Bedrock: the guardrail part of the control plane and of the runtime, on one port. */
export async function startLocalBedrock(options: LocalBedrockOptions): Promise<LocalBedrock> {
  const { host, port } = options;
  assertLoopback(host);
  const server = createServer(options);
  await server.listen({ host, port });
  const { address, port: taken, family } = server.server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

// Signatures are not checked, so nobody but this machine may ask.
function assertLoopback(host: string): void {
  if (host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return;
  throw new Error(
    `the local Bedrock does not verify who asks, so it listens on loopback alone, not on ${JSON.stringify(host)}; ` +
      'listen on 127.0.0.1',
  );
}

function createServer(options: LocalBedrockOptions): FastifyInstance {
  const { store, place, nowMs = Date.now } = options;
  const throttle = createThrottle(options.requestsPerSecond, nowMs);
  const server = Fastify({
    logger: false,
    bodyLimit: MOST_BODY_BYTES,
    serverFactory: (handle) => createBothProtocolsServer(handle),
    routerOptions: { maxParamLength: MOST_LABEL },
    frameworkErrors: (_error, request, reply) => void sendError(reply, unknownOperation(request)),
  });
  readBodies(server);
  const plane = { store, place, nowMs, createId: () => createId(store) };
  for (const { method, url, status, answer } of listOperations(plane)) {
    server.route({
      method,
      url,
      handler: async ({ params, query, body }, reply) => {
        throttle.admit();
        const labels = params as Record<string, string>; // Fastify's own, from the path
        const request = { labels, query: query as Record<string, string>, body }; // its own too
        return reply.code(status).send(await answer(request));
      },
    });
  }
  server.setNotFoundHandler((request, reply) => sendError(reply, unknownOperation(request)));
  server.setErrorHandler((error, _request, reply) => sendError(reply, toServiceError(error)));
  server.addHook('onRequest', async (_request, reply) => {
    void reply.header('x-amzn-requestid', randomUUID());
  });
  return server;
}

// Whatever it calls itself, a body is JSON here; an empty one is none.
function readBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, bytes: Buffer) => {
    if (bytes.length === 0) return undefined;
    try {
      if (isUtf8(bytes)) return JSON.parse(bytes.toString()) as unknown; // any JSON; the operations check it
    } catch {
      // said below
    }
    throw new ServiceError('SerializationException', 'The body of the request is not JSON in UTF-8.');
  });
}

function unknownOperation({ method, url }: FastifyRequest): ServiceError {
  const path = url.split('?', 1)[0] ?? '';
  return new ServiceError(
    'UnknownOperationException',
    `The local Bedrock has no operation for ${method} ${path.slice(0, 100)}: it has the guardrail operations, ApplyGuardrail and InvokeGuardrailChecks.`,
  );
}

function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (typeof error === 'object' && error !== null && 'code' in error) {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
      return new ServiceError('ValidationException', 'The request is too large.');
  }
  return new ServiceError('InternalServerException', 'The local Bedrock failed on this request.');
}

function sendError(reply: FastifyReply, { name, status, message }: ServiceError): FastifyReply {
  // Fastify closes a connection whose body it did not read, in a header that HTTP/2 does not have.
  if (reply.request.raw.httpVersionMajor === 2) void reply.removeHeader('connection');
  return reply
    .code(status)
    .header('x-amzn-errortype', `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`)
    .type('application/json')
    .send({ message });
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

function createId(store: GuardrailStore): string {
  const id = Array.from({ length: 12 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
  return store.get(id) === undefined ? id : createId(store);
}
