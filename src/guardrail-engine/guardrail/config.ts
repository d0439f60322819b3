import { z } from 'zod';
import {
  describeIssue,
  guardrailSchema,
  type GuardrailConfig,
  type GuardrailConfigError,
} from './config-schema.ts';

export type { GuardrailConfig, GuardrailConfigError } from './config-schema.ts';

/** A configuration that is right, or everything that is wrong with it. */
export type ParsedGuardrailConfig =
  | { ok: true; config: GuardrailConfig }
  | { ok: false; errors: GuardrailConfigError[] };

/** Reads a CreateGuardrail request; an unknown field is an error, since a misspelt control would never run. */
export function parseGuardrailConfig(json: unknown): ParsedGuardrailConfig {
  const result = z.safeParse(guardrailSchema, json);
  if (!result.success) return { ok: false, errors: result.error.issues.flatMap(describeIssue) };
  const errors = listDuplicates(result.data);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: result.data };
}

// Two entries for one thing would leave open which action holds.
function listDuplicates(config: GuardrailConfig): GuardrailConfigError[] {
  const { piiEntitiesConfig = [], regexesConfig = [] } = config.sensitiveInformationPolicyConfig ?? {};
  const policy = 'sensitiveInformationPolicyConfig';
  return [
    ...repeatedIndexes(piiEntitiesConfig.map(({ type }) => type)).map(
      (i) => `${policy}.piiEntitiesConfig[${i}].type`,
    ),
    ...repeatedIndexes(regexesConfig.map(({ name }) => name)).map(
      (i) => `${policy}.regexesConfig[${i}].name`,
    ),
  ].map((path) => ({ path, message: 'is configured twice', fix: 'keep one of the two' }));
}

function repeatedIndexes(values: readonly string[]): number[] {
  return values.flatMap((value, i) => (values.indexOf(value) < i ? [i] : []));
}
