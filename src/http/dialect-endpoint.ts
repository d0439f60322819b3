import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attempt } from '../road/attempt.ts';
import { isRefusal, type Refusal } from '../road/refusal.ts';
import { travel, type Departure } from '../road/road.ts';
import { collectAnswer, type AnswerFrame, type Dialect } from './dialects/dialect.ts';
import type { Gateway } from './gateway.ts';
import { limitLastRead } from './slow-reader.ts';
import { listStandingHeaders } from './standing-headers.ts';
import { streamAnswer, toRefusal } from './stream-answer.ts';
import { readTraceparent } from './traceparent.ts';
import { readVisit } from './visit.ts';
import { writeRefusal } from './write-refusal.ts';

/** Takes one request of a dialect down the road and writes what comes of it. */
export async function serveDialect(input: {
  readonly gateway: Gateway;
  readonly dialect: Dialect;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** How long a client may leave its answer unread. */
  readonly slowReaderMs: number;
}): Promise<unknown> {
  const { gateway, dialect, request, reply, slowReaderMs } = input;
  const { stages, attempt } = gateway.begin({ dialect: dialect.name, traceparent: readTraceparent(request) });
  const { requestId } = attempt;
  const left = new AbortController();
  const leave = () => left.abort();
  // A client that left while its body was parsed has had its 'close' already.
  if (reply.raw.destroyed) leave();
  else reply.raw.on('close', leave);
  let includeUsage = false;
  const departure = await travel(stages, attempt, {
    visit: readVisit(request),
    body: request.body instanceof Buffer ? request.body : EMPTY,
    authorization: request.headers.authorization,
    signal: left.signal,
    cut: (why) => left.abort(why),
    read: (bytes) => {
      const read = dialect.read(bytes.text);
      if (isRefusal(read)) return read;
      includeUsage = read.includeUsage;
      return read.conversation;
    },
  });
  if ('refusal' in departure) return writeRefusal({ dialect, refusal: departure.refusal, requestId, reply });
  const frame = describeFrame(attempt, departure, includeUsage);
  const { batches } = departure;
  if (departure.conversation.delivery === 'stream') {
    return streamAnswer({
      dialect,
      frame,
      rateLimits: attempt.rateLimits(),
      batches,
      reply,
      slowReaderMs,
      signal: left.signal,
    });
  }
  try {
    const answer = await collectAnswer(batches);
    reply.raw.off('close', leave);
    const body = dialect.writeWhole(answer, frame);
    // Past Fastify, which would look through the headers and the body once more.
    const head = listStandingHeaders(reply).concat(dialect.writeRateLimits(attempt.rateLimits()), [
      'x-request-id',
      requestId,
      'content-type',
      'application/json; charset=utf-8',
      'content-length',
      String(Buffer.byteLength(body)),
    ]);
    reply.raw.writeHead(200, head);
    reply.hijack(); // not before: what throws until then is still a refusal
    reply.raw.end(body);
    limitLastRead(reply.raw, slowReaderMs);
    return undefined; // it is sent
  } catch (error) {
    return writeRefusal({ dialect, refusal: toRefusal(error), requestId, reply });
  }
}

const EMPTY = Buffer.alloc(0);

function describeFrame(
  attempt: Attempt,
  departure: Exclude<Departure, { refusal: Refusal }>,
  includeUsage: boolean,
): AnswerFrame {
  const { startedAtMs, requestId, model } = attempt.story();
  const route = attempt.route();
  return {
    requestId,
    capability: departure.conversation.capability,
    createdAtS: Math.floor(startedAtMs / 1000),
    answeredBy: route === undefined ? undefined : `${route.provider}:${model}`,
    includeUsage,
  };
}
