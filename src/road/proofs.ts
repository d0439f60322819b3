import type { CallerFacts } from './caller.ts';
import type { AnswerEvent, Conversation, Message } from './conversation.ts';
import type { Capability, Passage, ResolvedParameters, Route, Tenant, ToolDefinition } from './governed.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RecordedGuard } from './record.ts';

/**
 * A proof is a value that only its own stage can make: the brand has no name outside this file, and a test
 * holds that each `prove…` is imported by its stage alone. So a wrong order of stages does not compile.
 */
declare const brand: unique symbol;
export type Proof<Name extends string, Facts> = Facts & { readonly [brand]: Name };

/** Stage 1: a body of bounded size and depth, in valid UTF-8. */
export type AdmittedBytes = Proof<'AdmittedBytes', { readonly text: string }>;

/** Stage 2: who is asking. */
export type Caller = Proof<'Caller', CallerFacts & { readonly tenantRules: Tenant }>;

/** Stage 4: this caller may use this capability now, by these policies. */
export type Grant = Proof<
  'Grant',
  { readonly caller: Caller; readonly capability: Capability; readonly policies: readonly string[] }
>;

/** Stage 3: nothing that this request needs is switched off. */
export type OpenPath = Proof<
  'OpenPath',
  {
    readonly grant: Grant;
    /** Names of the tools that the client declared. */
    readonly tools: readonly string[];
    /** Of the capability's context, the passages that are not switched off. */
    readonly passages: readonly Passage[];
  }
>;

/** What a model is asked, whatever its provider. */
export interface ModelPrompt {
  /** The platform's layers, joined. Holds no text of a client. */
  readonly system: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: Conversation['toolChoice'];
  readonly parameters: ResolvedParameters;
}

/** Stage 7: layers in their order, variables filled in. */
export type AssembledPrompt = Proof<
  'AssembledPrompt',
  { readonly grant: Grant; readonly prompt: ModelPrompt }
>;

/** What a placeholder stands for, and whose text it came from. */
export interface Redacted {
  readonly placeholder: string;
  readonly value: string;
  readonly type: string;
  readonly origin: 'caller' | 'platform';
}

/** Stage 8: personal data is out of it. */
export type RedactedPrompt = Proof<
  'RedactedPrompt',
  { readonly grant: Grant; readonly prompt: ModelPrompt; readonly redactions: readonly Redacted[] }
>;

/** Stage 9: the route to try first, and the allowed fallbacks in their order. Never empty. */
export type RoutePlan = Proof<'RoutePlan', ChosenRoutes>;

/** Routes that were chosen for a grant, in the order in which they are tried. */
export interface ChosenRoutes {
  readonly grant: Grant;
  readonly routes: readonly [Route, ...Route[]];
}

/**
 * Stage 5: the worst case of the request is set aside in every limit that holds for it. It comes after routing, since
 * the price is the route's, and before the input guard, since guardrails cost money too.
 */
export type Reservation = Proof<
  'Reservation',
  ChosenRoutes & {
    readonly id: string;
    readonly redacted: RedactedPrompt;
    /** The redacted prompt, its output held to what the budgets pay for. */
    readonly prompt: ModelPrompt;
    readonly reservedMicroUsd: number;
    /** What was set aside, by limit. Empty where nothing is limited. */
    readonly amounts: readonly ReservedAmount[];
    readonly rateLimits: RateLimits;
    readonly nearlySpent: readonly string[];
    /** When it no longer counts as held, on the clock that it was made with. */
    readonly staleAtMs: number;
  }
>;

export interface ReservedAmount {
  readonly scope: string;
  readonly unit: 'requests' | 'tokens' | 'money' | 'place';
  /** Where the limit is a route's: what another route used does not count there. */
  readonly route: string | undefined;
  readonly amount: number;
}

/** Stage 10: the input guard has seen every block. The only thing that `infer` takes. */
export type GuardedPrompt = Proof<
  'GuardedPrompt',
  {
    readonly reservation: Reservation;
    readonly redacted: RedactedPrompt;
    readonly prompt: ModelPrompt;
    readonly guard: RecordedGuard;
  }
>;

/** Stage 13: a step of an answer that the output guard has released. */
export type GuardedEvent = Proof<'GuardedEvent', AnswerEvent>;

/** What may be written to the caller: guarded, and restored where the capability allows. */
export type DeliverableEvent = Proof<'DeliverableEvent', AnswerEvent>;

/** The output guard of one answer: takes what the model sent, gives what may go on. */
export interface OutputGuard {
  pass(batch: readonly AnswerEvent[]): readonly GuardedEvent[] | Promise<readonly GuardedEvent[]>;
}

/** Puts masked values back into one answer. */
export interface AnswerRestorer {
  restore(events: readonly GuardedEvent[]): readonly DeliverableEvent[];
}

/** The intent of this attempt is on durable storage. `infer` takes it beside the prompt. */
export type DurableIntent = Proof<'DurableIntent', { readonly requestId: string }>;

function seal<Name extends string, Facts extends object>(facts: Facts): Proof<Name, Facts> {
  return facts as Proof<Name, Facts>; // the one place where a brand is put on: see above
}

export const proveAdmittedBytes = (text: string): AdmittedBytes => seal({ text });
export const proveCaller = (facts: CallerFacts & { readonly tenantRules: Tenant }): Caller => seal(facts);
export const proveGrant = (facts: {
  caller: Caller;
  capability: Capability;
  policies: readonly string[];
}): Grant => seal(facts);
export const proveOpenPath = (facts: {
  grant: Grant;
  tools: readonly string[];
  passages: readonly Passage[];
}): OpenPath => seal(facts);
export const proveAssembledPrompt = (facts: { grant: Grant; prompt: ModelPrompt }): AssembledPrompt =>
  seal(facts);
export const proveRedactedPrompt = (facts: {
  grant: Grant;
  prompt: ModelPrompt;
  redactions: readonly Redacted[];
}): RedactedPrompt => seal(facts);
export const proveRoutePlan = (facts: { grant: Grant; routes: readonly [Route, ...Route[]] }): RoutePlan =>
  seal(facts);
type Facts<Proven> = Omit<Proven, typeof brand>;
export const proveReservation = (facts: Facts<Reservation>): Reservation => seal(facts);
export const proveGuardedPrompt = (facts: {
  reservation: Reservation;
  redacted: RedactedPrompt;
  prompt: ModelPrompt;
  guard: RecordedGuard;
}): GuardedPrompt => seal(facts);
export const proveDurableIntent = (requestId: string): DurableIntent => seal({ requestId });
export const proveGuardedEvents = (events: readonly AnswerEvent[]): readonly GuardedEvent[] =>
  events as readonly GuardedEvent[]; // `seal`, for a batch
export const proveDeliverableEvents = (events: readonly AnswerEvent[]): readonly DeliverableEvent[] =>
  events as readonly DeliverableEvent[]; // `seal`, for a batch
