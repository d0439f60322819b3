import type { FastifyRequest } from 'fastify';

/** The W3C trace context of a request. Only a well-formed one goes on the record: anything else could be text. */
export function readTraceparent(request: FastifyRequest): string | undefined {
  const header = request.headers['traceparent'];
  return typeof header === 'string' && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header)
    ? header
    : undefined;
}
