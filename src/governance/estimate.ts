import {
  METERED_POLICIES,
  type GuardrailPrice,
  type GuardrailReference,
  type MeteredPolicy,
  type TokenPrice,
} from '../road/governed.ts';
import { AWS_LIST_PRICES } from './aws-list-prices.ts';

/** A line of a monthly bill. */
export interface BillLine {
  readonly component: string;
  readonly quantity: number;
  readonly unit: string;
  readonly microUsd: number;
}

export interface Traffic {
  readonly requestsPerDay: number;
  /** Of one request. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const DAYS_A_MONTH = 365 / 12;
const CHARACTERS_A_TOKEN = 4;
const UNIT_CHARACTERS = 1000;

/** What a month costs: model, guardrail units, and the parts of a deployment on AWS. */
export function estimateMonth(order: {
  readonly traffic: Traffic;
  readonly tokens: TokenPrice;
  readonly guardrail: GuardrailPrice;
  readonly policies: readonly MeteredPolicy[];
}): BillLine[] {
  const { traffic, tokens, guardrail, policies } = order;
  const requests = Math.round(traffic.requestsPerDay * DAYS_A_MONTH);
  const model = (what: 'input' | 'output', perRequest: number, microUsdPerMillion: number) =>
    describePart({ name: `model, ${what}`, unit: 'tokens', microUsdPerMillion, perRequest }, requests);
  return [
    model('input', traffic.inputTokens, tokens.inputMicroUsdPerMillion),
    model('output', traffic.outputTokens, tokens.outputMicroUsdPerMillion),
    ...policies.map((policy) =>
      describePart(
        {
          name: `guardrail, ${policy}`,
          unit: 'text units',
          microUsdPerMillion: (guardrail[policy] ?? 0) * 1000,
          perRequest: countUnits(policy, traffic),
        },
        requests,
      ),
    ),
    ...AWS_LIST_PRICES.parts.map((part) => describePart(part, requests)),
  ];
}

/** Which policies of a guardrail a provider meters: those that its configuration has; all, where it is not known here. */
export function listMeteredPolicies({ config }: GuardrailReference): readonly MeteredPolicy[] {
  if (typeof config !== 'object' || config === null) return METERED_POLICIES;
  const entries = new Map<string, unknown>(Object.entries(config));
  return METERED_POLICIES.filter((policy) => isMetered(policy, entries.get(CONFIG_KEYS[policy])));
}

/** Regexes are part of the policy on sensitive information, and cost nothing. */
function isMetered(policy: MeteredPolicy, config: unknown): boolean {
  if (typeof config !== 'object' || config === null) return false;
  if (policy !== 'sensitiveInformation') return true;
  return (
    'piiEntitiesConfig' in config &&
    Array.isArray(config.piiEntitiesConfig) &&
    config.piiEntitiesConfig.length > 0
  );
}

const CONFIG_KEYS: Readonly<Record<MeteredPolicy, string>> = {
  contentFilter: 'contentPolicyConfig',
  deniedTopic: 'topicPolicyConfig',
  sensitiveInformation: 'sensitiveInformationPolicyConfig',
  contextualGrounding: 'contextualGroundingPolicyConfig',
  automatedReasoning: 'automatedReasoningPolicyConfig',
};

/** Prompt and answer are judged by themselves; grounding judges the answer, together with what it is grounded in. */
function countUnits(policy: MeteredPolicy, { inputTokens, outputTokens }: Traffic): number {
  const [input, output] = [toUnits(inputTokens), toUnits(outputTokens)];
  if (policy === 'contextualGrounding') return input + output;
  return policy === 'automatedReasoning' ? output : input + output;
}

function toUnits(tokens: number): number {
  return Math.ceil((tokens * CHARACTERS_A_TOKEN) / UNIT_CHARACTERS);
}

type Part = { readonly name: string; readonly unit: string } & (
  | { readonly microUsdPerMonth: number; readonly count: number }
  | { readonly microUsdPerMillion: number; readonly perRequest: number }
);

function describePart(part: Part, requests: number): BillLine {
  const { name: component, unit } = part;
  if ('count' in part)
    return { component, unit, quantity: part.count, microUsd: part.count * part.microUsdPerMonth };
  const quantity = part.perRequest * requests;
  return { component, unit, quantity, microUsd: Math.ceil((quantity * part.microUsdPerMillion) / 1_000_000) };
}
