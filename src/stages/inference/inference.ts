import type { Clock } from '../../ports/clock.ts';
import type { ModelProvider } from '../../ports/model.ts';
import type { RouteHealth } from '../../ports/route-health.ts';
import type { Route } from '../../road/governed.ts';
import type { ChosenRoutes, DurableIntent, GuardedPrompt } from '../../road/proofs.ts';
import type { RecordedTry } from '../../road/record.ts';

/** A question to the routes of a plan, with what asking needs from the world. */
export interface Inference {
  readonly prompt: GuardedPrompt;
  readonly intent: DurableIntent;
  readonly plan: ChosenRoutes;
  readonly providers: Readonly<Record<Route['provider'], ModelProvider>>;
  readonly health: RouteHealth;
  readonly clock: Clock;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
  readonly delivery: 'stream' | 'whole';
  /** When the capability's own deadline is over, on the monotonic clock in microseconds. */
  readonly deadlineUs: number;
  /** Whether a route may be taken at this moment, whatever the plan said. */
  readonly mayTake: (route: Route) => boolean;
  readonly onTry: (attempt: RecordedTry) => void;
  readonly onRoute: (route: Route) => void;
}
