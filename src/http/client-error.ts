import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refuse, type Refusal } from '../road/refusal.ts';
import { PLAIN_HTTP } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';

/** What the parser found wrong on a connection, for who is still reading a body from it. */
const faults = new WeakMap<Socket, Refusal>();
const handled = new WeakSet<Socket>();

/** Why the bytes of a connection could not be read on; undefined when nothing is wrong with them. */
export function faultOf(socket: Socket): Refusal | undefined {
  return faults.get(socket);
}

/**
 * Answers what the HTTP parser itself turned away, in the API's own error shape, as an attempt with its closed
 * record. Written by hand: there is no response object at this point.
 */
export function createClientErrorHandler(
  gateway: Gateway,
): (error: Error & { code?: string }, socket: Socket) => void {
  return (error, socket) => {
    const fault = explain(error.code);
    // The error would otherwise be raised on the socket.
    socket.once('error', () => undefined);
    if (fault === undefined) return void socket.destroy();
    // What still arrives would be told as a fault again.
    if (handled.has(socket)) return;
    handled.add(socket);
    // A body that ends too soon is a client that left.
    if (error.code !== 'HPE_INVALID_EOF_STATE') faults.set(socket, fault.refusal);
    socket.pause();
    void answer(gateway, socket, fault).finally(() => socket.destroySoon());
  };
}

interface Fault {
  readonly status: string;
  readonly refusal: Refusal;
}

async function answer(gateway: Gateway, socket: Socket, { status, refusal }: Fault): Promise<void> {
  // Node's own default handler asks the same field: there is no public way from a socket to its response.
  const response: unknown = Reflect.get(socket, '_httpMessage');
  let requestId = 'none';
  if (isAttemptOfItsOwn(socket)) {
    const { stages, attempt } = gateway.begin({ dialect: PLAIN_HTTP.name, traceparent: undefined });
    requestId = attempt.requestId;
    // It counts for its address; what came of it is cut off in any case.
    stages.enter({ remoteAddress: socket.remoteAddress, forwardedFor: undefined, origin: undefined });
    attempt.mark('edge');
    // Even a no that cannot be recorded stays a no.
    await stages.close(attempt, { outcome: 'refused', refusal }).catch(() => undefined);
  }
  // A response that has begun must not have a second one written into its middle.
  if ((response instanceof ServerResponse && response.headersSent) || !socket.writable) return;
  const { body } = PLAIN_HTTP.writeRefusal(refusal, requestId);
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${requestId}\r\n` +
      `x-goldenpath-refusal: ${refusal.code}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/**
 * A request that broke off within its body is an attempt already, which closes itself. A connection on which
 * nothing was ever said, such as balancers keep in store, asked nothing.
 */
function isAttemptOfItsOwn(socket: Socket): boolean {
  if (socket.bytesRead === 0) return false;
  // Like the response, the request that is being read has no public way to it.
  const parser: unknown = Reflect.get(socket, 'parser');
  const request: unknown = typeof parser === 'object' && parser && Reflect.get(parser, 'incoming');
  return !(request instanceof IncomingMessage) || request.complete;
}

/** Undefined for what is no fault of the bytes, such as a reset. */
function explain(code: string | undefined): Fault | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: '408 Request Timeout', refusal: refuse('edge.timeout') };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: '431 Request Header Fields Too Large', refusal: refuse('edge.headers_too_large') };
  }
  if (code?.startsWith('HPE_') !== true) return undefined;
  return { status: '400 Bad Request', refusal: refuse('edge.malformed_http') };
}
