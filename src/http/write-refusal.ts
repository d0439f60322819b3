import type { FastifyReply } from 'fastify';
import type { Refusal } from '../road/refusal.ts';
import type { Refuser } from './dialects/plain.ts';

/** Writes a refusal as its dialect says it, with its code and the request's id in headers too. */
export function writeRefusal(input: {
  readonly dialect: Refuser;
  readonly refusal: Refusal;
  readonly requestId: string;
  readonly reply: FastifyReply;
}): FastifyReply {
  const { dialect, refusal, requestId, reply } = input;
  const { status, headers = [], body } = dialect.writeRefusal(refusal, requestId);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const { retryAfterMs } = refusal;
  // RFC 9110 §10.2.3: whole seconds, and never before it helps.
  if (retryAfterMs !== undefined)
    reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  for (let i = 0; i + 1 < headers.length; i += 2) reply.header(headers[i] ?? '', headers[i + 1]);
  return reply
    .code(status)
    .header('x-request-id', requestId)
    .header('x-goldenpath-refusal', refusal.code)
    .type('application/json; charset=utf-8')
    .send(body);
}
