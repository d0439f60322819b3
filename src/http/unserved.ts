import type { FastifyInstance } from 'fastify';
import { refuse } from '../road/refusal.ts';
import { PLAIN_HTTP, type Refuser } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';
import { pathOf, type Served } from './served.ts';
import { turnAway } from './turn-away.ts';

/** Refuses unknown paths, and methods that a known path does not take, before any of their body is read. */
export function refuseUnserved(
  server: FastifyInstance,
  parts: {
    readonly gateway: Gateway;
    readonly served: Served;
    readonly refuserOf: (path: string) => Refuser;
  },
): void {
  const { gateway, served, refuserOf } = parts;
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const path = pathOf(request.url);
    const methods = served.get(path);
    if (methods !== undefined) reply.header('allow', methods.join(', '));
    const refusal = refuse(methods === undefined ? 'edge.unknown_path' : 'edge.method_not_allowed');
    const dialect = methods === undefined ? PLAIN_HTTP : refuserOf(path);
    void turnAway({ gateway, dialect, end: { outcome: 'refused', refusal }, refusal, request, reply });
  });
}
