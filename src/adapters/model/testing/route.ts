import { NO_LIMITS, type Route } from '../../../road/governed.ts';

/** A route for a provider's tests. */
export function makeRoute(more: Partial<Route>): Route {
  return {
    name: 'test',
    provider: 'stand-in',
    model: 'test-model',
    region: 'eu-west-1',
    baseUrl: undefined,
    apiKeyEnv: undefined,
    bedrockGuardrail: undefined,
    dataClasses: ['internal'],
    price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 1 },
    limits: NO_LIMITS,
    expectedLatencyMs: 1,
    timeouts: { firstByteMs: 1_000, idleMs: 1_000, totalMs: 1_000 },
    retries: 0,
    breaker: { failures: 3, coolDownMs: 1_000 },
    ...more,
  };
}
