import type { Clock } from '../../ports/clock.ts';
import type { RouteHealth } from '../../ports/route-health.ts';
import type { Route } from '../../road/governed.ts';

interface State {
  failures: number;
  openUntilMs: number;
  /** Until when a probe may still be under way: one that never reports must not close the route for good. */
  probeEndsAtMs: number;
  latencyMs: number | undefined;
}

/** Weight of the newest measurement in the smoothed latency. */
const LATENCY_WEIGHT = 0.2;

/** Circuit breakers and latencies in this process's memory: closed → open after n failures in a row → one probe. */
export function createLocalRouteHealth(clock: Clock): RouteHealth {
  const states = new Map<string, State>();
  const stateOf = (route: Route): State => {
    let state = states.get(route.name);
    if (state === undefined) {
      state = { failures: 0, openUntilMs: 0, probeEndsAtMs: 0, latencyMs: undefined };
      states.set(route.name, state);
    }
    return state;
  };
  const isClosed = (state: State, route: Route) => state.failures < route.breaker.failures;
  const isAvailable = (route: Route) => {
    const state = stateOf(route);
    if (isClosed(state, route)) return true;
    const nowMs = clock.nowMs();
    return nowMs >= state.openUntilMs && nowMs >= state.probeEndsAtMs;
  };
  return {
    isAvailable,
    admit(route) {
      if (!isAvailable(route)) return false;
      const state = stateOf(route);
      if (!isClosed(state, route)) state.probeEndsAtMs = clock.nowMs() + route.timeouts.totalMs;
      return true;
    },
    succeeded(route, firstByteMs) {
      const state = stateOf(route);
      state.failures = 0;
      state.probeEndsAtMs = 0;
      const before = state.latencyMs ?? firstByteMs;
      state.latencyMs = before + LATENCY_WEIGHT * (firstByteMs - before);
    },
    failed(route) {
      const state = stateOf(route);
      state.failures++;
      state.probeEndsAtMs = 0;
      if (!isClosed(state, route)) state.openUntilMs = clock.nowMs() + route.breaker.coolDownMs;
    },
    inconclusive(route) {
      stateOf(route).probeEndsAtMs = 0;
    },
    latencyMs: (route) => stateOf(route).latencyMs ?? route.expectedLatencyMs,
  };
}
