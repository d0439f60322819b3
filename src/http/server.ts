import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { isRefusal, refuse, RefusalError, type Refusal } from '../road/refusal.ts';
import { addCrossOrigin } from './cross-origin.ts';
import { addAdmin, SWITCHES } from './admin.ts';
import { createClientErrorHandler } from './client-error.ts';
import { explainContentHeaders } from './content-headers.ts';
import { serveDialect } from './dialect-endpoint.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openAiChat } from './dialects/openai-chat.ts';
import { plain, PLAIN_HTTP, type Refuser } from './dialects/plain.ts';
import { addFeedback, FEEDBACK } from './feedback.ts';
import type { Gateway, Readiness } from './gateway.ts';
import { servePlain } from './plain-endpoint.ts';
import { ClientLeftError, readBody } from './read-body.ts';
import { turnAway } from './turn-away.ts';
import { noteServed } from './served.ts';
import { refuseUnserved } from './unserved.ts';
import { writeRefusal } from './write-refusal.ts';

export interface ServerLimits {
  readonly maxBodyBytes: number;
  /** For the headers, and then again for the body. */
  readonly bodyTimeoutMs: number;
  /** How long a client may leave its answer unread; 30 s unless said otherwise. */
  readonly slowReaderMs?: number;
}

const SLOW_READER_MS = 30_000;
const LONGEST_CHECK_MS = 1_000;

/** The dialects by their paths. */
const ENDPOINTS: readonly { readonly path: string; readonly dialect: Dialect }[] = [
  { path: '/v1/chat/completions', dialect: openAiChat },
];

/** What lists the capabilities: refused, it is an attempt; answered, it has asked no model. */
const MODELS = plain('openai.models');

const REFUSERS: ReadonlyMap<string, Refuser> = new Map([
  ...ENDPOINTS.map(({ path, dialect }) => [path, dialect] as const),
  ['/v1/models', MODELS],
  [SWITCHES.path, SWITCHES.refuser],
  [FEEDBACK.path, FEEDBACK.refuser],
]);

/** What watches the gateway asks nothing of it: no attempt. */
const OPERATIONS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const refuserOf = (path: string): Refuser => REFUSERS.get(path) ?? PLAIN_HTTP;

/** The HTTP surface on Fastify. Routing and bytes only: everything that decides is behind `gateway`. */
export function createServer(gateway: Gateway, limits: ServerLimits): FastifyInstance {
  const { maxBodyBytes, bodyTimeoutMs, slowReaderMs = SLOW_READER_MS } = limits;
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    // Headers that drip in are the server's to cut (slowloris); bodies have a deadline of their own before this one.
    requestTimeout: 2 * bodyTimeoutMs + 5_000,
    http: {
      headersTimeout: bodyTimeoutMs,
      connectionsCheckingInterval: Math.min(LONGEST_CHECK_MS, bodyTimeoutMs),
    },
    keepAliveTimeout: 65_000,
    routerOptions: { maxParamLength: 200 },
    // What arrives on a kept connection while the gateway stops is still answered, and its connection closed.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(gateway),
    // The default would repeat the path.
    frameworkErrors: (_error, request, reply) => {
      const refusal = refuse('edge.malformed_request', { hint: 'Its path is malformed.' });
      const end = { outcome: 'refused', refusal } as const;
      void turnAway({ gateway, dialect: PLAIN_HTTP, end, refusal, request, reply });
    },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', (request, payload, done) => {
    const refusal = explainContentHeaders(request.headers);
    if (refusal !== undefined) return done(new RefusalError(refusal));
    readBody({ payload, maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs, done });
  });

  const served = noteServed(server);
  addCrossOrigin(server, { gateway, served });
  refuseUnserved(server, { gateway, served, refuserOf });
  for (const { path, dialect } of ENDPOINTS) {
    server.post(path, (request, reply) => serveDialect({ gateway, dialect, request, reply, slowReaderMs }));
  }
  addModels(server, gateway);
  addFeedback(server, gateway);
  addAdmin(server, gateway);
  addOperations(server, gateway);
  addErrors(server, gateway);
  return server;
}

function addModels(server: FastifyInstance, gateway: Gateway): void {
  server.get('/v1/models', (request, reply) =>
    servePlain({ gateway, refuser: MODELS, request, reply }, async (plainRequest) => {
      const capabilities = await gateway.listCapabilities(plainRequest);
      if (isRefusal(capabilities)) return capabilities;
      const data = capabilities.map(({ name, owner }) => ({
        id: name,
        object: 'model',
        created: 0,
        owned_by: owner,
      }));
      return { object: 'list', data };
    }),
  );
}

function addOperations(server: FastifyInstance, gateway: Gateway): void {
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', (request, reply) => {
    const readiness = gateway.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(describeFor(request.ip, readiness));
  });
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await gateway.metrics();
    return reply.type(contentType).send(body);
  });
}

function addErrors(server: FastifyInstance, gateway: Gateway): void {
  server.setErrorHandler(async (error: FastifyError, request, reply) => {
    const refusal = toRefusal(error);
    if (OPERATIONS.has(request.routeOptions.url ?? '')) {
      return writeRefusal({ dialect: PLAIN_HTTP, refusal, requestId: request.id, reply });
    }
    const dialect = refuserOf(request.routeOptions.url ?? '');
    const end =
      error instanceof ClientLeftError
        ? ({ outcome: 'cancelled' } as const)
        : ({ outcome: 'refused', refusal } as const);
    return turnAway({ gateway, dialect, end, refusal, request, reply });
  });
}

function toRefusal(error: FastifyError): Refusal {
  if (error instanceof RefusalError) return error.refusal;
  if (error instanceof ClientLeftError) return refuse('edge.timeout');
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('edge.body_too_large');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return refuse('edge.unsupported_media_type');
  if (error.statusCode !== undefined && error.statusCode < 500) return refuse('edge.malformed_request');
  return refuse('gateway.internal', { detail: error.code ?? error.name });
}

/** Files, lines and faults are for operators on this machine; a network is told how many there are. */
function describeFor(ip: string, readiness: Readiness): Readiness {
  const isLocal = ip === '::1' || ip.startsWith('127.') || ip.startsWith('::ffff:127.');
  const { length } = readiness.reasons;
  if (isLocal || length === 0) return readiness;
  return { ...readiness, reasons: [`${length} reason(s): the log, and goldenpath check, name them`] };
}
