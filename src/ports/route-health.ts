import type { Route } from '../road/governed.ts';

/** What recent tries say about a route: its circuit breaker and its latency. */
export interface RouteHealth {
  /** Whether a try may be made now. Half-open: one probe at a time; say how it went with `succeeded` or `failed`. */
  admit(route: Route): boolean;
  /** Like `admit`, without taking the probe. */
  isAvailable(route: Route): boolean;
  succeeded(route: Route, firstByteMs: number): void;
  failed(route: Route): void;
  /** A try that ended without telling anything about the route, such as a caller who left. */
  inconclusive(route: Route): void;
  /** Smoothed time to the first byte, or what the route declares until there is one. */
  latencyMs(route: Route): number;
}
