import type { FastifyReply } from 'fastify';

/** What stands on a reply before its answer is written past Fastify: the rules for browsers. */
export function listStandingHeaders(reply: FastifyReply): string[] {
  const standing = reply.getHeaders();
  const headers: string[] = [];
  for (const name in standing) {
    if (!reply.raw.hasHeader(name)) headers.push(name, String(standing[name]));
  }
  return headers;
}
