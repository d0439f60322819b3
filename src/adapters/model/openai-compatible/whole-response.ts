import type { Dispatcher, Pool } from 'undici';
import { DISCARD_BYTES, DISCARD_MS } from './body.ts';

export interface WholeResponse {
  readonly statusCode: number;
  /** Empty unless the status is 200: the text of an error may repeat the prompt. */
  readonly body: Buffer;
}

/** The response is larger than its reader takes. */
export class ResponseTooLargeError extends Error {
  override readonly name = 'ResponseTooLargeError';
}

const NOTHING = Buffer.alloc(0);

/**
 * Sends a request and gathers its whole response through undici's own callbacks: an answer that is not streamed
 * needs no stream, which would be built, read and torn down for one chunk.
 */
export function requestWhole(
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  limits: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<WholeResponse> {
  const { signal, maxBytes } = limits;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let statusCode = 0;
    let bytes = 0;
    let controller: Dispatcher.DispatchController | undefined;
    let discard: NodeJS.Timeout | undefined;
    const leave = () => controller?.abort(new Error('the caller left, or a deadline passed'));
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', leave);
      end();
    };
    signal.addEventListener('abort', leave, { once: true });
    pool.dispatch(request, {
      onRequestStart: (started) => {
        controller = started;
        if (signal.aborted) leave();
      },
      onResponseStart: (receiving, status) => {
        if (status < 200) return; // early hints: the response is still to come
        statusCode = status;
        if (status === 200) return;
        // Nobody waits for an error's text; it is read for a moment, so that its connection can be used again.
        discard = setTimeout(() => receiving.abort(new Error('an error page did not end')), DISCARD_MS);
        settle(() => resolve({ statusCode, body: NOTHING }));
      },
      onResponseData: (receiving, chunk) => {
        bytes += chunk.length;
        const isWanted = statusCode === 200;
        if (isWanted) chunks.push(chunk);
        if (bytes > (isWanted ? maxBytes : DISCARD_BYTES)) receiving.abort(new ResponseTooLargeError());
      },
      onResponseEnd: () => {
        clearTimeout(discard);
        settle(() => resolve({ statusCode, body: joinChunks(chunks) }));
      },
      onResponseError: (_controller, error) => {
        clearTimeout(discard);
        settle(() => reject(error));
      },
    });
  });
}

function joinChunks(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
