import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { allowsOrigin, type CrossOriginRules } from '../road/edge-rules.ts';
import type { Gateway } from './gateway.ts';
import { pathOf, type Served } from './served.ts';

/** What a page's script may read beside the body. */
const EXPOSED = [
  'x-request-id',
  'x-goldenpath-refusal',
  'retry-after',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
].join(', ');

const PREFLIGHT_S = 600;

/**
 * Tells browsers which pages may use the gateway (the Fetch standard, CORS protocol). Whom it does not allow gets no
 * header of it, and the edge refuses the request itself: a browser would still have sent it.
 */
export function addCrossOrigin(
  server: FastifyInstance,
  { gateway, served }: { readonly gateway: Gateway; readonly served: Served },
): void {
  server.addHook('onRequest', (request, reply, done) => {
    const rules = gateway.crossOrigin();
    if (rules.origins.length === 0) return done();
    const { origin } = request.headers;
    if (rules.origins[0] !== '*') reply.header('vary', 'Origin');
    if (origin === undefined || !allowsOrigin(rules, origin)) return done();
    for (const [name, value] of describeOrigin(rules, origin)) reply.header(name, value);
    const methods = served.get(pathOf(request.url));
    if (!isPreflight(request) || methods === undefined) return done();
    answerPreflight(request, reply, methods);
  });
}

function describeOrigin(rules: CrossOriginRules, origin: string): [name: string, value: string][] {
  const isAny = rules.origins[0] === '*';
  return [
    ['access-control-allow-origin', isAny ? '*' : origin],
    ['access-control-expose-headers', EXPOSED],
    ...(rules.credentials ? [['access-control-allow-credentials', 'true'] as [string, string]] : []),
  ];
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** A preflight asks nothing of the gateway, so it is no attempt. */
function answerPreflight(request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): void {
  const asked = request.headers['access-control-request-headers'];
  reply.header('vary', 'Origin, Access-Control-Request-Headers');
  reply.header('access-control-allow-methods', methods.join(', '));
  reply.header('access-control-max-age', String(PREFLIGHT_S));
  // An allowed page may send any header: none has a meaning here that would need one's leave.
  if (asked !== undefined && /^[\w!#$%&'*+.^`|~, -]{1,2000}$/.test(asked)) {
    reply.header('access-control-allow-headers', asked);
  }
  void reply.code(204).send();
}
