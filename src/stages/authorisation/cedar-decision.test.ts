import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLER, EXAMPLE, makeCaller, makeCapability } from '../../../test/support/facts.ts';
import { createCedarEngine } from '../../adapters/policy-engine/cedar.ts';
import type { PolicyEngine } from '../../ports/policy-engine.ts';
import { isRefusal } from '../../road/refusal.ts';
import { authorise } from './cedar-decision.ts';

let versions = 0;
function engineWith(...policies: readonly string[]): PolicyEngine {
  const byId = Object.fromEntries(policies.map((policy, index) => [`p${index + 1}`, policy]));
  return createCedarEngine({
    policies: byId,
    schema: EXAMPLE.policies.schema,
    version: `authorisation-${versions++}`,
  });
}
const exampleEngine = () =>
  createCedarEngine({ ...EXAMPLE.policies, version: `authorisation-${versions++}` });

function decide(policies: PolicyEngine, caller = makeCaller(), capabilityName = 'support-assistant'): string {
  const { capabilities } = EXAMPLE;
  const result = authorise({ caller, capabilityName, capabilities, policies });
  return isRefusal(result)
    ? `${result.code}${result.detail === undefined ? '' : `: ${result.detail}`}`
    : `granted by ${result.policies.join(', ')}`;
}

test('grants what a policy permits, and names the policy', () => {
  assert.equal(decide(exampleEngine()), 'granted by support-agents-may-ask');
});

test('denies what no policy permits', () => {
  const caller = makeCaller({ groups: ['finance'] });
  assert.equal(decide(exampleEngine(), caller), 'authorisation.denied: no policy permits it');
  assert.equal(decide(engineWith()), 'authorisation.denied: no policy permits it');
});

test('a forbid wins over every permit', () => {
  const service = makeCaller({ groups: ['marketing'], kind: 'service' });
  assert.equal(
    decide(exampleEngine(), service, 'marketing-writer'),
    'authorisation.denied: forbidden by no-service-writes-marketing',
  );
  const policies = engineWith(
    'permit (principal, action, resource);',
    'forbid (principal, action, resource);',
  );
  assert.equal(decide(policies), 'authorisation.denied: forbidden by p2');
});

test('a capability that does not exist is refused, whatever its name is', () => {
  const all = engineWith('permit (principal, action, resource);');
  for (const name of ['', 'gpt-4', '__proto__', 'constructor', 'support-assistant '])
    assert.equal(decide(all, makeCaller(), name), 'authorisation.unknown_capability');
});

test('a policy that errs at evaluation refuses: a skipped forbid would let through', () => {
  // Valid against the schema, and out of range when it runs.
  const policies = engineWith(
    'permit (principal, action, resource);',
    'forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };',
  );
  assert.match(decide(policies), /^authorisation\.unavailable: policy p2 could not be evaluated/);
});

test('an engine that throws refuses', () => {
  const decideOrThrow = () => {
    throw new Error('the engine is away');
  };
  assert.equal(
    decide({ decide: decideOrThrow, decideAct: decideOrThrow }),
    'authorisation.unavailable: the engine is away',
  );
});

test('policies that the engine cannot read are not served', () => {
  assert.throws(() => engineWith('permit (principal'), /Cedar refuses the policies/);
  assert.throws(
    () => createCedarEngine({ policies: {}, schema: 'entity', version: 'broken' }),
    /Cedar refuses the schema/,
  );
});

test('callers that differ in anything get decisions of their own', () => {
  const engine = engineWith(
    'permit (principal, action, resource) when { principal.groups.contains("a,b") };',
    'permit (principal, action, resource) when { principal has workflow && principal.workflow == "null" };',
    'permit (principal in Goldenpath::Tenant::"globex", action, resource);',
    'permit (principal, action, resource) when { principal has client && principal.client == "batch" };',
  );
  const outcomes = (['one', 'two'] as const).map(() =>
    [
      { groups: ['a', 'b'] },
      { groups: ['a,b'] },
      { groups: ['a","b'] },
      { groups: [], workflow: 'null' },
      { groups: [], subject: 'maya","https' },
      { groups: [], tenant: 'globex' },
      { groups: [], client: 'batch' },
      { groups: ['batch'] },
    ].map((changes) => engine.decide({ ...CALLER, ...changes }, makeCapability()).allowed),
  );
  const expected = [false, true, false, true, false, true, true, false];
  assert.deepEqual(outcomes, [expected, expected]);
});

test('a cached decision is of its own capability and of its own version of the policies', () => {
  const open = engineWith(
    'permit (principal, action, resource == Goldenpath::Capability::"support-assistant");',
  );
  const closed = engineWith('forbid (principal, action, resource);');
  for (let round = 0; round < 2; round++) {
    assert.equal(open.decide(CALLER, makeCapability()).allowed, true);
    assert.equal(open.decide(CALLER, makeCapability({}, 'marketing-writer')).allowed, false);
    assert.equal(closed.decide(CALLER, makeCapability()).allowed, false);
  }
});

test('a group that a token names twice is one group', () => {
  assert.equal(
    decide(exampleEngine(), makeCaller({ groups: ['support', 'support'] })),
    'granted by support-agents-may-ask',
  );
});

test('a thousand callers do not mix', () => {
  const engine = exampleEngine();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 1_000; i++) {
      const caller = { ...CALLER, subject: `user-${i}`, groups: i % 3 === 0 ? ['support'] : ['other'] };
      assert.equal(engine.decide(caller, makeCapability()).allowed, i % 3 === 0);
    }
  }
});
