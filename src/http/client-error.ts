import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refuse, type Refusal } from '../road/refusal.ts';
import { openAiChat } from './dialects/openai-chat.ts';

/**
 * Answers what the HTTP parser itself turned away, in the API's own error shape. No request came of it, so
 * there is no attempt and no record. Written by hand: there is no response object at this point.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!isAnswered(socket) && socket.writable) {
    const { status, reason, refusal } = explain(error.code);
    const { body } = openAiChat.writeRefusal(refusal, 'none');
    socket.write(
      `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nx-goldenpath-refusal: ${refusal.code}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
  // What is left of the request is not read; the error would otherwise be raised on the socket.
  socket.destroySoon();
  socket.once('error', () => undefined);
}

/** A response that has begun must not have a second one written into its middle. */
function isAnswered(socket: Socket): boolean {
  // Node's own default handler asks the same field: there is no public way from a socket to its response.
  const current: unknown = Reflect.get(socket, '_httpMessage');
  return current instanceof ServerResponse && current.headersSent;
}

function explain(code: string | undefined): { status: number; reason: string; refusal: Refusal } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, reason: 'Request Timeout', refusal: refuse('edge.timeout') };
  if (code === 'HPE_HEADER_OVERFLOW') {
    const refusal = refuse('edge.headers_too_large');
    return { status: 431, reason: 'Request Header Fields Too Large', refusal };
  }
  const refusal = refuse('edge.malformed_request', { hint: 'It is not valid HTTP.' });
  return { status: 400, reason: 'Bad Request', refusal };
}
