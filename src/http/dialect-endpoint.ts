import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attempt } from '../road/attempt.ts';
import { isRefusal, refuse, RefusalError, type Refusal } from '../road/refusal.ts';
import { travel, type Batch, type Departure } from '../road/road.ts';
import { collectAnswer, type AnswerFrame, type Dialect } from './dialects/dialect.ts';
import type { Gateway } from './gateway.ts';

const SLOW_READER_MS = 30_000;

/** Takes one request of a dialect down the road and writes what comes of it. */
export async function serveDialect(input: {
  readonly gateway: Gateway;
  readonly dialect: Dialect;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}): Promise<unknown> {
  const { gateway, dialect, request, reply } = input;
  const { stages, attempt } = gateway.begin({ dialect: dialect.name, traceparent: readTraceparent(request) });
  const left = new AbortController();
  const leave = () => left.abort();
  reply.raw.once('close', leave);
  let includeUsage = false;
  const departure = await travel(stages, attempt, {
    body: request.body instanceof Buffer ? request.body : EMPTY,
    authorization: request.headers.authorization,
    signal: left.signal,
    read: (bytes) => {
      const read = dialect.read(bytes.text);
      if (isRefusal(read)) return read;
      includeUsage = read.includeUsage;
      return read.conversation;
    },
  });
  reply.header('x-request-id', attempt.requestId);
  if ('refusal' in departure) return writeRefusal(dialect, departure.refusal, attempt.requestId, reply);
  const frame = describeFrame(attempt, departure, includeUsage);
  if (departure.conversation.delivery === 'stream') {
    return streamAnswer({ dialect, frame, batches: departure.batches, reply });
  }
  try {
    const answer = await collectAnswer(departure.batches);
    reply.raw.off('close', leave);
    return reply.type('application/json; charset=utf-8').send(dialect.writeWhole(answer, frame));
  } catch (error) {
    return writeRefusal(dialect, toRefusal(error), attempt.requestId, reply);
  }
}

const EMPTY = Buffer.alloc(0);

/** Answers what never came as far as the road, and still leaves one closed record. */
export async function turnAway(input: {
  readonly gateway: Gateway;
  readonly dialect: Dialect;
  readonly refusal: Refusal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}): Promise<unknown> {
  const { gateway, dialect, refusal, request, reply } = input;
  const { stages, attempt } = gateway.begin({ dialect: dialect.name, traceparent: readTraceparent(request) });
  attempt.mark('edge');
  await stages.close(attempt, { outcome: 'refused', refusal }).catch(() => undefined);
  // What is left of the body is not read, so the connection cannot be used again.
  reply.header('x-request-id', attempt.requestId).header('connection', 'close');
  return writeRefusal(dialect, refusal, attempt.requestId, reply);
}

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

function writeRefusal(dialect: Dialect, refusal: Refusal, requestId: string, reply: FastifyReply): unknown {
  const { status, body } = dialect.writeRefusal(refusal, requestId);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .header('x-goldenpath-refusal', refusal.code)
    .type('application/json; charset=utf-8')
    .send(body);
}

async function streamAnswer(input: {
  readonly dialect: Dialect;
  readonly frame: AnswerFrame;
  readonly batches: AsyncIterable<Batch>;
  readonly reply: FastifyReply;
}): Promise<void> {
  const { dialect, frame, batches, reply } = input;
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    'content-type': dialect.streamContentType,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': frame.requestId,
  });
  let pending = dialect.writeStreamStart(frame);
  try {
    for await (const batch of batches) {
      for (const event of batch) pending += dialect.writeEvent(event, frame);
      if (!raw.write(pending)) await waitForReader(raw);
      pending = '';
      if (raw.destroyed) break;
    }
    raw.end(pending);
  } catch (error) {
    raw.end(pending + dialect.writeStreamRefusal(toRefusal(error), frame.requestId));
  }
}

/** A client that does not read holds a connection and a model; it may do so for a while only. */
function waitForReader(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      raw.off('drain', finish).off('close', finish);
      resolve();
    };
    const timer = setTimeout(() => raw.destroy(), SLOW_READER_MS);
    raw.on('drain', finish).on('close', finish);
  });
}

function toRefusal(error: unknown): Refusal {
  return error instanceof RefusalError ? error.refusal : refuse('gateway.internal');
}

/** Only a well-formed W3C trace context goes on the record: anything else could be text. */
function readTraceparent(request: FastifyRequest): string | undefined {
  const header = request.headers['traceparent'];
  return typeof header === 'string' && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header)
    ? header
    : undefined;
}
