import type { FastifyRequest } from 'fastify';
import type { Visit } from '../road/edge-rules.ts';

/** Where a request says that it comes from; whom of it to believe, the edge decides. */
export function readVisit({ raw }: FastifyRequest): Visit {
  const forwardedFor = raw.headers['x-forwarded-for'];
  return {
    remoteAddress: raw.socket.remoteAddress,
    // Node joins what stands several times.
    forwardedFor: typeof forwardedFor === 'string' ? forwardedFor : forwardedFor?.join(','),
    origin: raw.headers.origin,
  };
}
