import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Act } from '../road/act.ts';
import type { Problem } from './problem.ts';
import type { Source } from './source.ts';

/** Cedar policies of a repository: text by id, and the schema they were validated against. */
export interface PolicySources {
  readonly policies: Readonly<Record<string, string>>;
  readonly schema: string;
}

/** One policy, with its place, and as the JSON that Cedar makes of it. */
export interface ReadPolicy {
  readonly id: string;
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly json: cedar.PolicyJson;
}

const SCHEMA_FILE = 'policies/schema.cedarschema';
/** Ids stand on records and in keyed objects: `__proto__` would drop its policy without a word. */
const POLICY_ID = /^[A-Za-z0-9][A-Za-z0-9 ._#/:-]{0,127}$/;

/** Reads and validates every `policies/*.cedar`. A policy's id is its `@id`, or its file and number. */
export function compilePolicies(source: Source): {
  sources: PolicySources;
  policies: readonly ReadPolicy[];
  problems: Problem[];
} {
  const schema = source.files.get(SCHEMA_FILE);
  if (schema === undefined) {
    const problem = {
      file: SCHEMA_FILE,
      line: 1,
      column: 1,
      cause: 'the Cedar schema is missing, so no policy can be validated',
      fix: 'Add it; `goldenpath init` writes one.',
    };
    return { sources: { policies: {}, schema: '' }, policies: [], problems: [problem] };
  }
  const schemaProblems = checkSchema(schema);
  const problems = [...schemaProblems];
  const policies: ReadPolicy[] = [];
  for (const [file, text] of source.files) {
    if (!file.startsWith('policies/') || !file.endsWith('.cedar')) continue;
    const read = readPolicies(file, text);
    problems.push(...read.problems);
    policies.push(...read.policies);
  }
  problems.push(...checkIds(policies));
  // Against a schema that cannot be read, every policy would be reported as well.
  if (schemaProblems.length === 0)
    for (const policy of policies) problems.push(...validatePolicy(policy, schema));
  if (problems.length === 0 && policies.length === 0) {
    problems.push({
      file: 'policies',
      line: 1,
      column: 1,
      cause: 'there is no policy, so every request would be denied',
      fix: 'Add policies/*.cedar with at least one permit.',
    });
  }
  const byId = Object.fromEntries(policies.map(({ id, text }) => [id, text]));
  return { sources: { policies: byId, schema }, policies, problems };
}

function checkSchema(schema: string): Problem[] {
  const answer = cedar.checkParseSchema(schema);
  if (answer.type === 'success') return checkSchemaFits(schema);
  return answer.errors.map((error) => ({
    file: SCHEMA_FILE,
    ...locateOffset(schema, error.sourceLocations?.[0]?.start ?? 0),
    cause: error.message,
    fix: error.help ?? expectation(error) ?? 'Correct the Cedar schema.',
  }));
}

type Resource = { readonly type: string; readonly attrs: Record<string, string> };

/** What each action is asked about, with everything that can be in it. Only `invoke` must be in a schema. */
const RESOURCES: Readonly<Record<'invoke' | Act['action'], Resource>> = {
  invoke: {
    type: 'Capability',
    attrs: { name: '', owner: '', feature: '', dataClass: '', workloadPattern: '' },
  },
  switch: { type: 'Switch', attrs: { kind: '', name: '' } },
  giveFeedback: { type: 'Request', attrs: { tenant: '', subject: '', capability: '' } },
};

/** What the gateway asks. */
const describeCall = (action: string, { type, attrs }: Resource): cedar.AuthorizationCall => ({
  principal: { type: 'Goldenpath::User', id: 'tenant/subject' },
  action: { type: 'Goldenpath::Action', id: action },
  resource: { type: `Goldenpath::${type}`, id: 'resource' },
  context: {},
  policies: {},
  entities: [
    {
      uid: { type: 'Goldenpath::User', id: 'tenant/subject' },
      attrs: {
        tenant: '',
        subject: '',
        issuer: '',
        kind: 'user',
        groups: [''],
        workflow: '',
        client: '',
      },
      parents: [
        { type: 'Goldenpath::Tenant', id: 'tenant' },
        { type: 'Goldenpath::Group', id: 'tenant/group' },
      ],
    },
    { uid: { type: `Goldenpath::${type}`, id: 'resource' }, attrs, parents: [] },
    { uid: { type: 'Goldenpath::Tenant', id: 'tenant' }, attrs: {}, parents: [] },
    { uid: { type: 'Goldenpath::Group', id: 'tenant/group' }, attrs: {}, parents: [] },
  ],
});

/** A schema that the gateway's own question does not fit would refuse every request. */
function checkSchemaFits(schema: string): Problem[] {
  const json = cedar.schemaToJson(schema);
  const declared = json.type === 'success' ? Object.keys(json.json['Goldenpath']?.actions ?? {}) : [];
  const problems = Object.entries(RESOURCES).flatMap(([action, resource]) => {
    if (action !== 'invoke' && !declared.includes(action)) return [];
    const answer = cedar.isAuthorized({ ...describeCall(action, resource), schema, validateRequest: true });
    if (answer.type === 'success') return [];
    return answer.errors.map((error) => ({
      file: SCHEMA_FILE,
      line: 1,
      column: 1,
      cause: `the schema does not fit what the gateway asks: ${error.message}`,
      fix: 'Keep the types and attributes of the schema that `goldenpath init` writes.',
    }));
  });
  // What is wrong with a caller is wrong in each.
  return problems.filter(
    ({ cause }, index) => problems.findIndex((other) => other.cause === cause) === index,
  );
}

/** Reads a file's policies, and says what is wrong with their syntax. */
function readPolicies(file: string, text: string): { policies: ReadPolicy[]; problems: Problem[] } {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') {
    const problems = parts.errors.map((error) => ({
      file,
      ...locateOffset(text, error.sourceLocations?.[0]?.start ?? 0),
      cause: error.message,
      fix: error.help ?? expectation(error) ?? 'Correct the Cedar syntax.',
    }));
    return { policies: [], problems };
  }
  const policies: ReadPolicy[] = [];
  const problems: Problem[] = [];
  let searchFrom = 0;
  parts.policies.forEach((policy, index) => {
    const offset = Math.max(searchFrom, text.indexOf(policy, searchFrom));
    searchFrom = offset + policy.length;
    const place = { file, ...locateCharacter(text, offset) };
    const parsed = cedar.policyToJson(policy);
    if (parsed.type === 'failure') {
      const [error] = parsed.errors;
      const cause = error?.message ?? 'Cedar cannot read the policy';
      problems.push({ ...place, cause, fix: 'Correct the policy.' });
      return;
    }
    const named = parsed.json.annotations?.['id'];
    const id = named ?? `${file.slice('policies/'.length, -'.cedar'.length)}#${index + 1}`;
    policies.push({ id, text: policy, ...place, json: parsed.json });
  });
  parts.policy_templates.forEach((template) => {
    const place = { file, ...locateCharacter(text, Math.max(0, text.indexOf(template))) };
    const cause = 'a policy template has no links here, so it would have no effect';
    problems.push({ ...place, cause, fix: 'Write it as a policy.' });
  });
  return { policies, problems };
}

