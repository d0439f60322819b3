import type { Dispatcher } from 'undici';

/** The body of a model server's response. */
export type Body = Dispatcher.ResponseData['body'];

/** What is read of a body that nobody wants, before its connection is given up instead. */
export const DISCARD_MS = 250;
export const DISCARD_BYTES = 65_536;

/**
 * Reads what nobody wants of a body, so that its connection can be used again: a stream's connection would
 * else be closed after each answer. Cuts it off when that is much or takes long.
 */
export function discardBody(body: Body): void {
  if (body.readableEnded || body.destroyed) return;
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(), DISCARD_MS);
  body.once('close', () => clearTimeout(timer));
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARD_BYTES) body.destroy();
  });
}
