import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createHttpIssuerDocuments } from './http.ts';

const documents = createHttpIssuerDocuments();
const answers: Record<string, RequestListener> = {
  '/keys': (_request, response) => response.end('{"keys":[]}'),
  '/moved': (_request, response) => response.writeHead(302, { location: '/keys' }).end(),
  '/elsewhere': (_request, response) =>
    response.writeHead(302, { location: `http://localhost:${port()}/keys` }).end(),
  '/round': (_request, response) => response.writeHead(302, { location: '/round' }).end(),
  '/gone': (_request, response) => response.writeHead(503).end('{"keys":[]}'),
  '/empty': (_request, response) => response.writeHead(204).end(),
  '/text': (_request, response) => response.end('<html>'),
  '/large': (_request, response) => response.end(JSON.stringify('x'.repeat(2000))),
  '/endless': (_request, response) => {
    response.write('[');
    const timer = setInterval(() => response.write('1,'.repeat(100)), 1);
    response.on('close', () => clearInterval(timer));
  },
  '/silent': () => {},
};
const server = createServer((request, response) => answers[request.url ?? '']?.(request, response));
const port = (): number => (server.address() as AddressInfo).port; // a TCP server that listens has one

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

after(async () => {
  await documents.close();
  server.closeAllConnections();
  server.close();
});

const fetchJson = (path: string, signal = AbortSignal.timeout(5000)): Promise<unknown> =>
  documents.fetchJson(`http://127.0.0.1:${port()}${path}`, { signal, maxBytes: 1000 });

describe('issuer documents over HTTP', () => {
  it('are parsed, and redirects on the same host followed', async () => {
    assert.deepEqual(await fetchJson('/keys'), { keys: [] });
    assert.deepEqual(await fetchJson('/moved'), { keys: [] });
  });

  const refusals: readonly [path: string, why: RegExp][] = [
    ['/elsewhere', /another host/],
    ['/round', /more than 3 times/],
    ['/gone', /answered 503/],
    ['/empty', /answered 204/],
    ['/text', /not JSON/],
    ['/large', /more than 1000 bytes/],
    ['/endless', /more than 1000 bytes/],
  ];
  for (const [path, why] of refusals) {
    it(`are refused: ${path}`, () => assert.rejects(fetchJson(path), why));
  }

  it('are given up at the deadline', async () => {
    await assert.rejects(fetchJson('/silent', AbortSignal.timeout(50)), { name: 'TimeoutError' });
  });

  it('are given up when nobody waits for them any more', async () => {
    await assert.rejects(fetchJson('/keys', AbortSignal.abort()), { name: 'AbortError' });
  });

  const unsafe = [
    'http://issuer.example/',
    'http://127.0.0.1.nip.io/',
    'http://localhost.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'urn:x',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
  ];
  for (const url of unsafe) {
    it(`are never fetched from ${url}`, async () => {
      const options = { signal: AbortSignal.timeout(1000), maxBytes: 10 };
      await assert.rejects(documents.fetchJson(url, options), /must be reached over https/);
    });
  }
});
