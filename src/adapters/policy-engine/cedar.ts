import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyDecision, PolicyEngine } from '../../ports/policy-engine.ts';
import type { Act } from '../../road/act.ts';
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
  const actions = listActions(input.schema);
  const cached = new Map<string, PolicyDecision>();
  // A cached token gives the same caller each time: its decisions are found without writing their key.
  const byCaller = new WeakMap<CallerFacts, Map<Capability, PolicyDecision>>();

  const decideInvoke = (caller: CallerFacts, capability: Capability): PolicyDecision => {
    const key = keyOf(caller, capability);
    const known = cached.get(key);
    if (known !== undefined) return known;
    const decision = ask({
      caller,
      action: 'invoke',
      resource: { type: 'Capability', id: capability.name, attrs: describeCapability(capability) },
      policySet,
      schemaName,
    });
    if (cached.size >= MAX_CACHED) cached.clear();
    cached.set(key, decision);
    return decision;
  };

  return {
    decide(caller, capability) {
      let decisions = byCaller.get(caller);
      if (decisions === undefined) byCaller.set(caller, (decisions = new Map()));
      let decision = decisions.get(capability);
      if (decision === undefined) decisions.set(capability, (decision = decideInvoke(caller, capability)));
      return decision;
    },
    // Rare, and its resources are named by clients: not remembered.
    decideAct(caller, act) {
      if (!actions.has(act.action)) return { allowed: false, policies: [] };
      return ask({ caller, action: act.action, resource: describeResource(act), policySet, schemaName });
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

/** The actions that a schema has beside `invoke` are those that its repository makes use of. */
function listActions(schema: string): ReadonlySet<string> {
  const answer = cedar.schemaToJson(schema);
  if (answer.type === 'failure') return new Set();
  return new Set(Object.keys(answer.json['Goldenpath']?.actions ?? {}));
}

interface Resource {
  readonly type: string;
  readonly id: string;
  readonly attrs: Record<string, string>;
}

function describeResource(act: Act): Resource {
  if (act.action === 'switch') {
    const { kind, name } = act.resource;
    return { type: 'Switch', id: `${kind}/${name}`, attrs: { kind, name } };
  }
  const { requestId, tenant, subject, capability } = act.resource;
  return { type: 'Request', id: requestId, attrs: { tenant, subject, capability } };
}

function ask(input: {
  caller: CallerFacts;
  action: string;
  resource: Resource;
  policySet: string;
  schemaName: string;
}): PolicyDecision {
  const { caller, action } = input;
  const principal = { type: 'Goldenpath::User', id: `${caller.tenant}/${caller.subject}` };
  const resource = { type: `Goldenpath::${input.resource.type}`, id: input.resource.id };
  // An issuer may name a group twice; Cedar refuses an entity that stands twice.
  const groups = [...new Set(caller.groups)].map((group) => ({
    type: 'Goldenpath::Group',
    id: `${caller.tenant}/${group}`,
  }));
  const tenant = { type: 'Goldenpath::Tenant', id: caller.tenant };
  const answer = cedar.statefulIsAuthorized({
    principal,
    action: { type: 'Goldenpath::Action', id: action },
    resource,
    context: {},
    preparsedPolicySetId: input.policySet,
    preparsedSchemaName: input.schemaName,
    entities: [
      { uid: principal, attrs: describeCaller(caller), parents: [tenant, ...groups] },
      { uid: resource, attrs: input.resource.attrs, parents: [] },
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
