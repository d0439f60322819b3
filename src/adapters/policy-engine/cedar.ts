import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyDecision, PolicyEngine } from '../../ports/policy-engine.ts';
import type { CallerFacts } from '../../road/caller.ts';
import type { Capability } from '../../road/governed.ts';

const MAX_CACHED = 50_000;

/**
 * Cedar in WebAssembly. Policies and schema are parsed once; a decision takes about 0.1 ms, so decisions are
 * cached by everything that goes into them. The cache belongs to one version of the policies.
 */
export function createCedarEngine(input: {
  readonly policies: Readonly<Record<string, string>>;
  readonly schema: string;
  readonly version: string;
}): PolicyEngine {
  const policySet = `policies-${input.version}`;
  const schemaName = `schema-${input.version}`;
  expectSuccess(cedar.preparsePolicySet(policySet, { staticPolicies: { ...input.policies } }), 'policies');
  expectSuccess(cedar.preparseSchema(schemaName, input.schema), 'schema');
  const cached = new Map<string, PolicyDecision>();

  return {
    decide(caller, capability) {
      const key = keyOf(caller, capability);
      const known = cached.get(key);
      if (known !== undefined) return known;
      const decision = ask({ caller, capability, policySet, schemaName });
      if (cached.size >= MAX_CACHED) cached.clear();
      cached.set(key, decision);
      return decision;
    },
  };
}

function keyOf(caller: CallerFacts, capability: Capability): string {
  const { tenant, subject, issuer, kind, groups, workflow, client } = caller;
  return JSON.stringify([
    capability.name,
    tenant,
    subject,
    issuer,
    kind,
    groups,
    workflow ?? null,
    client ?? null,
  ]);
}

function ask(input: {
  caller: CallerFacts;
  capability: Capability;
  policySet: string;
  schemaName: string;
}): PolicyDecision {
  const { caller, capability } = input;
  const principal = { type: 'Goldenpath::User', id: `${caller.tenant}/${caller.subject}` };
  const resource = { type: 'Goldenpath::Capability', id: capability.name };
  // An issuer may name a group twice; Cedar refuses an entity that stands twice.
  const groups = [...new Set(caller.groups)].map((group) => ({
    type: 'Goldenpath::Group',
    id: `${caller.tenant}/${group}`,
  }));
  const tenant = { type: 'Goldenpath::Tenant', id: caller.tenant };
  const answer = cedar.statefulIsAuthorized({
    principal,
    action: { type: 'Goldenpath::Action', id: 'invoke' },
    resource,
    context: {},
    preparsedPolicySetId: input.policySet,
    preparsedSchemaName: input.schemaName,
    entities: [
      { uid: principal, attrs: describeCaller(caller), parents: [tenant, ...groups] },
      { uid: resource, attrs: describeCapability(capability), parents: [] },
      { uid: tenant, attrs: {}, parents: [] },
      ...groups.map((uid) => ({ uid, attrs: {}, parents: [] })),
    ],
  });
  if (answer.type === 'failure')
    throw new Error(`Cedar could not decide: ${answer.errors.map((e) => e.message).join('; ')}`);
  const { decision, diagnostics } = answer.response;
  // A policy that errs is skipped by Cedar; a skipped forbid would let through, so any error refuses.
  const [error] = diagnostics.errors;
  if (error !== undefined)
    throw new Error(`policy ${error.policyId} could not be evaluated: ${error.error.message}`);
  return { allowed: decision === 'allow', policies: diagnostics.reason };
}

function describeCaller(caller: CallerFacts) {
  return {
    tenant: caller.tenant,
    subject: caller.subject,
    issuer: caller.issuer,
    kind: caller.kind,
    groups: [...caller.groups],
    ...(caller.workflow === undefined ? {} : { workflow: caller.workflow }),
    ...(caller.client === undefined ? {} : { client: caller.client }),
  };
}

function describeCapability(capability: Capability) {
  const { name, owner, feature, dataClass, workloadPattern } = capability;
  return { name, owner, feature, dataClass, workloadPattern };
}

function expectSuccess(answer: { type: string; errors?: { message: string }[] }, what: string): void {
  if (answer.type === 'success') return;
  throw new Error(`Cedar refuses the ${what}: ${answer.errors?.map((error) => error.message).join('; ')}`);
}
