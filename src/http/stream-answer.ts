import type { FastifyReply } from 'fastify';
import type { RateLimits } from '../road/rate-limits.ts';
import { refuse, RefusalError, type Refusal } from '../road/refusal.ts';
import type { Batch } from '../road/road.ts';
import type { AnswerFrame, Dialect, Headers } from './dialects/dialect.ts';
import { limitLastRead, waitForReader } from './slow-reader.ts';
import { listStandingHeaders } from './standing-headers.ts';

/**
 * Writes an answer as it flows, no faster than its client reads. Whatever fails here ends the flow, so that
 * its record is closed and its model is let go; it never throws.
 */
export async function streamAnswer(input: {
  readonly dialect: Dialect;
  readonly frame: AnswerFrame;
  readonly rateLimits: RateLimits;
  readonly batches: AsyncIterable<Batch>;
  readonly reply: FastifyReply;
  readonly slowReaderMs: number;
  /** Aborted when the client leaves, or the answer is cut: then nobody waits for the reader. */
  readonly signal: AbortSignal;
}): Promise<void> {
  const { dialect, frame, rateLimits, batches, reply, slowReaderMs, signal } = input;
  const { raw } = reply;
  const standing = listStandingHeaders(reply);
  reply.hijack();
  let pending = '';
  try {
    for await (const batch of batches) {
      if (!raw.headersSent) {
        raw.writeHead(200, [
          ...standing,
          ...headersOf(dialect, frame),
          ...dialect.writeRateLimits(rateLimits),
        ]);
        pending = dialect.writeStreamStart(frame);
      }
      for (const event of batch) pending += dialect.writeEvent(event, frame);
      if (!raw.write(pending)) await waitForReader(raw, { patienceMs: slowReaderMs, signal });
      pending = '';
      if (raw.destroyed) break;
    }
    raw.end();
  } catch (error) {
    raw.end(pending + dialect.writeStreamRefusal(toRefusal(error), frame.requestId));
  }
  limitLastRead(raw, slowReaderMs);
}

function headersOf(dialect: Dialect, frame: AnswerFrame): Headers {
  return [
    'content-type',
    dialect.streamContentType,
    'cache-control',
    'no-store',
    'x-accel-buffering',
    'no',
    'x-request-id',
    frame.requestId,
  ];
}

/** What an error on the way of an answer tells the caller: the refusal that it carries, and else nothing of it. */
export function toRefusal(error: unknown): Refusal {
  return error instanceof RefusalError ? error.refusal : refuse('gateway.internal');
}
