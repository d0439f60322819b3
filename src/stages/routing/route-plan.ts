import type { RouteHealth } from '../../ports/route-health.ts';
import type { Capability, Route, Tenant } from '../../road/governed.ts';
import { proveRoutePlan, type Grant, type RoutePlan } from '../../road/proofs.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';

/**
 * Restricts by data class and region (capability's and tenant's), then orders by what the capability
 * prefers. A route whose breaker is open is left out.
 */
export function planRoutes(
  grant: Grant,
  health: RouteHealth,
  /** Those of the routes that are not switched off. */
  listOpen: (routes: readonly Route[]) => readonly Route[] | Refusal,
): RoutePlan | Refusal {
  const { capability, caller } = grant;
  const allowed = listAllowed(capability, caller.tenantRules);
  if (allowed.length === 0) {
    return refuse('routing.none_allowed', {
      detail: `no route of ${capability.name} may carry ${capability.dataClass} data for tenant ${caller.tenant}`,
    });
  }
  const open = listOpen(allowed);
  if (isRefusal(open)) return open;
  const healthy = open.filter((route) => health.isAvailable(route));
  const routes = orderRoutes(healthy, capability, health);
  return hasFirst(routes)
    ? proveRoutePlan({ grant, routes })
    : refuse('routing.none_healthy', { detail: open.map((route) => route.name).join(', ') });
}

function hasFirst(routes: readonly Route[]): routes is readonly [Route, ...Route[]] {
  return routes.length > 0;
}

/** What a capability and a tenant allow is the same for each of their requests, so it is worked out once. */
const allowedRoutes = new WeakMap<Capability, WeakMap<Tenant, readonly Route[]>>();

function listAllowed(capability: Capability, tenant: Tenant): readonly Route[] {
  let byTenant = allowedRoutes.get(capability);
  if (byTenant === undefined) allowedRoutes.set(capability, (byTenant = new WeakMap()));
  let allowed = byTenant.get(tenant);
  if (allowed === undefined) {
    allowed = capability.routes.filter(
      (route) =>
        route.dataClasses.includes(capability.dataClass) &&
        isRegionAllowed(route, capability.regions) &&
        isRegionAllowed(route, tenant.regions),
    );
    byTenant.set(tenant, allowed);
  }
  return allowed;
}

function isRegionAllowed(route: Route, regions: readonly string[]): boolean {
  return regions.length === 0 || regions.includes(route.region);
}

/** Price per token in and out, weighed alike: what a prompt will cost is not known before it is answered. */
function priceOf(route: Route): number {
  return route.price.inputMicroUsdPerMillion + route.price.outputMicroUsdPerMillion;
}

function orderRoutes(
  routes: readonly Route[],
  capability: Capability,
  health: RouteHealth,
): readonly Route[] {
  if (routes.length === 1) return routes;
  const byCost = (a: Route, b: Route) => priceOf(a) - priceOf(b);
  const byLatency = (a: Route, b: Route) => health.latencyMs(a) - health.latencyMs(b);
  const [first, second] = capability.prefer === 'cost' ? [byCost, byLatency] : [byLatency, byCost];
  // The sort is stable, so routes that are alike keep the order in which the capability names them.
  return routes.toSorted((a, b) => first(a, b) || second(a, b));
}
