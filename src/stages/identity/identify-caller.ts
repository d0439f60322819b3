import type { TokenVerifier } from '../../ports/identity.ts';
import type { CallerFacts } from '../../road/caller.ts';
import type { Tenant } from '../../road/governed.ts';
import { proveCaller, type Caller } from '../../road/proofs.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';

/** Identifies the caller, and joins what the governance repository says of its tenant. */
export function identifyCaller(input: {
  readonly authorization: string | undefined;
  readonly verifier: TokenVerifier;
  readonly tenants: ReadonlyMap<string, Tenant>;
}): Caller | Refusal | Promise<Caller | Refusal> {
  const verified = input.verifier.verify(input.authorization);
  if (verified instanceof Promise) return verified.then((facts) => joinTenant(facts, input.tenants));
  return joinTenant(verified, input.tenants);
}

/** A cached token gives the same facts each time, so the join is made once for each. */
const joined = new WeakMap<CallerFacts, Caller>();

function joinTenant(facts: CallerFacts | Refusal, tenants: ReadonlyMap<string, Tenant>): Caller | Refusal {
  if (isRefusal(facts)) return facts;
  const tenantRules = tenants.get(facts.tenant);
  if (tenantRules === undefined) return refuse('identity.unknown_tenant');
  const known = joined.get(facts);
  if (known?.tenantRules === tenantRules) return known;
  const caller = proveCaller({ ...facts, tenantRules });
  joined.set(facts, caller);
  return caller;
}
