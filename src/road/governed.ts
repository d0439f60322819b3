import type { Parameters } from './conversation.ts';

/** How sensitive what passes through a capability is, least first. */
export const DATA_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** Personal data that is masked before a model sees it: the structured types, named as Bedrock names them. */
export const REDACTABLE_TYPES = [
  'EMAIL',
  'PHONE',
  'CREDIT_DEBIT_CARD_NUMBER',
  'INTERNATIONAL_BANK_ACCOUNT_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
  'IP_ADDRESS',
  'MAC_ADDRESS',
  'URL',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
] as const;
export type RedactableType = (typeof REDACTABLE_TYPES)[number];

/** The platform's layers of a prompt, outermost first. Context and user text have slots of their own. */
export const PROMPT_LAYERS = ['system', 'policy', 'developer', 'workflow'] as const;
export type PromptLayer = (typeof PROMPT_LAYERS)[number];

export type VariableType =
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date' }
  | { readonly kind: 'identifier' }
  | { readonly kind: 'text'; readonly maxCharacters: number };

export interface PromptVariable {
  readonly type: VariableType;
  readonly default: string | undefined;
}

/** A template, split once: literals and the variables between them. */
export type TemplatePart = { readonly literal: string } | { readonly variable: string };

export interface Prompt {
  readonly name: string;
  readonly version: string;
  /** SHA-256 over name, version and every layer's text, hex. */
  readonly hash: string;
  readonly layers: readonly {
    readonly layer: PromptLayer;
    readonly owner: string;
    readonly parts: readonly TemplatePart[];
  }[];
  /** Goes before the user's own text, in the user's role: the only place where free text may stand. */
  readonly userPrefix: readonly TemplatePart[];
  readonly variables: Readonly<Record<string, PromptVariable>>;
}

/** A text of the platform for the context slot of a prompt. */
export interface Passage {
  readonly id: string;
  readonly text: string;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parametersSchema: Readonly<Record<string, unknown>>;
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly default: number | undefined;
}

export interface GuardrailReference {
  readonly engine: 'embedded' | 'bedrock';
  readonly name: string;
  readonly version: string;
  /** Embedded: Bedrock's CreateGuardrail JSON, as it was read. */
  readonly config: unknown;
  /** Bedrock: where the guardrail is. */
  readonly bedrock:
    | { readonly identifier: string; readonly version: string; readonly region: string }
    | undefined;
  /** Micro-dollars for a thousand text units, by policy; empty where the guardrail costs nothing. */
  readonly price: GuardrailPrice;
}

/** What a model costs. Prices are whole micro-dollars for a million tokens. */
export interface TokenPrice {
  /** NAME@VERSION of the price; absent where the route says its price itself. */
  readonly id?: string;
  readonly inputMicroUsdPerMillion: number;
  readonly outputMicroUsdPerMillion: number;
  /** Absent: as all input. */
  readonly cachedInputMicroUsdPerMillion?: number;
  /** Absent: as all output. */
  readonly reasoningMicroUsdPerMillion?: number;
}

/** The policies that a provider of guardrails meters, each by text units of up to 1,000 characters. */
export const METERED_POLICIES = [
  'contentFilter',
  'deniedTopic',
  'sensitiveInformation',
  'contextualGrounding',
  'automatedReasoning',
] as const;
export type MeteredPolicy = (typeof METERED_POLICIES)[number];
export type GuardrailPrice = Readonly<Partial<Record<MeteredPolicy, number>>>;

/** How much of each kind may be used. What is absent is not limited. */
export interface UseLimits {
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  readonly requestsPerMonth?: number;
  readonly tokensPerMinute?: number;
  readonly concurrentRequests?: number;
}

/** Money for a day or a month of the calendar in UTC. */
export interface Budget {
  readonly dayMicroUsd?: number;
  readonly monthMicroUsd?: number;
  /** From this share of a budget on, records say so. */
  readonly alertAtPercent: number;
}

/** What holds for a place (a tenant, a capability, a workflow, a route, the gateway) as a whole. */
export interface PlaceLimits {
  readonly admission: UseLimits;
  readonly budget: Budget | undefined;
}

/** A place whose single users have limits, too. */
export interface PeopledLimits extends PlaceLimits {
  readonly users: UseLimits;
}

export const NO_LIMITS: PeopledLimits = { admission: {}, users: {}, budget: undefined };

/** A workflow that tokens name, and what it may use. */
export interface Workflow {
  readonly name: string;
  readonly limits: PlaceLimits;
}

/** One way to a model. */
export interface Route {
  readonly name: string;
  readonly provider: 'bedrock' | 'openai-compatible' | 'stand-in';
  readonly model: string;
  readonly region: string;
  readonly baseUrl: string | undefined;
  /** Name of the environment variable with a long-lived key: refused unless the route names it. */
  readonly apiKeyEnv: string | undefined;
  /** A guardrail for Converse itself, beside the gateway's own. */
  readonly bedrockGuardrail: { readonly identifier: string; readonly version: string } | undefined;
  readonly dataClasses: readonly DataClass[];
  readonly price: TokenPrice;
  readonly limits: PlaceLimits;
  readonly expectedLatencyMs: number;
  readonly timeouts: { readonly firstByteMs: number; readonly idleMs: number; readonly totalMs: number };
  readonly retries: number;
  readonly breaker: { readonly failures: number; readonly coolDownMs: number };
}

export interface Capability {
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
  readonly feature: string;
  readonly dataClass: DataClass;
  readonly workloadPattern: string;
  readonly prompt: Prompt;
  readonly guardrail: GuardrailReference;
  readonly routes: readonly Route[];
  readonly prefer: 'cost' | 'latency';
  /** Where this capability's text may go; empty: wherever its routes are. */
  readonly regions: readonly string[];
  readonly context: readonly Passage[];
  readonly tools: readonly ToolDefinition[];
  readonly parameters: {
    readonly temperature: NumberRange | undefined;
    readonly topP: NumberRange | undefined;
    readonly maxOutputTokens: NumberRange;
    readonly stopSequences: { readonly max: number };
  };
  readonly redaction: {
    readonly types: readonly RedactableType[];
    readonly restore: 'all' | 'caller' | 'none';
  };
  readonly archive: {
    readonly prompts: 'kept' | 'none';
    readonly answers: 'kept' | 'none';
    readonly retentionDays: number;
  };
  readonly limits: { readonly inputCharacters: number; readonly deadlineMs: number };
  readonly use: PeopledLimits & {
    /** What happens where a budget does not pay for the route that would be taken. */
    readonly onBudget: 'refuse' | 'cheaper_route';
  };
}

export interface Tenant {
  readonly name: string;
  readonly displayName: string;
  /** Where this tenant's text may go; empty: anywhere that a capability allows. */
  readonly regions: readonly string[];
  readonly limits: PeopledLimits;
}

/** Sampling as it goes to a model: the client's wish within what the capability allows. */
export type ResolvedParameters = Parameters & { readonly maxOutputTokens: number };
