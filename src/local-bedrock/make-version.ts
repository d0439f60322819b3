import { listUnsupportedPolicies } from '../guardrail-engine/index.ts';
import type { Behaviour, Failure, GuardrailVersion, Idempotency } from './guardrail.ts';

/** A version of a guardrail, with what of it cannot be evaluated here. */
export function makeVersion(input: {
  readonly version: string;
  readonly config: Behaviour;
  readonly at: string;
  readonly createdAt?: string;
  readonly madeBy?: Idempotency | undefined;
}): GuardrailVersion {
  const { version, config, at, createdAt = at, madeBy } = input;
  const failures = listUnsupportedPolicies(config).map(({ path, policy, reason }): Failure => ({
    reason: `${policy}: ${reason}`,
    recommendation: `Remove ${path}, or try this guardrail on Amazon Bedrock.`,
  }));
  return { version, config, createdAt, updatedAt: at, failures, ...(madeBy && { madeBy }) };
}
