import { Agent, createServer, request } from 'node:http';

/** The yardstick: Node's own server and client with nothing between them. */
const [, , port, upstreamPort] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: 1024 });

createServer((incoming, outgoing) => {
  const forward = request(
    {
      agent,
      host: '127.0.0.1',
      port: Number(upstreamPort),
      path: incoming.url,
      method: incoming.method,
      headers: incoming.headers,
    },
    (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    },
  );
  forward.on('error', () => outgoing.destroy());
  incoming.pipe(forward);
}).listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
