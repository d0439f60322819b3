import type { PolicyEngine } from '../../ports/policy-engine.ts';
import type { Act } from '../../road/act.ts';
import type { CallerFacts } from '../../road/caller.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/** Whether policy lets a caller do something beside asking. Default deny; an engine that throws refuses. */
export function authoriseAct(caller: CallerFacts, act: Act, policies: PolicyEngine): Refusal | undefined {
  try {
    const decision = policies.decideAct(caller, act);
    if (decision.allowed) return undefined;
    const detail =
      decision.policies.length === 0
        ? `no policy permits ${act.action}`
        : `forbidden by ${decision.policies.join(', ')}`;
    return refuse('authorisation.act_denied', { detail });
  } catch (error) {
    return refuse('authorisation.unavailable', {
      detail: error instanceof Error ? error.message : 'unknown',
    });
  }
}
