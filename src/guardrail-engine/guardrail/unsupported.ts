import { parseRegex } from '../regex/parse.ts';
import { RegexRefusedError } from '../regex/syntax.ts';
import { createScanner } from '../scan/scanner.ts';
import type { GuardrailConfig } from './config-schema.ts';

/** A control that is configured and that this engine cannot evaluate. */
export type UnsupportedPolicy = { path: string; policy: string; reason: string };

/** Lists what the embedded engine cannot evaluate; whoever gets a non-empty list must refuse the guardrail. */
export function listUnsupportedPolicies(config: GuardrailConfig): UnsupportedPolicy[] {
  const unsupported: UnsupportedPolicy[] = [];
  if (config.automatedReasoningPolicyConfig !== undefined)
    unsupported.push({
      path: 'automatedReasoningPolicyConfig',
      policy: 'automated reasoning',
      reason: 'runs on Amazon Bedrock only',
    });
  config.contentPolicyConfig?.filtersConfig.forEach((filter, i) => {
    for (const field of ['inputModalities', 'outputModalities'] as const) {
      if (!filter[field]?.includes('IMAGE')) continue;
      unsupported.push({
        path: `contentPolicyConfig.filtersConfig[${i}].${field}`,
        policy: `content filter ${filter.type} of images`,
        reason: 'the embedded engine sees text only',
      });
    }
  });
  return [...unsupported, ...listRefusedRegexes(config)];
}

function listRefusedRegexes(config: GuardrailConfig): UnsupportedPolicy[] {
  const regexes = config.sensitiveInformationPolicyConfig?.regexesConfig ?? [];
  return regexes.flatMap(({ name, pattern }, i) => {
    const reason = explainRefusal(pattern);
    if (reason === undefined) return [];
    const path = `sensitiveInformationPolicyConfig.regexesConfig[${i}].pattern`;
    return [{ path, policy: `custom regex "${name}"`, reason }];
  });
}

function explainRefusal(pattern: string): string | undefined {
  try {
    createScanner({ patterns: [{ node: parseRegex(pattern) }] });
    return undefined;
  } catch (error) {
    if (!(error instanceof RegexRefusedError)) throw error;
    return error.fix === undefined ? error.message : `${error.message}; ${error.fix}`;
  }
}
