import { PII_DETECTOR_TYPES } from '../pii/types.ts';
import { parseRegex } from '../regex/parse.ts';
import { RegexRefusedError } from '../regex/syntax.ts';
import { createScanner } from '../scan/scanner.ts';
import type { GuardrailConfig } from './config-schema.ts';

/** A control that is configured and that this engine cannot evaluate. */
export type UnsupportedPolicy = { path: string; policy: string; reason: string };

const MODEL_NEEDED = 'needs a model, which the embedded engine does not have';

/** Lists what the embedded engine cannot evaluate; whoever gets a non-empty list must refuse the guardrail. */
export function listUnsupportedPolicies(config: GuardrailConfig): UnsupportedPolicy[] {
  const whole = [
    ['topicPolicyConfig', 'denied topics', MODEL_NEEDED],
    ['contentPolicyConfig', 'content filters', MODEL_NEEDED],
    ['contextualGroundingPolicyConfig', 'contextual grounding', MODEL_NEEDED],
    ['automatedReasoningPolicyConfig', 'automated reasoning', 'runs on Amazon Bedrock only'],
  ] as const;
  const unsupported: UnsupportedPolicy[] = whole
    .filter(([path]) => config[path] !== undefined)
    .map(([path, policy, reason]) => ({ path, policy, reason }));

  config.wordPolicyConfig?.managedWordListsConfig?.forEach((list, i) => {
    unsupported.push({
      path: `wordPolicyConfig.managedWordListsConfig[${i}]`,
      policy: `managed word list ${list.type}`,
      reason: 'the list is kept by Amazon Bedrock and not published; put the words into wordsConfig',
    });
  });
  const detectable = new Set<string>(PII_DETECTOR_TYPES);
  config.sensitiveInformationPolicyConfig?.piiEntitiesConfig?.forEach((entity, i) => {
    if (detectable.has(entity.type)) return;
    unsupported.push({
      path: `sensitiveInformationPolicyConfig.piiEntitiesConfig[${i}].type`,
      policy: `PII type ${entity.type}`,
      reason: `the embedded engine has no detector for it (it has ${PII_DETECTOR_TYPES.join(', ')})`,
    });
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
