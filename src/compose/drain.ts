import type { Server, ServerResponse } from 'node:http';

const LOOK_MS = 100;

/**
 * Counts the requests of a server, so that it can stop as soon as they have ended. Node takes a connection on
 * which nothing was asked yet for a busy one, and would wait for it, such as those that balancers keep in store.
 */
export function countRequests(server: Server): {
  /** Closes what is left when no request is under way, or after so many milliseconds. Returns how to stop that. */
  closeWhenDone(limitMs: number): () => void;
} {
  let underWay = 0;
  const end = () => void underWay--;
  server.on('request', (_request, response: ServerResponse) => {
    underWay++;
    response.on('close', end);
  });
  return {
    closeWhenDone(limitMs) {
      const look = setInterval(() => {
        if (underWay === 0) server.closeAllConnections();
      }, LOOK_MS);
      const limit = setTimeout(() => server.closeAllConnections(), limitMs);
      return () => {
        clearInterval(look);
        clearTimeout(limit);
      };
    },
  };
}
