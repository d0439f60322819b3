import type { Act } from '../road/act.ts';
import type { CallerFacts } from '../road/caller.ts';
import type { Capability } from '../road/governed.ts';

export interface PolicyDecision {
  readonly allowed: boolean;
  /** Ids of the policies that determined it; empty when nothing permitted (default deny). */
  readonly policies: readonly string[];
}

/** Decides by policy what a caller may do. Throws where it cannot: the stage then refuses. */
export interface PolicyEngine {
  /** Whether a caller may invoke a capability. */
  decide(caller: CallerFacts, capability: Capability): PolicyDecision;
  /** Whether a caller may do something else. An action that the repository's schema does not have is denied. */
  decideAct(caller: CallerFacts, act: Act): PolicyDecision;
}
