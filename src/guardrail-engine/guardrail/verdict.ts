import type { Direction } from './compiled.ts';
import { describeFindings, type Finding } from './findings.ts';
import type {
  ApplyGuardrailResponse,
  GroundingFinding,
  GuardrailAssessment,
  GuardrailCoverage,
  GuardrailUsage,
  OutputScope,
} from './response.ts';
import type { Rule } from './rules.ts';

export type { Finding } from './findings.ts';

/** What a response is made of. */
export type VerdictFacts = {
  direction: Direction;
  /** What the rules found. */
  findings: readonly Finding[];
  /** By classified policy and label: the worst score. */
  scores: readonly (readonly number[])[];
  grounding: readonly GroundingFinding[];
  /** Characters (UTF-16 code units) that were looked at, and all of them. */
  characters: { guarded: number; total: number };
  /** The texts with everything masked, one per content block; asked for only where something is. */
  maskedTexts: () => string[];
  latencyMs: number;
  outputScope: OutputScope;
};

const CHARACTERS_PER_UNIT = 1000;

/** Says what ApplyGuardrail says about these findings. */
export function describeVerdict(facts: VerdictFacts): ApplyGuardrailResponse {
  const { findings, direction, characters } = facts;
  const isBlocked =
    findings.some(({ rule }) => rule.action === 'BLOCK') ||
    direction.policies.some((policy, i) => policy.isBlocked(facts.scores[i] ?? [])) ||
    facts.grounding.some(({ action }) => action === 'BLOCKED');
  const isMasked = !isBlocked && findings.some(({ rule }) => rule.action === 'ANONYMIZE');
  const isOn =
    direction.ruleSet.rules.length + direction.policies.length > 0 || direction.grounding !== undefined;
  const usage = countUsage(facts);
  const guardrailCoverage = {
    textCharacters: { guarded: isOn ? characters.guarded : 0, total: characters.total },
  };
  const outputs = isBlocked
    ? [{ text: direction.blockedMessage }]
    : isMasked
      ? facts.maskedTexts().map((text) => ({ text }))
      : [];
  return {
    usage,
    action: isBlocked || isMasked ? 'GUARDRAIL_INTERVENED' : 'NONE',
    actionReason: isBlocked ? 'Guardrail blocked.' : isMasked ? 'Guardrail masked.' : 'No action.',
    outputs,
    // A direction in which everything is switched off gives no assessment.
    assessments: isOn ? [assess(facts, { isBlocked, usage, guardrailCoverage })] : [],
    guardrailCoverage,
  };
}

function assess(
  facts: VerdictFacts,
  verdict: { isBlocked: boolean; usage: GuardrailUsage; guardrailCoverage: GuardrailCoverage },
): GuardrailAssessment {
  const { direction, scores, outputScope } = facts;
  const { details, policies, ruleSet } = direction;
  const { isBlocked, usage, guardrailCoverage } = verdict;
  const classified = policies.map((policy, i) => policy.describe(scores[i] ?? [], outputScope));
  const { topicPolicy, contentPolicy } = Object.assign({}, ...classified) as Partial<GuardrailAssessment>; // each is one
  return {
    ...(topicPolicy ? { topicPolicy } : {}),
    ...(contentPolicy ? { contentPolicy } : {}),
    ...describeFindings(facts.findings, { rules: ruleSet.rules, outputScope, isBlocked }),
    ...(facts.grounding.length > 0 ? { contextualGroundingPolicy: { filters: [...facts.grounding] } } : {}),
    invocationMetrics: {
      guardrailProcessingLatency: Math.round(facts.latencyMs),
      usage: { ...usage },
      guardrailCoverage: { textCharacters: { ...guardrailCoverage.textCharacters } },
    },
    appliedGuardrailDetails: { ...details, guardrailOrigin: [...details.guardrailOrigin] },
  };
}

function countUsage({ direction, characters, grounding }: VerdictFacts): GuardrailUsage {
  const { rules } = direction.ruleSet;
  const units = Math.ceil(characters.total / CHARACTERS_PER_UNIT);
  const unitsFor = (...kinds: Rule['kind'][]) => (rules.some(({ kind }) => kinds.includes(kind)) ? units : 0);
  const unitsOf = (unit: string) => (direction.policies.some((policy) => policy.unit === unit) ? units : 0);
  return {
    topicPolicyUnits: unitsOf('topicPolicyUnits'),
    contentPolicyUnits: unitsOf('contentPolicyUnits'),
    wordPolicyUnits: unitsFor('word', 'managed'),
    sensitiveInformationPolicyUnits: unitsFor('pii'),
    sensitiveInformationPolicyFreeUnits: unitsFor('regex'),
    contextualGroundingPolicyUnits: grounding.length > 0 ? units : 0,
    contentPolicyImageUnits: 0,
    automatedReasoningPolicyUnits: 0,
    automatedReasoningPolicies: 0,
  };
}
