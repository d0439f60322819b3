import type { z } from 'zod';

/**
 * What is wrong with a configuration: `path` is like `wordPolicyConfig.wordsConfig[3].text`. `constraint` is what
 * Bedrock says of it, where its service model has the constraint.
 */
export type GuardrailConfigError = { path: string; message: string; fix?: string; constraint?: string };

/** The message of the ValidationException that Bedrock gives for these errors. */
export function describeValidationException(errors: readonly GuardrailConfigError[]): string {
  const constraints = errors.flatMap(({ constraint }) => (constraint === undefined ? [] : [constraint]));
  // What the service model does not say, the service says in a sentence of its own.
  if (constraints.length === 0) return errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const count = `${constraints.length} validation error${constraints.length === 1 ? '' : 's'} detected`;
  return `${count}: ${constraints.join('; ')}`;
}

/** Turns what the schema found into errors with paths as people write them. */
export function describeIssue(issue: z.core.$ZodIssue, json: unknown): GuardrailConfigError[] {
  const path = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: `unknown field "${key}"`,
      fix: 'remove it or correct its spelling: a field that is not understood would be a control that never runs',
    }));
  }
  const rule = describeRule(issue, valueAt(json, issue.path));
  if (rule === undefined) return [{ path, message: issue.message }];
  const constraint = `${describeValue(json, issue.path)} at '${formatMember(issue.path)}' failed to satisfy constraint: ${rule}`;
  return [{ path, message: issue.message, constraint }];
}

function describeRule(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'Member must not be null' : undefined;
    case 'too_small':
      return issue.origin === 'number'
        ? `Member must have value greater than or equal to ${issue.minimum}`
        : `Member must have length greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'number'
        ? `Member must have value less than or equal to ${issue.maximum}`
        : `Member must have length less than or equal to ${issue.maximum}`;
    case 'invalid_format':
      return 'pattern' in issue && issue.pattern !== undefined
        ? `Member must satisfy regular expression pattern: ${readPattern(issue.pattern)}`
        : undefined;
    case 'invalid_value':
      return value === undefined
        ? 'Member must not be null'
        : `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
    default:
      return undefined;
  }
}

// The schema's patterns are those of the service model, bound to the whole text.
function readPattern(pattern: string): string {
  return /^\/\^\(\?:(.*)\)\$\/u$/s.exec(pattern)?.[1] ?? pattern;
}

const MOST_SHOWN_UNITS = 100;

function describeValue(json: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(json, path);
  if (value === undefined || value === null) return 'Value null';
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return `Value '${shown.length > MOST_SHOWN_UNITS ? `${shown.slice(0, MOST_SHOWN_UNITS)}…` : shown}'`;
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined, // any key
    json,
  );
}

// AWS counts the members of a list from 1.
function formatMember(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `${key + 1}.member` : String(key))).join('.');
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );
}
