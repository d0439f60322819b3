import type { IncomingMessage } from 'node:http';
import { refuse, RefusalError, type RefusalCode } from '../road/refusal.ts';
import { faultOf } from './client-error.ts';

/** The client went away before its body was whole: there is nobody left to refuse. */
export class ClientLeftError extends Error {
  override readonly name = 'ClientLeftError';
}

interface Reading {
  readonly payload: IncomingMessage;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly done: (error: Error | null, body?: Buffer) => void;
}

/**
 * Reads a body within a size and a time. A declared length is not believed when it is small (the bytes are
 * counted), and taken at its word when it is too large: then nothing is read. What a slow or endless client
 * sends is not waited for. Calls back once, and leaves no listener behind.
 */
export function readBody(reading: Reading): void {
  const { payload, maxBytes, done } = reading;
  if (Number(payload.headers['content-length']) > maxBytes) return done(tooLarge(maxBytes));
  // Most bodies come along with their head: then they are whole when the parser is done with what has come.
  process.nextTick(() => {
    const isWhole = payload.complete && !payload.destroyed && payload.readableLength <= maxBytes;
    if (isWhole) done(null, takeAll(payload));
    else waitForBody(reading);
  });
}

const NOTHING = Buffer.alloc(0);

function takeAll(payload: IncomingMessage): Buffer {
  const bytes: unknown = payload.read();
  return bytes instanceof Buffer ? bytes : NOTHING;
}

function waitForBody({ payload, maxBytes, timeoutMs, done }: Reading): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => {
    clearTimeout(timer);
    payload.off('data', take).off('end', finish).off('close', leave);
  };
  const fail = (error: Error) => {
    stop();
    payload.pause();
    done(error);
  };
  const take = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) fail(tooLarge(maxBytes));
    else chunks.push(chunk);
  };
  const finish = () => {
    stop();
    done(null, chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes));
  };
  // 'close' without 'end': the connection broke, whichever side and however.
  const leave = () => {
    const fault = faultOf(payload.socket);
    fail(fault === undefined ? new ClientLeftError() : new RefusalError(fault));
  };
  const timer = setTimeout(
    () => fail(stopReading('edge.timeout', `Within ${timeoutMs / 1000} s, please.`)),
    timeoutMs,
  );
  if (payload.destroyed) leave();
  else payload.on('data', take).on('end', finish).on('close', leave);
}

function tooLarge(maxBytes: number): RefusalError {
  return stopReading('edge.body_too_large', `At most ${maxBytes} bytes are accepted.`);
}

function stopReading(code: RefusalCode, hint: string): RefusalError {
  return new RefusalError(refuse(code, { hint }));
}

/**
 * Reads on what nobody wants any more, for a while. A connection that is closed with bytes unread is reset,
 * and the reset takes the refusal down with it before the client has read it. After that time it is cut.
 */
export function drainBody(payload: IncomingMessage, lingerMs: number): void {
  if (payload.complete || payload.destroyed) return;
  const timer = setTimeout(() => payload.destroy(), lingerMs);
  payload.once('close', () => clearTimeout(timer));
  payload.resume();
}
