import type { GuardrailConfig } from './config-schema.ts';
import { actionOf, BLOCK_BY_DEFAULT } from './direction.ts';
import type {
  Classifiers,
  Confidence,
  ContentCategory,
  ContentFilterType,
  FilterStrength,
  Tier,
  WindowClassifier,
} from './policies.ts';
import type { GuardrailAssessment, GuardrailSource, OutputScope } from './response.ts';

/** A policy that classifiers decide, as it is in one direction. */
export type ClassifiedPolicy = {
  readonly unit: 'contentPolicyUnits' | 'topicPolicyUnits';
  readonly classifier: WindowClassifier;
  /** Whether text with these scores is blocked. */
  isBlocked(scores: readonly number[]): boolean;
  /** What the assessment says of these scores. */
  describe(scores: readonly number[], scope: OutputScope): Partial<GuardrailAssessment>;
};

/** The policies of a direction that classifiers decide. */
export function listClassifiedPolicies(
  config: GuardrailConfig,
  source: GuardrailSource,
  classifiers: Classifiers,
): ClassifiedPolicy[] {
  const { createContentClassifier, compileTopics } = classifiers;
  return [
    ...listContentPolicy(config, source, createContentClassifier),
    ...listTopicPolicy(config, source, compileTopics),
  ];
}

const RANKS: Readonly<Record<Confidence, number>> = { NONE: 0, LOW: 1, MEDIUM: 2, HIGH: 3 };
// LOW strength blocks what is surely harmful, HIGH also what may be.
const LEAST_RANK: Readonly<Record<FilterStrength, number>> = { NONE: 4, LOW: 3, MEDIUM: 2, HIGH: 1 };

type ContentFilter = {
  type: ContentFilterType;
  strength: FilterStrength;
  action: 'BLOCK' | 'NONE';
  labels: readonly number[];
};

function listContentPolicy(
  config: GuardrailConfig,
  source: GuardrailSource,
  create: Classifiers['createContentClassifier'],
): ClassifiedPolicy[] {
  const tier = config.contentPolicyConfig?.tierConfig?.tierName ?? 'CLASSIC';
  const categories: ContentCategory[] = [];
  const filters: ContentFilter[] = [];
  for (const filter of config.contentPolicyConfig?.filtersConfig ?? []) {
    const strength = source === 'INPUT' ? filter.inputStrength : filter.outputStrength;
    const action = actionOf<'BLOCK' | 'NONE'>(filter, source, BLOCK_BY_DEFAULT);
    if (strength === 'NONE' || !action) continue;
    const labels = categoriesOf(filter.type, tier).map((category) => categories.push(category) - 1);
    filters.push({ type: filter.type, strength, action, labels });
  }
  if (filters.length === 0) return [];
  const classifier = create({ categories, tier });
  const judge = (scores: readonly number[]) =>
    filters.map((filter) => {
      const confidence = highest(
        filter.labels.map((label) => classifier.confidenceOf(label, scores[label] ?? 0)),
      );
      const detected = RANKS[confidence] >= LEAST_RANK[filter.strength];
      return { ...filter, confidence, detected, isBlocked: detected && filter.action === 'BLOCK' };
    });
  return [
    {
      unit: 'contentPolicyUnits',
      classifier,
      isBlocked: (scores) => judge(scores).some(({ isBlocked }) => isBlocked),
      describe(scores, scope) {
        const shown = judge(scores).filter(({ detected }) => detected || scope === 'FULL');
        if (shown.length === 0) return {};
        return {
          contentPolicy: {
            filters: shown.map(({ type, confidence, strength, detected, isBlocked }) => ({
              type,
              confidence,
              filterStrength: strength,
              action: isBlocked ? 'BLOCKED' : 'NONE',
              detected,
            })),
          },
        };
      },
    },
  ];
}

// Only the newer tier looks for attempts to make the model tell its instructions.
function categoriesOf(type: ContentFilterType, tier: Tier): ContentCategory[] {
  if (type !== 'PROMPT_ATTACK') return [type];
  return ['JAILBREAK', 'PROMPT_INJECTION', ...(tier === 'STANDARD' ? ['PROMPT_LEAKAGE' as const] : [])];
}

function highest(confidences: readonly Confidence[]): Confidence {
  return confidences.reduce((most, one) => (RANKS[one] > RANKS[most] ? one : most), 'NONE');
}

function listTopicPolicy(
  config: GuardrailConfig,
  source: GuardrailSource,
  compile: Classifiers['compileTopics'],
): ClassifiedPolicy[] {
  const topics = (config.topicPolicyConfig?.topicsConfig ?? []).flatMap((topic) => {
    const action = actionOf<'BLOCK' | 'NONE'>(topic, source, BLOCK_BY_DEFAULT);
    return action ? [{ ...topic, examples: topic.examples ?? [], action }] : [];
  });
  if (topics.length === 0) return [];
  const tier = config.topicPolicyConfig?.tierConfig?.tierName ?? 'CLASSIC';
  const classifier = compile({ topics, tier });
  const isDetected = (label: number, scores: readonly number[]) =>
    classifier.confidenceOf(label, scores[label] ?? 0) !== 'NONE';
  return [
    {
      unit: 'topicPolicyUnits',
      classifier,
      isBlocked: (scores) => topics.some(({ action }, i) => action === 'BLOCK' && isDetected(i, scores)),
      describe(scores, scope) {
        const found = topics.flatMap(({ name, action }, i) => {
          const detected = isDetected(i, scores);
          if (!detected && scope !== 'FULL') return [];
          const isBlocked = detected && action === 'BLOCK';
          return [
            {
              name,
              type: 'DENY' as const,
              action: isBlocked ? ('BLOCKED' as const) : ('NONE' as const),
              detected,
            },
          ];
        });
        return found.length > 0 ? { topicPolicy: { topics: found } } : {};
      },
    },
  ];
}
