import type { CallerFacts } from '../road/caller.ts';
import type { Capability } from '../road/governed.ts';

export interface PolicyDecision {
  readonly allowed: boolean;
  /** Ids of the policies that determined it; empty when nothing permitted (default deny). */
  readonly policies: readonly string[];
}

/** Decides whether a caller may invoke a capability. Throws where it cannot: the stage then refuses. */
export interface PolicyEngine {
  decide(caller: CallerFacts, capability: Capability): PolicyDecision;
}
