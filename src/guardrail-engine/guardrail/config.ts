import { z } from 'zod';
import { describeIssue, type GuardrailConfigError } from './config-error.ts';
import { guardrailSchema, type GuardrailConfig } from './config-schema.ts';

export { describeValidationException, type GuardrailConfigError } from './config-error.ts';
export type { GuardrailConfig } from './config-schema.ts';

/** A configuration that is right, or everything that is wrong with it. */
export type ParsedGuardrailConfig =
  | { ok: true; config: GuardrailConfig }
  | { ok: false; errors: GuardrailConfigError[] };

/** Reads a CreateGuardrail request; an unknown field is an error, since a misspelt control would never run. */
export function parseGuardrailConfig(json: unknown): ParsedGuardrailConfig {
  const result = z.safeParse(guardrailSchema, json);
  if (!result.success) {
    return { ok: false, errors: result.error.issues.flatMap((issue) => describeIssue(issue, json)) };
  }
  const errors = RULES.flatMap((rule) => rule(result.data));
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: result.data };
}

// What the service asks for beyond its model.
const RULES: readonly ((config: GuardrailConfig) => GuardrailConfigError[])[] = [
  listDuplicates,
  listTiersWithoutProfile,
  listPromptAttackOfOutput,
  listThresholds,
  listLongPhrases,
];

// Two entries for one thing would leave open which action holds.
function listDuplicates(config: GuardrailConfig): GuardrailConfigError[] {
  const { piiEntitiesConfig, regexesConfig } = config.sensitiveInformationPolicyConfig ?? {};
  const lists: readonly [path: string, key: string, values: readonly string[] | undefined][] = [
    ['topicPolicyConfig.topicsConfig', 'name', config.topicPolicyConfig?.topicsConfig.map(({ name }) => name)],
    ['contentPolicyConfig.filtersConfig', 'type', config.contentPolicyConfig?.filtersConfig.map(({ type }) => type)],
    ['wordPolicyConfig.managedWordListsConfig', 'type', config.wordPolicyConfig?.managedWordListsConfig?.map(({ type }) => type)],
    ['sensitiveInformationPolicyConfig.piiEntitiesConfig', 'type', piiEntitiesConfig?.map(({ type }) => type)],
    ['sensitiveInformationPolicyConfig.regexesConfig', 'name', regexesConfig?.map(({ name }) => name)],
    ['contextualGroundingPolicyConfig.filtersConfig', 'type', config.contextualGroundingPolicyConfig?.filtersConfig.map(({ type }) => type)],
  ]; // prettier-ignore
  return lists.flatMap(([path, key, values = []]) =>
    repeatedIndexes(values).map((i) => ({
      path: `${path}[${i}].${key}`,
      message: 'is configured twice',
      fix: 'keep one of the two',
    })),
  );
}

function repeatedIndexes(values: readonly string[]): number[] {
  return values.flatMap((value, i) => (values.indexOf(value) < i ? [i] : []));
}

const TIERED = ['topicPolicyConfig', 'contentPolicyConfig', 'contextualGroundingPolicyConfig'] as const;

function listTiersWithoutProfile(config: GuardrailConfig): GuardrailConfigError[] {
  if (config.crossRegionConfig) return [];
  return TIERED.filter((policy) => config[policy]?.tierConfig?.tierName === 'STANDARD').map((policy) => ({
    path: `${policy}.tierConfig.tierName`,
    message: 'the STANDARD tier needs a guardrail profile',
    fix: 'add crossRegionConfig.guardrailProfileIdentifier (such as us.guardrail.v1:0), or take the CLASSIC tier',
  }));
}

function listPromptAttackOfOutput(config: GuardrailConfig): GuardrailConfigError[] {
  return (config.contentPolicyConfig?.filtersConfig ?? []).flatMap(({ type, outputStrength }, i) => {
    if (type !== 'PROMPT_ATTACK' || outputStrength === 'NONE') return [];
    return [
      {
        path: `contentPolicyConfig.filtersConfig[${i}].outputStrength`,
        message: 'a prompt attack is looked for in the input only',
        fix: 'set outputStrength to NONE',
      },
    ];
  });
}

// A threshold of 1 would block every response.
function listThresholds(config: GuardrailConfig): GuardrailConfigError[] {
  return (config.contextualGroundingPolicyConfig?.filtersConfig ?? []).flatMap(({ threshold }, i) =>
    threshold <= MOST_THRESHOLD
      ? []
      : [
          {
            path: `contextualGroundingPolicyConfig.filtersConfig[${i}].threshold`,
            message: `must be at most ${MOST_THRESHOLD}`,
          },
        ],
  );
}

const MOST_THRESHOLD = 0.99;
const MOST_WORDS = 3;

function listLongPhrases(config: GuardrailConfig): GuardrailConfigError[] {
  return (config.wordPolicyConfig?.wordsConfig ?? []).flatMap(({ text }, i) =>
    text.trim().split(/\s+/).length <= MOST_WORDS
      ? []
      : [
          {
            path: `wordPolicyConfig.wordsConfig[${i}].text`,
            message: `a phrase has at most ${MOST_WORDS} words`,
            fix: 'shorten it, or use a custom regex',
          },
        ],
  );
}
