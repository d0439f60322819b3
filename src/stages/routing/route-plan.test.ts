import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCaller, makeGrant, makeRoute } from '../../../test/support/facts.ts';
import { createLocalRouteHealth } from '../../adapters/route-health/local.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Capability, Route } from '../../road/governed.ts';
import { isRefusal } from '../../road/refusal.ts';
import { planRoutes } from './route-plan.ts';

const CLOCK: Clock = { nowMs: () => 0, monotonicUs: () => 0, random: () => 0 };

const price = (microUsd: number) => ({
  inputMicroUsdPerMillion: microUsd,
  outputMicroUsdPerMillion: microUsd,
});
const route = (name: string, changes: Partial<Route> = {}) => makeRoute({ name, ...changes });

/** Nothing is switched off. */
const listOpen = (routes: readonly Route[]) => routes;

function plan(
  capability: Partial<Capability>,
  options: { readonly tenantRegions?: readonly string[]; readonly down?: readonly Route[] } = {},
): string[] | string {
  const health = createLocalRouteHealth(CLOCK);
  for (const down of options.down ?? [])
    for (let failures = 0; failures < down.breaker.failures; failures++) health.failed(down);
  const planned = planRoutes(makeGrant(capability, makeCaller({}, options.tenantRegions)), health, listOpen);
  return isRefusal(planned) ? planned.code : planned.routes.map(({ name }) => name);
}

const EU = route('eu', { region: 'eu-central-1', price: price(30), expectedLatencyMs: 10 });
const US = route('us', { region: 'us-east-1', price: price(10), expectedLatencyMs: 30 });
const PUBLIC = route('public', { region: 'eu-central-1', dataClasses: ['public'], price: price(1) });
const routes = [EU, US, PUBLIC];

/** Capability and surroundings → the routes in their order, or the refusal. */
const CASES: readonly (readonly [string, ReturnType<typeof plan>, string[] | string])[] = [
  ['cheapest first, of those that may carry the data', plan({ routes }), ['us', 'eu']],
  ['fastest first, where the capability says so', plan({ routes, prefer: 'latency' }), ['eu', 'us']],
  ['a data class opens and closes routes', plan({ routes, dataClass: 'public' }), ['public', 'us', 'eu']],
  ['no route for the data class', plan({ routes, dataClass: 'restricted' }), 'routing.none_allowed'],
  ['regions of the capability', plan({ routes, regions: ['eu-central-1'] }), ['eu']],
  ['regions of the tenant', plan({ routes }, { tenantRegions: ['eu-central-1'] }), ['eu']],
  [
    'regions of both together',
    plan({ routes, regions: ['us-east-1'] }, { tenantRegions: ['eu-central-1'] }),
    'routing.none_allowed',
  ],
  ['a route whose breaker is open is left out', plan({ routes }, { down: [US] }), ['eu']],
  ['none is healthy', plan({ routes }, { down: [US, EU] }), 'routing.none_healthy'],
  [
    'the unhealthy are not replaced by what is not allowed',
    plan({ routes, regions: ['eu-central-1'] }, { down: [EU] }),
    'routing.none_healthy',
  ],
  ['no routes at all', plan({ routes: [] }), 'routing.none_allowed'],
  [
    'alike in price: the faster; alike in both: as they are listed',
    plan({
      routes: [
        route('c', { price: price(1), expectedLatencyMs: 9 }),
        route('a', { price: price(1), expectedLatencyMs: 5 }),
        route('b', { price: price(1), expectedLatencyMs: 5 }),
      ],
    }),
    ['a', 'b', 'c'],
  ],
];

for (const [name, got, expected] of CASES) test(name, () => assert.deepEqual(got, expected));

test('a latency that was measured counts more than one that was declared', () => {
  const health = createLocalRouteHealth(CLOCK);
  for (let i = 0; i < 20; i++) health.succeeded(EU, 500);
  const planned = planRoutes(makeGrant({ routes: [EU, US], prefer: 'latency' }), health, listOpen);
  assert.ok(!isRefusal(planned));
  assert.deepEqual(
    planned.routes.map(({ name }) => name),
    ['us', 'eu'],
  );
});
