import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import pino from 'pino';
import { systemClock } from '../adapters/clock/system.ts';
import { compileGovernance } from '../governance/compile.ts';
import type { Governance } from '../governance/governance.ts';
import type { AlertDestination } from '../road/alert.ts';
import { startAlerting } from './alerting.ts';

const { governance: example } = await compileGovernance(
  new URL('../../examples/support-desk', import.meta.url).pathname,
);

function governanceWith(destinations: Readonly<Record<string, AlertDestination>>): Governance {
  assert.ok(example);
  const faults = Object.keys(destinations);
  return {
    ...example,
    alerts: { rules: [], budgets: [], faults, destinations: new Map(Object.entries(destinations)) },
  };
}

async function startReceiver() {
  const received: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>); // what we sent
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/`, received, [Symbol.asyncDispose]: stop };
}

function start(env: Readonly<Record<string, string>> = {}) {
  const counted: string[] = [];
  const logged: string[] = [];
  const alerting = startAlerting({
    env,
    clock: systemClock,
    logger: pino({ base: null }, { write: (line: string) => void logged.push(line) }),
    watch: () => undefined,
    count: (rule, outcome) => counted.push(`${rule} ${outcome}`),
  });
  return { alerting, counted, logged };
}

test('a fault is told when it begins and when it ends, and both are one incident', async () => {
  await using receiver = await startReceiver();
  const { alerting, counted } = start({ HOOK: receiver.url });
  alerting.fault('ledger', 'before there was anybody to tell');
  alerting.follow(governanceWith({ chat: { type: 'webhook', url: undefined, urlEnv: 'HOOK' } }));
  alerting.fault('switches', undefined);
  alerting.fault('ledger', 'disk full at /secret/place');
  alerting.fault('ledger', 'disk still full');
  alerting.fault('ledger', undefined);
  alerting.fault('ledger', 'disk full again, at once');
  alerting.fault('ledger', undefined);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  alerting.fault('evidence', 'disk full');
  await alerting.stop();
  assert.deepEqual(
    receiver.received.map(({ rule, state, severity, dedupKey }) => [rule, state, severity, dedupKey]),
    [
      ['LedgerFault', 'triggered', 'critical', 'goldenpath/support-desk/LedgerFault'],
      ['LedgerFault', 'resolved', 'critical', 'goldenpath/support-desk/LedgerFault'],
      ['EvidenceFault', 'triggered', 'critical', 'goldenpath/support-desk/EvidenceFault'],
    ],
  );
  assert.ok(!JSON.stringify(receiver.received).includes('secret'), 'what is wrong where is for the log');
  assert.equal(counted.filter((one) => one.endsWith('delivered')).length, 3);
});

test('an alert whose destination has no key is counted as lost, and logged', async () => {
  const { alerting, counted, logged } = start();
  const url = 'http://127.0.0.1:9/';
  alerting.follow(governanceWith({ oncall: { type: 'pagerduty', routingKeyEnv: 'NOT_SET', url } }));
  alerting.fault('evidence', 'disk full');
  await alerting.stop();
  assert.deepEqual(counted, ['EvidenceFault raised', 'EvidenceFault lost']);
  assert.match(logged.join(''), /"destination":"oncall".*has no address or key/);
});
