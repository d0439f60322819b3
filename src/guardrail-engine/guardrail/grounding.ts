import type { GuardrailConfig } from './config-schema.ts';
import type { Classifiers, GroundingInput } from './policies.ts';
import type { GroundingFinding, GuardrailSource } from './response.ts';

/** Contextual grounding, as it is configured: of responses only. */
export type GroundingPolicy = {
  /** What the filters say of a response. */
  judge(input: GroundingInput): GroundingFinding[];
};

/** The contextual grounding of a direction, where there is any. */
export function compileGrounding(
  config: GuardrailConfig,
  source: GuardrailSource,
  { scoreGrounding }: Classifiers,
): GroundingPolicy | undefined {
  const filters = config.contextualGroundingPolicyConfig?.filtersConfig.filter(
    ({ enabled }) => enabled !== false,
  );
  if (source === 'INPUT' || !filters || filters.length === 0) return undefined;
  return {
    judge(input) {
      const scores = scoreGrounding(input);
      return filters.map(({ type, threshold, action = 'BLOCK' }) => {
        const score = type === 'GROUNDING' ? scores.grounding : scores.relevance;
        // A score that reaches the threshold passes.
        const detected = score < threshold;
        return {
          type,
          threshold,
          score,
          action: detected && action === 'BLOCK' ? 'BLOCKED' : 'NONE',
          detected,
        };
      });
    },
  };
}
