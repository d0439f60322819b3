import type { IncomingMessage } from 'node:http';
import { refuse, RefusalError } from '../road/refusal.ts';

/**
 * Reads a body within a size and a time. A declared length is not believed: the bytes are counted. What a
 * slow or endless client sends is not waited for.
 */
export function readBody(
  payload: IncomingMessage,
  limits: { readonly maxBytes: number; readonly timeoutMs: number },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      payload.removeAllListeners('data');
      settle();
    };
    const fail = (error: RefusalError) => finish(() => reject(error));
    const timer = setTimeout(
      () =>
        fail(
          new RefusalError(refuse('edge.timeout', { hint: `Within ${limits.timeoutMs / 1000} s, please.` })),
        ),
      limits.timeoutMs,
    );
    payload.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) {
        payload.pause();
        fail(
          new RefusalError(
            refuse('edge.body_too_large', { hint: `At most ${limits.maxBytes} bytes are accepted.` }),
          ),
        );
        return;
      }
      chunks.push(chunk);
    });
    payload.once('end', () =>
      finish(() =>
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
      ),
    );
    payload.once('error', () =>
      fail(new RefusalError(refuse('edge.timeout', { detail: 'the client left before its body was whole' }))),
    );
    payload.once('aborted', () =>
      fail(new RefusalError(refuse('edge.timeout', { detail: 'the client left before its body was whole' }))),
    );
  });
}
