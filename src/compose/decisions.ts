import { createCedarEngine } from '../adapters/policy-engine/cedar.ts';
import { compileGovernance } from '../governance/compile.ts';
import type { Governance } from '../governance/governance.ts';
import type { CallerFacts } from '../road/caller.ts';
import { GovernanceError } from './governed-gateway.ts';

export interface ExplainedDecision {
  readonly allowed: boolean;
  readonly reason: string;
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly governanceVersion: string;
}

type Asking = Pick<CallerFacts, 'subject' | 'tenant' | 'groups' | 'workflow' | 'kind'>;

/** Asks the policies of a repository about a caller, with the engine that the gateway itself uses. */
export async function explainDecision(input: {
  readonly directory: string;
  readonly capability: string;
  readonly caller: Asking;
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
  const facts = toFacts(governance, input.caller);
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

/** A request that the policies allow, to begin with. */
export interface SuggestedRequest {
  readonly capability: string;
  readonly tenant: string;
  readonly groups: readonly string[];
}

/**
 * Finds a request that a user may make, by asking the policies about the groups that they name; `prefer` names
 * the capability to try first. Where none is found: the first capability and tenant, without groups.
 */
export function suggestRequest(
  governance: Governance,
  { user, prefer }: { readonly user: string; readonly prefer: string },
): SuggestedRequest | undefined {
  const capabilities = [...governance.capabilities.values()].toSorted(
    (a, b) => Number(b.name === prefer) - Number(a.name === prefer),
  );
  const engine = createCedarEngine({ ...governance.policies, version: governance.version });
  for (const capability of capabilities) {
    const named = listGroups(governance, capability.name);
    for (const tenant of governance.tenants.keys()) {
      const found = [[], ...named.map((group) => [group]), named].find((groups) => {
        const asking = { subject: user, tenant, groups, workflow: undefined, kind: 'user' } as const;
        return engine.decide(toFacts(governance, asking), capability).allowed;
      });
      if (found !== undefined) return { capability: capability.name, tenant, groups: found };
    }
  }
  const [capability] = capabilities;
  const [tenant] = governance.tenants.keys();
  if (capability === undefined || tenant === undefined) return undefined;
  return { capability: capability.name, tenant, groups: [] };
}

/** The groups that policies about a capability name; those about every capability are among them. */
function listGroups({ policies }: Governance, capability: string): string[] {
  const about = Object.values(policies.policies).filter(
    (text) =>
      /\bpermit\s*\(/.test(text) &&
      !/Action::"(?!invoke")/.test(text) &&
      (text.includes(`Goldenpath::Capability::"${capability}"`) ||
        !text.includes('Goldenpath::Capability::')),
  );
  const groups = about.flatMap((text) =>
    [...text.matchAll(/(?:\.contains\(|Goldenpath::Group::)"([^"\\]+)"/g)].map(([, group = '']) => group),
  );
  return [...new Set(groups)];
}

function toFacts(governance: Governance, caller: Asking): CallerFacts {
  const issuer = governance.loopbackIssuer
    ? 'urn:goldenpath:loopback-issuer'
    : (governance.issuers[0]?.issuer ?? '');
  return { ...caller, issuer, client: undefined, expiresAtMs: Number.MAX_SAFE_INTEGER };
}
