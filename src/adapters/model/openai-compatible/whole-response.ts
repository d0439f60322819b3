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
  limits: Limits,
): Promise<WholeResponse> {
  return new Promise((resolve, reject) => {
    pool.dispatch(request, new Gatherer(limits, resolve, reject));
  });
}

interface Limits {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

class Gatherer implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #resolve: (response: WholeResponse) => void;
  readonly #reject: (error: Error) => void;
  // Most bodies come in one chunk.
  #chunks: Buffer[] | undefined;
  #statusCode = 0;
  #bytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #discard: NodeJS.Timeout | undefined;

  constructor(
    { signal, maxBytes }: Limits,
    resolve: (response: WholeResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#signal = signal;
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#leave, { once: true });
  }

  readonly #leave = (): void => {
    this.#controller?.abort(new Error('the caller left, or a deadline passed'));
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#leave();
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode < 200) return; // early hints: the response is still to come
    this.#statusCode = statusCode;
    if (statusCode === 200) return;
    // Nobody waits for an error's text; it is read for a moment, so that its connection can be used again.
    this.#discard = setTimeout(() => controller.abort(new Error('an error page did not end')), DISCARD_MS);
    this.#settle();
    this.#resolve({ statusCode, body: NOTHING });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    const isWanted = this.#statusCode === 200;
    if (isWanted && this.#chunks !== undefined) this.#chunks.push(chunk);
    else if (isWanted) this.#chunks = [chunk];
    if (this.#bytes > (isWanted ? this.#maxBytes : DISCARD_BYTES)) {
      controller.abort(new ResponseTooLargeError());
    }
  }

  onResponseEnd(): void {
    this.#settle();
    clearTimeout(this.#discard);
    this.#resolve({ statusCode: this.#statusCode, body: joinChunks(this.#chunks ?? []) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle();
    clearTimeout(this.#discard);
    this.#reject(error);
  }

  #settle(): void {
    this.#signal.removeEventListener('abort', this.#leave);
  }
}

function joinChunks(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
