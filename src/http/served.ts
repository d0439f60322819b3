import type { FastifyInstance } from 'fastify';

/** The methods that each path takes. */
export type Served = ReadonlyMap<string, readonly string[]>;

/** Learns which methods each path takes, from the routes that are added after it. */
export function noteServed(server: FastifyInstance): Served {
  const served = new Map<string, string[]>();
  server.addHook('onRoute', ({ url, method }) => {
    served.set(url, [...new Set([...(served.get(url) ?? []), ...[method].flat()])]);
  });
  return served;
}

/** The path of a request's target, without its query. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}
