import type { ClassifiedPolicy } from './classified.ts';
import type { Direction, Metered } from './compiled.ts';
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
  /** The texts with everything masked, one per content block. */
  maskedTexts: readonly string[];
  latencyMs: number;
  outputScope: OutputScope;
};

const CHARACTERS_PER_UNIT = 1000;

/** What is metered of a direction with these controls. */
export function listMetered(controls: Pick<Direction, 'ruleSet' | 'policies' | 'grounding'>): Metered {
  const { ruleSet, policies, grounding } = controls;
  const hasRule = (...kinds: Rule['kind'][]) => ruleSet.rules.some(({ kind }) => kinds.includes(kind));
  const hasPolicy = (unit: ClassifiedPolicy['unit']) => policies.some((policy) => policy.unit === unit);
  return {
    isOn: ruleSet.rules.length + policies.length > 0 || grounding !== undefined,
    topics: hasPolicy('topicPolicyUnits'),
    content: hasPolicy('contentPolicyUnits'),
    words: hasRule('word', 'managed'),
    pii: hasRule('pii'),
    regexes: hasRule('regex'),
  };
}

/** Whether there is nothing that a response would name. Of what classifiers say, only the response knows. */
export function isClean({ direction, findings, grounding }: VerdictFacts): boolean {
  return findings.length === 0 && grounding.length === 0 && direction.policies.length === 0;
}

/** Says what ApplyGuardrail says about these findings. */
export function describeVerdict(facts: VerdictFacts): ApplyGuardrailResponse {
  const { findings, direction, characters } = facts;
  const isBlocked =
    findings.some(({ rule }) => rule.action === 'BLOCK') ||
    direction.policies.some((policy, i) => policy.isBlocked(facts.scores[i] ?? [])) ||
    facts.grounding.some(({ action }) => action === 'BLOCKED');
  const isMasked = !isBlocked && findings.some(({ rule }) => rule.action === 'ANONYMIZE');
  const { isOn } = direction.metered;
  const usage = countUsage(facts);
  const guardrailCoverage = {
    textCharacters: { guarded: isOn ? characters.guarded : 0, total: characters.total },
  };
  const outputs = isBlocked
    ? [{ text: direction.blockedMessage }]
    : isMasked
      ? facts.maskedTexts.map((text) => ({ text }))
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
  const classified: Partial<GuardrailAssessment> = {};
  policies.forEach((policy, i) => Object.assign(classified, policy.describe(scores[i] ?? [], outputScope)));
  const { topicPolicy, contentPolicy } = classified;
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
  const { metered } = direction;
  const units = Math.ceil(characters.total / CHARACTERS_PER_UNIT);
  return {
    topicPolicyUnits: metered.topics ? units : 0,
    contentPolicyUnits: metered.content ? units : 0,
    wordPolicyUnits: metered.words ? units : 0,
    sensitiveInformationPolicyUnits: metered.pii ? units : 0,
    sensitiveInformationPolicyFreeUnits: metered.regexes ? units : 0,
    contextualGroundingPolicyUnits: grounding.length > 0 ? units : 0,
    contentPolicyImageUnits: 0,
    automatedReasoningPolicyUnits: 0,
    automatedReasoningPolicies: 0,
  };
}
