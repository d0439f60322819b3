import type { FastifyInstance } from 'fastify';
import { refuse } from '../road/refusal.ts';
import { PLAIN_HTTP, type Refuser } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';
import { turnAway } from './turn-away.ts';

/**
 * Refuses unknown paths, and methods that a known path does not take, before any of their body is read.
 * Called before the routes are added, so that it knows them all.
 */
export function refuseUnserved(
  server: FastifyInstance,
  gateway: Gateway,
  refuserOf: (path: string) => Refuser,
): void {
  const methods = new Map<string, string[]>();
  server.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const path = pathOf(request.url);
    const allowed = methods.get(path);
    if (allowed !== undefined) reply.header('allow', [...new Set(allowed)].join(', '));
    const refusal = refuse(allowed === undefined ? 'edge.unknown_path' : 'edge.method_not_allowed');
    const dialect = allowed === undefined ? PLAIN_HTTP : refuserOf(path);
    void turnAway({ gateway, dialect, end: { outcome: 'refused', refusal }, refusal, request, reply });
  });
}

/** A path of a request's target, without its query. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}
