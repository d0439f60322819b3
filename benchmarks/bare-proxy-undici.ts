import { createServer } from 'node:http';
import { Pool } from 'undici';
const [, , port, upstreamPort] = process.argv;
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: 256 });
createServer((incoming, outgoing) => {
  pool
    .request({
      path: incoming.url!,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': incoming.headers['content-length']! },
      body: incoming,
    })
    .then(
      (r) => {
        outgoing.writeHead(r.statusCode, r.headers as never);
        r.body.pipe(outgoing);
      },
      () => outgoing.destroy(),
    );
}).listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
