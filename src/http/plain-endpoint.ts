import type { FastifyReply, FastifyRequest } from 'fastify';
import { attend, type PlainArrival } from '../road/receive.ts';
import { isRefusal, type Refusal } from '../road/refusal.ts';
import type { Refuser } from './dialects/plain.ts';
import type { Gateway, PlainRequest } from './gateway.ts';
import { readTraceparent } from './traceparent.ts';
import { readVisit } from './visit.ts';
import { writeRefusal } from './write-refusal.ts';

/** Serves a request that asks no model: as JSON what is answered, and what is refused in the dialect's shape. */
export async function servePlain(
  input: {
    readonly gateway: Gateway;
    readonly refuser: Refuser;
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  },
  answer: (request: PlainRequest) => Promise<object | Refusal>,
): Promise<FastifyReply> {
  const { gateway, refuser, request, reply } = input;
  const { stages, attempt } = gateway.begin({
    dialect: refuser.name,
    traceparent: readTraceparent(request),
  });
  const { requestId } = attempt;
  const arrival: PlainArrival = {
    visit: readVisit(request),
    authorization: request.headers.authorization,
    body: request.body instanceof Buffer ? request.body : undefined,
  };
  const answered = await attend(stages, attempt, () => answer({ attempt, arrival }));
  if (isRefusal(answered)) return writeRefusal({ dialect: refuser, refusal: answered, requestId, reply });
  return reply.header('x-request-id', requestId).header('cache-control', 'no-store').send(answered);
}
