import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AttemptEnd } from '../road/attempt.ts';
import type { Refusal } from '../road/refusal.ts';
import type { Refuser } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';
import { drainBody } from './read-body.ts';
import { readTraceparent } from './traceparent.ts';
import { readVisit } from './visit.ts';
import { writeRefusal } from './write-refusal.ts';

const LINGER_MS = 1_000;

/** Answers what never came as far as the road, and still leaves one closed record. */
export async function turnAway(input: {
  readonly gateway: Gateway;
  readonly dialect: Refuser;
  readonly end: AttemptEnd;
  readonly refusal: Refusal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}): Promise<FastifyReply> {
  const { gateway, dialect, request, reply } = input;
  const { stages, attempt } = gateway.begin({ dialect: dialect.name, traceparent: readTraceparent(request) });
  // It counts for its address like any other request.
  const limited = stages.enter(readVisit(request));
  const isHeard = limited !== undefined && input.end.outcome === 'refused';
  const refusal = isHeard ? limited : input.refusal;
  const end = isHeard ? ({ outcome: 'refused', refusal } as const) : input.end;
  attempt.mark('edge');
  // Even a no that cannot be recorded stays a no.
  await stages.close(attempt, end).catch(() => undefined);
  // Fastify would close at once, and the reset would overtake the refusal: see `drainBody`.
  reply.removeHeader('connection');
  reply.raw.once('finish', () => drainBody(request.raw, LINGER_MS));
  return writeRefusal({ dialect, refusal, requestId: attempt.requestId, reply });
}
