import { listUnsupportedPolicies, parseGuardrailConfig } from '../guardrail-engine/index.ts';
import type { Part } from './parts.ts';
import type { Problem } from './problem.ts';

/** What is wrong with a guardrail's configuration, and what in it the embedded engine could not enforce. */
export function checkGuardrailConfig(part: Part<unknown>): Problem[] {
  const { file } = part.parsed;
  const result = parseGuardrailConfig(part.value);
  if (!result.ok) {
    return result.errors.map((error) => ({
      file,
      ...part.parsed.locate(toKeys(error.path)),
      cause: error.message,
      fix: error.fix ?? "Correct it as Bedrock's CreateGuardrail describes it.",
    }));
  }
  return listUnsupportedPolicies(result.config).map((unsupported) => ({
    file,
    ...part.parsed.locate(toKeys(unsupported.path)),
    cause: `${unsupported.policy}: ${unsupported.reason}`,
    fix: 'Remove the policy, or keep the guardrail in Amazon Bedrock (guardrails/NAME/VERSION.yaml with engine: bedrock).',
  }));
}

/** `wordPolicyConfig.wordsConfig[2].text` → its keys. */
function toKeys(path: string): PropertyKey[] {
  return [...path.matchAll(/([^.[\]]+)/g)].map(([key]) => (/^[0-9]+$/.test(key) ? Number(key) : key));
}
