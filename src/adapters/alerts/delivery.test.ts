import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../../road/alert.ts';
import { AlertDelivery, type Delivered, type DeliveryTimes } from './delivery.ts';
import { createPagerDuty } from './pagerduty.ts';
import { createWebhook } from './webhook.ts';

const ALERT: Alert = {
  rule: 'PaymentWorkflowDenied',
  state: 'triggered',
  severity: 'error',
  summary: 'PaymentWorkflowDenied: a payment workflow was denied',
  dedupKey: 'goldenpath/desk/PaymentWorkflowDenied/acme',
  atMs: Date.UTC(2026, 0, 2),
  facts: { tenant: 'acme', count: 3 },
};
const KEY = 'plainly-fake-routing-key';

type Answerer = (response: ServerResponse, index: number) => void;
const answer =
  (status: number, headers: Record<string, string> = {}): Answerer =>
  (response) =>
    void response.writeHead(status, headers).end('{}');

/** A real server on loopback, which says how each call is answered. */
async function startReceiver(answerer: Answerer) {
  const received: { readonly body: Record<string, unknown>; readonly atMs: number }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>; // what we sent
      received.push({ body, atMs: performance.now() });
      answerer(response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function startDelivery(times: Partial<DeliveryTimes> = {}) {
  const outcomes: Delivered[] = [];
  const delivery = new AlertDelivery({
    onOutcome: (outcome) => outcomes.push(outcome),
    random: () => 0,
    times: { firstWaitMs: 20, timeoutMs: 200, stopMs: 500, ...times },
  });
  const settled = async (count: number) => {
    const untilMs = performance.now() + 10_000;
    while (outcomes.length < count) {
      assert.ok(performance.now() < untilMs, `${count} outcomes`);
      await sleep(5);
    }
    return outcomes.map(({ outcome }) => outcome);
  };
  return { delivery, outcomes, settled };
}

test('a webhook gets the alert as it is, with a text', async () => {
  await using receiver = await startReceiver(answer(200));
  const { delivery, settled } = startDelivery();
  delivery.send(ALERT, 'chat', createWebhook(receiver.url));
  assert.deepEqual(await settled(1), ['delivered']);
  const { atMs: _, ...same } = ALERT;
  assert.deepEqual(receiver.received[0]?.body, {
    ...same,
    text: ALERT.summary,
    at: '2026-01-02T00:00:00.000Z',
  });
  await delivery.stop();
});

test('PagerDuty gets events of its version 2, which trigger and resolve one incident', async () => {
  await using receiver = await startReceiver(answer(202));
  const { delivery, settled } = startDelivery();
  const channel = createPagerDuty({ url: receiver.url, routingKey: KEY });
  delivery.send({ ...ALERT, summary: 'x'.repeat(2_000) }, 'oncall', channel);
  delivery.send({ ...ALERT, state: 'resolved' }, 'oncall', channel);
  await settled(2);
  const [triggered, resolved] = receiver.received.map(({ body }) => body);
  assert.deepEqual(triggered, {
    routing_key: KEY,
    event_action: 'trigger',
    dedup_key: ALERT.dedupKey,
    payload: {
      summary: 'x'.repeat(1_024),
      source: 'goldenpath',
      severity: 'error',
      timestamp: '2026-01-02T00:00:00.000Z',
      class: 'PaymentWorkflowDenied',
      custom_details: { tenant: 'acme', count: 3 },
    },
  });
  assert.deepEqual([resolved?.['event_action'], resolved?.['dedup_key']], ['resolve', ALERT.dedupKey]);
  await delivery.stop();
});

test('what fails is tried again with longer waits, until it recovers', async () => {
  await using receiver = await startReceiver((response, index) =>
    answer(index < 4 ? 503 : 200)(response, index),
  );
  const { delivery, settled } = startDelivery();
  delivery.send(ALERT, 'chat', createWebhook(receiver.url));
  assert.deepEqual(await settled(1), ['delivered']);
  const times = receiver.received.map(({ atMs }) => atMs);
  assert.equal(times.length, 4);
  const waits = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  assert.ok(
    waits.every((waitMs, index) => waitMs >= 10 * 2 ** index - 2),
    `waits ${waits.join(', ')}`,
  );
  await delivery.stop();
});

test('who asks to be left alone is, up to a bound', async () => {
  await using receiver = await startReceiver((response, index) =>
    answer(index === 1 ? 429 : 200, { 'retry-after': '3600' })(response, index),
  );
  const { delivery, settled } = startDelivery({ longestWaitMs: 150 });
  delivery.send(ALERT, 'chat', createWebhook(receiver.url));
  assert.deepEqual(await settled(1), ['delivered']);
  const [first, second] = receiver.received.map(({ atMs }) => atMs);
  assert.ok((second ?? 0) - (first ?? 0) >= 145);
  await delivery.stop();
});

test('one that stalls is given up and tried again, and holds up no other', async () => {
  await using stalled = await startReceiver((response, index) => {
    if (index > 1) response.end('{}');
  });
  await using quick = await startReceiver(answer(200));
  const { delivery, outcomes, settled } = startDelivery();
  const startedMs = performance.now();
  delivery.send(ALERT, 'stalled', createWebhook(stalled.url));
  delivery.send(ALERT, 'quick', createWebhook(quick.url));
  assert.ok(performance.now() - startedMs < 50, 'nobody waits for it');
  await settled(2);
  assert.deepEqual(
    outcomes.map(({ destination }) => destination),
    ['quick', 'stalled'],
  );
  assert.equal(stalled.received.length, 2);
  await delivery.stop();
});

test('what will never be taken is lost at once; what nobody takes, after the last try', async () => {
  await using receiver = await startReceiver(answer(400));
  await using away = await startReceiver(answer(302, { location: 'http://127.0.0.1:9/' }));
  const { delivery, outcomes, settled } = startDelivery({ tries: 3 });
  delivery.send(ALERT, 'refusing', createPagerDuty({ url: receiver.url, routingKey: KEY }));
  delivery.send(ALERT, 'redirecting', createWebhook(away.url));
  delivery.send(ALERT, 'closed', createWebhook('http://127.0.0.1:9/secret-path'));
  assert.deepEqual(await settled(3), ['lost', 'lost', 'lost']);
  assert.deepEqual([receiver.received.length, away.received.length], [1, 1]);
  const causes = new Map(outcomes.map(({ destination, cause }) => [destination, cause]));
  assert.deepEqual([causes.get('refusing'), causes.get('redirecting')], ['answered 400', 'answered 302']);
  assert.match(causes.get('closed') ?? '', /could not be reached/);
  const said = outcomes.map(({ cause }) => cause).join();
  assert.ok(!said.includes(KEY) && !said.includes('secret-path'), said);
  await delivery.stop();
});

test('no more than so many wait, and a stop loses what it cannot deliver, which is told', async () => {
  await using receiver = await startReceiver(() => undefined);
  const { delivery, outcomes } = startDelivery({ maxWaiting: 5, timeoutMs: 60_000, stopMs: 50 });
  const channel = createWebhook(receiver.url);
  for (let index = 0; index < 8; index++) delivery.send(ALERT, 'chat', channel);
  assert.deepEqual(
    outcomes.map(({ cause }) => cause),
    Array.from({ length: 3 }, () => 'too many alerts wait'),
  );
  const startedMs = performance.now();
  await delivery.stop();
  assert.ok(performance.now() - startedMs < 2_000);
  assert.equal(outcomes.filter(({ outcome }) => outcome === 'lost').length, 8);
  delivery.send(ALERT, 'chat', channel);
  assert.equal(outcomes.at(-1)?.cause, 'the gateway is stopping');
});
