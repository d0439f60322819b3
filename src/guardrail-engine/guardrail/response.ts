import type { Confidence, ContentFilterType, FilterStrength, TextOrigin } from './policies.ts';

/** Which way a text travels: toward the model or from it. */
export type GuardrailSource = 'INPUT' | 'OUTPUT';

/** How much an assessment tells: what was found, or also every PII type that was looked for in vain. */
export type OutputScope = 'INTERVENTIONS' | 'FULL';

/** What a content block is for; a block without qualifiers is guarded content. */
export type ContentQualifier = 'grounding_source' | 'query' | 'guard_content';

/** One text block, as ApplyGuardrail takes it. */
export type ContentBlock = {
  text: { text: string; qualifiers?: readonly ContentQualifier[] };
  /** Where the text comes from; what Bedrock does not ask. Without it, a user or the model, by the direction. */
  origin?: TextOrigin;
};

/** The part of an ApplyGuardrail request that an engine needs. */
export type AssessRequest = {
  source: GuardrailSource;
  content: readonly ContentBlock[];
  outputScope?: OutputScope;
};

/** Text units by policy: 1,000 characters are one unit; the free units are those of custom regexes. */
export type GuardrailUsage = {
  topicPolicyUnits: number;
  contentPolicyUnits: number;
  wordPolicyUnits: number;
  sensitiveInformationPolicyUnits: number;
  sensitiveInformationPolicyFreeUnits: number;
  contextualGroundingPolicyUnits: number;
  contentPolicyImageUnits: number;
  automatedReasoningPolicyUnits: number;
  automatedReasoningPolicies: number;
};

/** What was done about a sensitive text. */
export type SensitiveAction = 'ANONYMIZED' | 'BLOCKED' | 'NONE';

/** A custom word that was found. */
export type CustomWordFinding = { match: string; action: 'BLOCKED' | 'NONE'; detected: boolean };

/** A custom regex that matched. */
export type RegexFinding = {
  name: string;
  match: string;
  regex: string;
  action: SensitiveAction;
  detected: boolean;
};

/** A PII entity that was found or, in FULL scope, looked for in vain (`match` is then empty). */
export type PiiFinding = { match: string; type: string; action: SensitiveAction; detected: boolean };

/** A word of a managed list that was found. */
export type ManagedWordFinding = CustomWordFinding & { type: 'PROFANITY' };

/** A denied topic. */
export type TopicFinding = { name: string; type: 'DENY'; action: 'BLOCKED' | 'NONE'; detected: boolean };

/** What a content filter makes of a text. */
export type ContentFilterFinding = {
  type: ContentFilterType;
  confidence: Confidence;
  filterStrength: FilterStrength;
  action: 'BLOCKED' | 'NONE';
  detected: boolean;
};

/** How well a response is grounded, or how relevant it is, and how well it would have to be. */
export type GroundingFinding = {
  type: 'GROUNDING' | 'RELEVANCE';
  threshold: number;
  score: number;
  action: 'BLOCKED' | 'NONE';
  detected: boolean;
};

/** How many characters were looked at, of how many. */
export type GuardrailCoverage = { textCharacters: { guarded: number; total: number } };

/** Which guardrail answered. */
export type AppliedGuardrailDetails = {
  guardrailId: string;
  guardrailVersion: string;
  guardrailArn?: string;
  guardrailOrigin: 'REQUEST'[];
  guardrailOwnership: 'SELF';
};

/** What the guardrail found; as from the live service, a list without entries is left out. */
export type GuardrailAssessment = {
  topicPolicy?: { topics: TopicFinding[] };
  contentPolicy?: { filters: ContentFilterFinding[] };
  wordPolicy?: { customWords?: CustomWordFinding[]; managedWordLists?: ManagedWordFinding[] };
  sensitiveInformationPolicy?: { piiEntities?: PiiFinding[]; regexes?: RegexFinding[] };
  contextualGroundingPolicy?: { filters: GroundingFinding[] };
  invocationMetrics: {
    guardrailProcessingLatency: number;
    usage: GuardrailUsage;
    guardrailCoverage: GuardrailCoverage;
  };
  appliedGuardrailDetails: AppliedGuardrailDetails;
};

/** Exactly the sentences of the service; masking is an intervention too, and only this tells it from a block. */
export type ActionReason = 'No action.' | 'Guardrail blocked.' | 'Guardrail masked.';

/** The answer of ApplyGuardrail. */
export type ApplyGuardrailResponse = {
  usage: GuardrailUsage;
  action: 'NONE' | 'GUARDRAIL_INTERVENED';
  actionReason: ActionReason;
  outputs: { text: string }[];
  assessments: GuardrailAssessment[];
  guardrailCoverage: GuardrailCoverage;
};
