import { createCedarEngine } from '../adapters/policy-engine/cedar.ts';
import { compileGovernance } from '../governance/compile.ts';
import type { CallerFacts } from '../road/caller.ts';
import { GovernanceError } from './governed-gateway.ts';

export interface ExplainedDecision {
  readonly allowed: boolean;
  readonly reason: string;
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly governanceVersion: string;
}

/** Asks the policies of a repository about a caller, with the engine that the gateway itself uses. */
export async function explainDecision(input: {
  readonly directory: string;
  readonly capability: string;
  readonly caller: Pick<CallerFacts, 'subject' | 'tenant' | 'groups' | 'workflow' | 'kind'>;
}): Promise<ExplainedDecision> {
  const { governance, problems } = await compileGovernance(input.directory);
  if (governance === undefined) throw new GovernanceError(input.directory, problems);
  const capability = governance.capabilities.get(input.capability);
  const { version } = governance;
  const no = (reason: string): ExplainedDecision => ({
    allowed: false,
    reason,
    policies: [],
    governanceVersion: version,
  });
  if (capability === undefined) {
    return no(`there is no such capability; there are ${[...governance.capabilities.keys()].join(', ')}`);
  }
  if (!governance.tenants.has(input.caller.tenant)) {
    return no(`there is no such tenant; there are ${[...governance.tenants.keys()].join(', ')}`);
  }
  const issuer = governance.loopbackIssuer
    ? 'urn:goldenpath:loopback-issuer'
    : (governance.issuers[0]?.issuer ?? '');
  const facts: CallerFacts = {
    ...input.caller,
    issuer,
    client: undefined,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  };
  const decision = createCedarEngine({ ...governance.policies, version }).decide(facts, capability);
  const named = decision.policies.map((id) => ({ id, text: governance.policies.policies[id] ?? '' }));
  const ids = decision.policies.join(', ');
  const reason = decision.allowed
    ? `permitted by ${ids}`
    : ids === ''
      ? 'no policy permits it, and what is not permitted is denied'
      : `forbidden by ${ids}`;
  return { allowed: decision.allowed, reason, policies: named, governanceVersion: version };
}
