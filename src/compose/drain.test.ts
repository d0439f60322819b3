import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { countRequests } from './drain.ts';

test('a connection on which nothing was asked holds up no stop; a request under way does, until it ends', async () => {
  let finish = () => {};
  const server = createServer((_request, response) => {
    finish = () => response.end('done');
  });
  const requests = countRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  const arrived = once(server, 'request');
  const answer = fetch(`http://127.0.0.1:${port}/`);
  await arrived;
  const stopClosing = requests.closeWhenDone(5_000);
  const closed = once(server, 'close');
  server.close();
  const early = await Promise.race([
    closed,
    new Promise((resolve) => setTimeout(resolve, 300, 'still open')),
  ]);
  assert.equal(early, 'still open');
  finish();
  assert.equal(await (await answer).text(), 'done');
  await closed;
  stopClosing();
});

test('a request that never ends is cut at the limit', async () => {
  const server = createServer(() => undefined);
  const requests = countRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const arrived = once(server, 'request');
  const answer = assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  await arrived;
  const stopClosing = requests.closeWhenDone(200);
  server.close();
  await Promise.all([once(server, 'close'), answer]);
  stopClosing();
});
