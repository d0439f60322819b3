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
  return { ok: true, config: result.data };
}
