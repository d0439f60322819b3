import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Refusal } from '../road/refusal.ts';
import type { Dialect } from './dialects/dialect.ts';
import { openAiChat } from './dialects/openai-chat.ts';

/** Writes a refusal as its dialect says it, with its code and the request's id in headers too. */
export function writeRefusal(input: {
  readonly dialect: Dialect;
  readonly refusal: Refusal;
  readonly requestId: string;
  readonly reply: FastifyReply;
}): FastifyReply {
  const { dialect, refusal, requestId, reply } = input;
  const { status, body } = dialect.writeRefusal(refusal, requestId);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .header('x-request-id', requestId)
    .header('x-goldenpath-refusal', refusal.code)
    .type('application/json; charset=utf-8')
    .send(body);
}

/** Refuses where there is no dialect and no attempt: in OpenAI's shape, which most clients read. */
export function writePlainRefusal(refusal: Refusal, reply: FastifyReply): FastifyReply {
  return writeRefusal({ dialect: openAiChat, refusal, requestId: randomUUID(), reply });
}
