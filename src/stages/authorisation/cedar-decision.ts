import type { PolicyEngine } from '../../ports/policy-engine.ts';
import type { Capability } from '../../road/governed.ts';
import { proveGrant, type Caller, type Grant } from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/** Grants a caller the use of a capability, by policy alone. Default deny; an engine that throws refuses. */
export function authorise(input: {
  readonly caller: Caller;
  readonly capabilityName: string;
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly policies: PolicyEngine;
}): Grant | Refusal {
  const capability = input.capabilities.get(input.capabilityName);
  if (capability === undefined) return refuse('authorisation.unknown_capability');
  try {
    const decision = input.policies.decide(input.caller, capability);
    if (decision.allowed)
      return proveGrant({ caller: input.caller, capability, policies: decision.policies });
    const detail =
      decision.policies.length === 0
        ? 'no policy permits it'
        : `forbidden by ${decision.policies.join(', ')}`;
    return refuse('authorisation.denied', { detail });
  } catch (error) {
    return refuse('authorisation.unavailable', {
      detail: error instanceof Error ? error.message : 'unknown',
    });
  }
}
