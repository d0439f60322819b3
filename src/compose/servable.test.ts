import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLE, makeCapability, makeRoute } from '../../test/support/facts.ts';
import type { Governance } from '../governance/governance.ts';
import type { Route } from '../road/governed.ts';
import { assertServable } from './servable.ts';

function governanceWith(route: Partial<Route>, changes: Partial<Governance> = {}): Governance {
  const only = makeRoute(route);
  return {
    ...EXAMPLE,
    loopbackIssuer: false,
    capabilities: new Map([['support-assistant', makeCapability({ routes: [only] })]]),
    routes: new Map([[only.name, only]]),
    ...changes,
  };
}

const OPENAI: Partial<Route> = { provider: 'openai-compatible', apiKeyEnv: undefined };
const BEDROCK: Partial<Route> = { provider: 'bedrock' };
const PRODUCTION: Partial<Governance> = { environment: 'production' };

const ALERTED: Partial<Governance> = {
  ...PRODUCTION,
  alerts: {
    rules: [],
    budgets: [],
    faults: [],
    destinations: new Map([
      ['oncall', { type: 'pagerduty', routingKeyEnv: 'PAGERDUTY_KEY', url: 'https://example.invalid' }],
      ['chat', { type: 'webhook', url: 'https://example.invalid', urlEnv: undefined }],
    ]),
  },
};
/** Governance and surroundings → why it is not served; '' where it is. */
const CASES: readonly (readonly [
  name: string,
  governance: Governance,
  host: string,
  env: Readonly<Record<string, string>>,
  refused: string,
])[] = [
  ['the example on loopback', EXAMPLE, '127.0.0.1', {}, ''],
  ['the example to everybody', EXAMPLE, '0.0.0.0', {}, 'oopback'],
  ['a stand-in on loopback', governanceWith({}), '::1', {}, ''],
  ['a stand-in to everybody', governanceWith({}), '0.0.0.0', {}, 'has a route to the stand-in'],
  ['a model to everybody', governanceWith(OPENAI), '0.0.0.0', {}, ''],
  [
    'a key that goes past the role',
    governanceWith(OPENAI),
    '127.0.0.1',
    { AWS_BEARER_TOKEN_BEDROCK: 'x' },
    'AWS_BEARER_TOKEN_BEDROCK is set',
  ],
  [
    'a model key in production that no route names',
    governanceWith(OPENAI, PRODUCTION),
    '0.0.0.0',
    { OPENAI_API_KEY: 'x' },
    'OPENAI_API_KEY holds a long-lived model key',
  ],
  [
    'a model key in production that a route names',
    governanceWith({ ...OPENAI, apiKeyEnv: 'OPENAI_API_KEY' }, PRODUCTION),
    '0.0.0.0',
    { OPENAI_API_KEY: 'x' },
    '',
  ],
  [
    'a long-lived AWS key in production beside a Bedrock route',
    governanceWith(BEDROCK, PRODUCTION),
    '0.0.0.0',
    { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' },
    'AWS_ACCESS_KEY_ID holds',
  ],
  [
    'a temporary AWS key in production',
    governanceWith(BEDROCK, PRODUCTION),
    '0.0.0.0',
    { AWS_ACCESS_KEY_ID: 'ASIAIOSFODNN7EXAMPLE' },
    '',
  ],
  [
    'a destination of alerts in production without its key',
    governanceWith(OPENAI, ALERTED),
    '0.0.0.0',
    { PAGERDUTY_KEY: '' },
    'PAGERDUTY_KEY is not set, so no alert reaches oncall',
  ],
  [
    'a destination of alerts in production with its key',
    governanceWith(OPENAI, ALERTED),
    '0.0.0.0',
    { PAGERDUTY_KEY: 'x' },
    '',
  ],
];

for (const [name, governance, host, env, refused] of CASES) {
  test(`${name}: ${refused === '' ? 'served' : 'not served'}`, () => {
    const serve = () => assertServable(governance, { host, env, warn: () => undefined });
    if (refused === '') return assert.doesNotThrow(serve);
    return assert.throws(serve, (error) => error instanceof Error && error.message.includes(refused));
  });
}

test('outside of production a model key is a warning', () => {
  const warnings: string[] = [];
  assertServable(governanceWith(OPENAI), {
    host: '127.0.0.1',
    env: { MISTRAL_API_KEY: 'x', COHERE_API_KEY: 'y' },
    warn: (message) => warnings.push(message),
  });
  assert.match(warnings.join(), /^MISTRAL_API_KEY, COHERE_API_KEY hold a long-lived model key/);
});