function checkIds(policies: readonly ReadPolicy[]): Problem[] {
  const seen = new Set<string>();
  return policies.flatMap(({ id, file, line, column }) => {
    if (!POLICY_ID.test(id)) {
      const cause = `${JSON.stringify(id)} cannot be the id of a policy`;
      return [{ file, line, column, cause, fix: 'Use letters, digits, spaces and . _ # / : - for its @id.' }];
    }
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const cause = `a policy with the id ${id} stands twice`;
    return [{ file, line, column, cause, fix: 'Give each policy an @id of its own.' }];
  });
}

/** Holds a policy against the schema, and says where in it the two disagree. */
function validatePolicy(policy: ReadPolicy, schema: string): Problem[] {
  const answer = cedar.validate({
    schema,
    policies: { staticPolicies: { policy: policy.text } },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return answer.errors.map((error) => explain(policy, error));
  // A warning says again in general what an error says exactly; alone, it is a policy that can never apply.
  const found = answer.validationErrors.length > 0 ? answer.validationErrors : answer.validationWarnings;
  return found.map(({ error }) => explain(policy, error));
}

function explain(policy: ReadPolicy, error: cedar.DetailedError): Problem {
  const inside = locateOffset(policy.text, error.sourceLocations?.[0]?.start ?? 0);
  return {
    file: policy.file,
    line: policy.line + inside.line - 1,
    column: inside.line === 1 ? policy.column + inside.column - 1 : inside.column,
    cause: error.message.replaceAll('for policy `policy`, ', ''),
    fix: error.help ?? 'Correct the policy, or the schema that it disagrees with.',
  };
}

function expectation(error: cedar.DetailedError): string | undefined {
  const label = error.sourceLocations?.[0]?.label;
  return label?.startsWith('expected') === true ? `Write what is ${label}.` : undefined;
}

/** Cedar counts in UTF-8 bytes. */
function locateOffset(text: string, offsetBytes: number): { line: number; column: number } {
  return locateEnd(Buffer.from(text, 'utf8').subarray(0, offsetBytes).toString('utf8'));
}

function locateCharacter(text: string, offset: number): { line: number; column: number } {
  return locateEnd(text.slice(0, offset));
}

function locateEnd(before: string): { line: number; column: number } {
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
