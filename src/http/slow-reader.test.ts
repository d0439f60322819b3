import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connectRaw, eventually } from '../../test/support/raw-client.ts';
import { limitLastRead, waitForReader } from './slow-reader.ts';

/** Serves one request with this function. */
async function startServer(serve: (response: ServerResponse) => void | Promise<void>) {
  const server = createServer((_request, response) => void serve(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ASK = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const NEVER = new AbortController().signal;
const LARGE = Buffer.alloc(20_000_000, 0x78);

test('waits until a slow client has read, and no longer', async () => {
  let waited = false;
  await using server = await startServer(async (response) => {
    if (!response.write(LARGE)) await waitForReader(response, { patienceMs: 5_000, signal: NEVER });
    waited = true;
    response.end('.');
  });
  await using client = await connectRaw(server.url);
  client.socket.pause();
  client.send(ASK);
  await eventually(() => client.socket.readableLength > 0 || client.socket.isPaused(), {
    what: 'some bytes',
  });
  assert.equal(waited, false);
  client.socket.resume();
  await eventually(() => waited, { what: 'the end of the wait' });
});

test('cuts off a client that does not read on, in the middle and at the end alike', async () => {
  for (const isLast of [true, false]) {
    let cut = false;
    await using server = await startServer(async (response) => {
      response.on('close', () => (cut = !response.writableFinished));
      if (isLast) {
        response.end(LARGE);
        limitLastRead(response, 20);
      } else if (!response.write(LARGE)) await waitForReader(response, { patienceMs: 20, signal: NEVER });
    });
    await using client = await connectRaw(server.url);
    client.socket.pause();
    client.send(ASK);
    await eventually(() => cut, { what: 'the cut', timeoutMs: 4_000 });
  }
});

test('does not wait for a client that has left already', async () => {
  let waited = false;
  await using server = await startServer(async (response) => {
    await new Promise((resolve) => response.once('close', resolve));
    response.write('too late');
    await waitForReader(response, { patienceMs: 60_000, signal: NEVER });
    limitLastRead(response, 60_000);
    waited = true;
  });
  await using client = await connectRaw(server.url);
  client.send(ASK);
  setTimeout(() => client.socket.destroy(), 20);
  await eventually(() => waited, { what: 'the end of the wait', timeoutMs: 1_000 });
});

test('does not wait on when the answer is cut', async () => {
  const cut = new AbortController();
  let waited = false;
  await using server = await startServer(async (response) => {
    if (!response.write(LARGE)) await waitForReader(response, { patienceMs: 60_000, signal: cut.signal });
    waited = true;
    response.destroy();
  });
  await using client = await connectRaw(server.url);
  client.socket.pause();
  client.send(ASK);
  setTimeout(() => cut.abort(), 50);
  await eventually(() => waited, { what: 'the end of the wait', timeoutMs: 1_000 });
});
