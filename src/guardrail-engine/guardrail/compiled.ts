import type { ClassifiedPolicy } from './classified.ts';
import type { GroundingPolicy } from './grounding.ts';
import type {
  AppliedGuardrailDetails,
  ApplyGuardrailResponse,
  AssessRequest,
  ContentBlock,
  GuardrailSource,
  OutputScope,
} from './response.ts';
import type { RuleSet } from './rules.ts';

/** What may be released after a chunk; once `blocked`, nothing more ever is. */
export type Released = { text: string; blocked: boolean };

/** A text that is guarded while it arrives. */
export type GuardStream = {
  /** Takes a chunk, gives what is now safe to release (masked). */
  push(text: string): Released;
  /** Ends the text; the response is what `assess` gives for everything that was pushed. */
  end(): Released & { response: ApplyGuardrailResponse };
};

/** How a stream is guarded. */
export type StreamOptions = {
  source: GuardrailSource;
  outputScope?: OutputScope;
  /** Grounding source and query; with them, and where grounding is checked, nothing is released before the end. */
  context?: readonly ContentBlock[];
};

/** A guardrail, compiled once, frozen, usable for any number of texts at the same time. */
export type CompiledGuardrail = {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  /** Assesses whole texts. */
  assess(request: AssessRequest): ApplyGuardrailResponse;
  /** As `assess`, for who asks only what was found: undefined where that is nothing. */
  judge(request: AssessRequest): ApplyGuardrailResponse | undefined;
  /** Assesses one text that arrives in chunks, with the same verdict as `assess` for every way of cutting it. */
  stream(options: StreamOptions): GuardStream;
  /** What a direction's readers are told instead of a blocked text. */
  readonly blockedMessaging: Readonly<Record<GuardrailSource, string>>;
};

/** Who the guardrail is, and the clock (milliseconds) behind `guardrailProcessingLatency`. */
export type GuardrailIdentity = { id: string; version: string; arn?: string; nowMs?: () => number };

/** What there is in a direction to be metered; nothing where it is not on. */
export type Metered = Readonly<Record<'isOn' | 'topics' | 'content' | 'words' | 'pii' | 'regexes', boolean>>;

/** A guardrail as it is in one direction. */
export type Direction = {
  ruleSet: RuleSet;
  policies: readonly ClassifiedPolicy[];
  grounding: GroundingPolicy | undefined;
  metered: Metered;
  blockedMessage: string;
  details: AppliedGuardrailDetails;
  nowMs: () => number;
};
