import type { IncomingMessage } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { isRefusal, refuse, RefusalError, type Refusal } from '../road/refusal.ts';
import { serveDialect, turnAway } from './dialect-endpoint.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openAiChat } from './dialects/openai-chat.ts';
import type { Gateway } from './gateway.ts';
import { readBody } from './read-body.ts';

export interface ServerLimits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** The dialects by their paths. */
const ENDPOINTS: readonly { readonly path: string; readonly dialect: Dialect }[] = [
  { path: '/v1/chat/completions', dialect: openAiChat },
];

/** The HTTP surface on Fastify. Routing and bytes only: everything that decides is behind `gateway`. */
export function createServer(gateway: Gateway, limits: ServerLimits): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    // Headers that drip in and connections that idle are the server's to cut; bodies have their own deadline.
    requestTimeout: limits.bodyTimeoutMs + 5_000,
    keepAliveTimeout: 65_000,
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: true,
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (_request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, { maxBytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs }),
  );

  for (const { path, dialect } of ENDPOINTS) {
    server.post(path, (request, reply) => serveDialect({ gateway, dialect, request, reply }));
  }
  addModels(server, gateway);
  addOperations(server, gateway);

  server.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(
        writePlain(
          refuse('edge.not_found', { hint: `${request.method} is not served at this path.` }),
          request,
        ),
      ),
  );
  server.setErrorHandler(async (error: FastifyError, request, reply) => {
    const refusal = toRefusal(error);
    const endpoint = ENDPOINTS.find(({ path }) => request.routeOptions.url === path);
    if (endpoint === undefined)
      return reply.code(refusal.code === 'gateway.internal' ? 500 : 400).send(writePlain(refusal, request));
    return turnAway({ gateway, dialect: endpoint.dialect, refusal, request, reply });
  });
  return server;
}

function addModels(server: FastifyInstance, gateway: Gateway): void {
  server.get('/v1/models', async (request, reply) => {
    const capabilities = await gateway.listCapabilities(request.headers.authorization);
    if (isRefusal(capabilities)) {
      const { status, body } = openAiChat.writeRefusal(capabilities, request.id);
      return reply.code(status).type('application/json; charset=utf-8').send(body);
    }
    const data = capabilities.map((capability) => ({
      id: capability.name,
      object: 'model',
      created: 0,
      owned_by: capability.owner,
    }));
    return { object: 'list', data };
  });
}

function addOperations(server: FastifyInstance, gateway: Gateway): void {
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', (_request, reply) => {
    const readiness = gateway.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await gateway.metrics();
    return reply.type(contentType).send(body);
  });
}

function writePlain(refusal: Refusal, request: FastifyRequest): string {
  return openAiChat.writeRefusal(refusal, request.id).body;
}

function toRefusal(error: FastifyError): Refusal {
  if (error instanceof RefusalError) return error.refusal;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('edge.body_too_large');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return refuse('edge.unsupported_media_type');
  if (error.statusCode !== undefined && error.statusCode < 500) return refuse('edge.malformed_request');
  return refuse('gateway.internal', { detail: error.code ?? error.name });
}
