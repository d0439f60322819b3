import type {
  AppliedGuardrailDetails,
  ApplyGuardrailResponse,
  GuardrailAssessment,
  GuardrailSource,
  GuardrailUsage,
  OutputScope,
  SensitiveAction,
} from './response.ts';
import type { Rule, RuleAction } from './rules.ts';

/** A rule that matched, with the text that it matched. */
export type Finding = { rule: Rule; match: string };

/** What a response is made of. */
export type VerdictFacts = {
  source: GuardrailSource;
  rules: readonly Rule[];
  findings: readonly Finding[];
  /** Characters (UTF-16 code units) that were looked at, and all of them. */
  characters: { guarded: number; total: number };
  /** The texts with everything masked, one per content block; asked for only where something is. */
  maskedTexts: () => string[];
  blockedMessage: string;
  details: AppliedGuardrailDetails;
  latencyMs: number;
  outputScope: OutputScope;
};

const CHARACTERS_PER_UNIT = 1000;

/** Says what ApplyGuardrail says about these findings. */
export function describeVerdict(facts: VerdictFacts): ApplyGuardrailResponse {
  const { findings, rules } = facts;
  const isBlocked = findings.some(({ rule }) => rule.action === 'BLOCK');
  const isMasked = !isBlocked && findings.some(({ rule }) => rule.action === 'ANONYMIZE');
  const usage = countUsage(rules, facts.characters.total);
  const guardrailCoverage = { textCharacters: { ...facts.characters } };
  if (rules.length === 0) guardrailCoverage.textCharacters.guarded = 0;
  const outputs = isBlocked
    ? [{ text: facts.blockedMessage }]
    : isMasked
      ? facts.maskedTexts().map((text) => ({ text }))
      : [];
  return {
    usage,
    action: isBlocked || isMasked ? 'GUARDRAIL_INTERVENED' : 'NONE',
    actionReason: isBlocked ? 'Guardrail blocked.' : isMasked ? 'Guardrail masked.' : 'No action.',
    outputs,
    // A direction in which everything is switched off gives no assessment.
    assessments: rules.length === 0 ? [] : [assess(facts, { isBlocked, usage, guardrailCoverage })],
    guardrailCoverage,
  };
}

function assess(
  facts: VerdictFacts,
  verdict: {
    isBlocked: boolean;
    usage: GuardrailUsage;
    guardrailCoverage: ApplyGuardrailResponse['guardrailCoverage'];
  },
): GuardrailAssessment {
  const { isBlocked, usage, guardrailCoverage } = verdict;
  return {
    ...describeFindings(facts, isBlocked),
    invocationMetrics: {
      guardrailProcessingLatency: Math.round(facts.latencyMs),
      usage: { ...usage },
      guardrailCoverage: { textCharacters: { ...guardrailCoverage.textCharacters } },
    },
    appliedGuardrailDetails: { ...facts.details, guardrailOrigin: [...facts.details.guardrailOrigin] },
  };
}

type Policies = Pick<GuardrailAssessment, 'wordPolicy' | 'sensitiveInformationPolicy'>;

function describeFindings({ findings, rules, outputScope }: VerdictFacts, isBlocked: boolean): Policies {
  const customWords: NonNullable<Policies['wordPolicy']>['customWords'] = [];
  const piiEntities: NonNullable<NonNullable<Policies['sensitiveInformationPolicy']>['piiEntities']> = [];
  const regexes: NonNullable<NonNullable<Policies['sensitiveInformationPolicy']>['regexes']> = [];
  for (const { rule, match } of findings) {
    if (rule.kind === 'word') {
      customWords.push({ match, action: rule.action === 'BLOCK' ? 'BLOCKED' : 'NONE', detected: true });
      continue;
    }
    const action = describeAction(rule.action, isBlocked);
    if (rule.kind === 'pii') piiEntities.push({ match, type: rule.type, action, detected: true });
    else regexes.push({ name: rule.name, match, regex: rule.regex, action, detected: true });
  }
  if (outputScope === 'FULL') {
    const found = new Set(piiEntities.map(({ type }) => type));
    for (const rule of rules) {
      if (rule.kind !== 'pii' || found.has(rule.type)) continue;
      piiEntities.push({ match: '', type: rule.type, action: 'NONE', detected: false });
    }
  }
  const sensitive = {
    ...(piiEntities.length > 0 ? { piiEntities } : {}),
    ...(regexes.length > 0 ? { regexes } : {}),
  };
  return {
    ...(customWords.length > 0 ? { wordPolicy: { customWords } } : {}),
    ...(piiEntities.length + regexes.length > 0 ? { sensitiveInformationPolicy: sensitive } : {}),
  };
}

// A block beats a mask: what would have been masked then shows no action.
function describeAction(action: RuleAction, isBlocked: boolean): SensitiveAction {
  if (action === 'BLOCK') return 'BLOCKED';
  return action === 'ANONYMIZE' && !isBlocked ? 'ANONYMIZED' : 'NONE';
}

function countUsage(rules: readonly Rule[], characters: number): GuardrailUsage {
  const units = Math.ceil(characters / CHARACTERS_PER_UNIT);
  const unitsFor = (kind: Rule['kind']) => (rules.some((rule) => rule.kind === kind) ? units : 0);
  return {
    topicPolicyUnits: 0,
    contentPolicyUnits: 0,
    wordPolicyUnits: unitsFor('word'),
    sensitiveInformationPolicyUnits: unitsFor('pii'),
    sensitiveInformationPolicyFreeUnits: unitsFor('regex'),
    contextualGroundingPolicyUnits: 0,
    contentPolicyImageUnits: 0,
    automatedReasoningPolicyUnits: 0,
    automatedReasoningPolicies: 0,
  };
}
