import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

const PREFACE = Buffer.from('PRI');

/**
 * An HTTP/1.1 server that also takes HTTP/2 in clear text: the JavaScript SDK asks the runtime over HTTP/2 unless told
 * otherwise, the other SDKs over HTTP/1.1. Which one it is, the first bytes of a connection say.
 */
export function createBothProtocolsServer(handle: RequestListener): Server {
  const server = createServer(handle);
  const http2 = createHttp2Server(
    // Both hand over what Node made alike on purpose; their types do not say so.
    handle as unknown as Parameters<typeof createHttp2Server>[0] & RequestListener,
  );
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => sessions.add(session.on('close', () => sessions.delete(session))));
  // A client that breaks its connection harms nobody else.
  http2.on('sessionError', () => undefined);
  const [speakHttp1] = server.listeners('connection');
  if (speakHttp1 === undefined) throw new Error('an HTTP server of Node listens to its connections');
  const undecided = new Set<Socket>();
  server.removeAllListeners('connection').on('connection', (socket: Socket) => {
    undecided.add(socket.on('close', () => undecided.delete(socket)));
    socket.on('error', () => socket.destroy());
    readStart(socket, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2) http2.emit('connection', socket);
      else Reflect.apply(speakHttp1, server, [socket]);
    });
  });
  // Clients keep sessions open, and some say nothing; without this the server would wait for them.
  const close = server.close.bind(server);
  server.close = (callback) => {
    for (const session of sessions) session.close();
    for (const socket of undecided) socket.destroy();
    return close(callback);
  };
  return server;
}

/** Reads as much as tells the protocols apart, puts it back, and says which one it is. */
function readStart(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let start = Buffer.alloc(0);
  const read = () => {
    const bytes = socket.read() as Buffer | null; // no encoding is set, so it is a buffer
    if (bytes === null) return;
    start = Buffer.concat([start, bytes]);
    if (start.length < PREFACE.length && PREFACE.subarray(0, start.length).equals(start)) return;
    socket.off('readable', read);
    socket.unshift(start);
    decide(start.subarray(0, PREFACE.length).equals(PREFACE));
  };
  socket.on('readable', read);
}
