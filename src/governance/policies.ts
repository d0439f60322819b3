import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Problem } from './problem.ts';
import type { Source } from './source.ts';

/** Cedar policies of a repository: text by id, and the schema they were validated against. */
export interface PolicySources {
  readonly policies: Readonly<Record<string, string>>;
  readonly schema: string;
}

const SCHEMA_FILE = 'policies/schema.cedarschema';

/** Reads and validates every `policies/*.cedar`. A policy's id is its `@id`, or its file and number. */
export function compilePolicies(source: Source): { sources: PolicySources; problems: Problem[] } {
  const problems: Problem[] = [];
  const schema = source.files.get(SCHEMA_FILE);
  if (schema === undefined) {
    problems.push({
      file: SCHEMA_FILE,
      line: 1,
      column: 1,
      cause: 'the Cedar schema is missing, so no policy can be validated',
      fix: 'Add it; `goldenpath init` writes one.',
    });
    return { sources: { policies: {}, schema: '' }, problems };
  }
  problems.push(...checkSchema(schema));
  const policies: Record<string, string> = {};
  for (const [file, text] of source.files) {
    if (!file.startsWith('policies/') || !file.endsWith('.cedar')) continue;
    problems.push(...readPolicies({ file, text, schema, policies }));
  }
  if (problems.length === 0 && Object.keys(policies).length === 0) {
    problems.push({
      file: 'policies',
      line: 1,
      column: 1,
      cause: 'there is no policy, so every request would be denied',
      fix: 'Add policies/*.cedar with at least one permit.',
    });
  }
  return { sources: { policies, schema }, problems };
}

function checkSchema(schema: string): Problem[] {
  const answer = cedar.checkParseSchema(schema);
  if (answer.type === 'success') return [];
  return answer.errors.map((error) => ({
    file: SCHEMA_FILE,
    ...locateOffset(schema, error.sourceLocations?.[0]?.start ?? 0),
    cause: error.message,
    fix: error.help ?? 'Correct the Cedar schema.',
  }));
}

/** Adds a file's policies to `policies`, and returns what is wrong with them. */
function readPolicies(input: {
  file: string;
  text: string;
  schema: string;
  policies: Record<string, string>;
}): Problem[] {
  const { file, text } = input;
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') {
    return parts.errors.map((error) => ({
      file,
      ...locateOffset(text, error.sourceLocations?.[0]?.start ?? 0),
      cause: error.message,
      fix: error.help ?? 'Correct the Cedar syntax.',
    }));
  }
  const problems: Problem[] = [];
  let searchFrom = 0;
  parts.policies.forEach((policy, index) => {
    const offset = Math.max(searchFrom, text.indexOf(policy, searchFrom));
    searchFrom = offset + policy.length;
    const place = { file, ...locateOffset(text, offset) };
    const id = readPolicyId(policy) ?? `${file.slice('policies/'.length, -'.cedar'.length)}#${index + 1}`;
    if (input.policies[id] !== undefined) {
      problems.push({
        ...place,
        cause: `a policy with the id ${id} stands twice`,
        fix: 'Give each policy an @id of its own.',
      });
    }
    input.policies[id] = policy;
    problems.push(...validatePolicy(policy, input.schema).map((cause) => ({ ...place, ...cause })));
  });
  if (parts.policy_templates.length > 0) {
    problems.push({
      file,
      line: 1,
      column: 1,
      cause: 'a policy template has no links here',
      fix: 'Write it as a policy.',
    });
  }
  return problems;
}

function readPolicyId(policy: string): string | undefined {
  const parsed = cedar.policyToJson(policy);
  return parsed.type === 'success' ? parsed.json.annotations?.['id'] : undefined;
}

function validatePolicy(policy: string, schema: string): { cause: string; fix: string }[] {
  const answer = cedar.validate({
    schema,
    policies: { staticPolicies: { policy } },
    validationSettings: { mode: 'strict' },
  });
  const errors =
    answer.type === 'failure'
      ? answer.errors
      : [...answer.validationErrors, ...answer.validationWarnings].map((problem) => problem.error);
  return errors.map((error) => ({
    cause: error.message.replaceAll('for policy `policy`, ', ''),
    fix: error.help ?? 'Correct the policy, or the schema that it disagrees with.',
  }));
}

/** Cedar counts in UTF-8 bytes; lines are what people look for, so the difference only ever moves the column. */
function locateOffset(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
