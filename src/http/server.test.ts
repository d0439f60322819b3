import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gateway } from './gateway.ts';
import { createServer } from './server.ts';

const GATEWAY: Gateway = {
  begin: () => {
    throw new Error('nothing is asked here');
  },
  listCapabilities: async () => [],
  listSwitches: async () => [],
  flipSwitch: async () => ({}),
  giveFeedback: async () => ({}),
  crossOrigin: () => ({ origins: [], credentials: false }),
  readiness: () => ({
    ready: true,
    governance: { name: 'desk', version: 'abc' },
    reasons: ['policies/support.cedar:3:1: unexpected token', 'fix: …'],
  }),
  metrics: async () => ({ contentType: 'text/plain', body: '' }),
};

test('why it is not ready is told to this machine in full, and to a network as a number', async () => {
  const server = createServer(GATEWAY, { maxBodyBytes: 1000, bodyTimeoutMs: 1000 });
  for (const [remoteAddress, expected] of [
    ['127.0.0.1', /support\.cedar:3/],
    ['::1', /support\.cedar:3/],
    ['10.0.0.7', /^2 reason/],
  ] as const) {
    const response = await server.inject({ url: '/readyz', remoteAddress });
    const { reasons } = response.json<{ reasons: string[] }>();
    assert.match(reasons[0] ?? '', expected, remoteAddress);
  }
  await server.close();
});
