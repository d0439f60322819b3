import type { ApplyGuardrailResponse, AssessRequest, GuardrailSource, OutputScope } from './response.ts';

/** What may be released after a chunk; once `blocked`, nothing more ever is. */
export type Released = { text: string; blocked: boolean };

/** A text that is guarded while it arrives. */
export type GuardStream = {
  /** Takes a chunk, gives what is now safe to release (masked). */
  push(text: string): Released;
  /** Ends the text; the response is what `assess` gives for everything that was pushed. */
  end(): Released & { response: ApplyGuardrailResponse };
};

/** A guardrail, compiled once, frozen, usable for any number of texts at the same time. */
export type CompiledGuardrail = {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  /** Assesses whole texts. */
  assess(request: AssessRequest): ApplyGuardrailResponse;
  /** Assesses one text that arrives in chunks, with the same verdict as `assess` for every way of cutting it. */
  stream(options: { source: GuardrailSource; outputScope?: OutputScope }): GuardStream;
  /** What a direction's readers are told instead of a blocked text. */
  readonly blockedMessaging: Readonly<Record<GuardrailSource, string>>;
};

/** Who the guardrail is, and the clock (milliseconds) behind `guardrailProcessingLatency`. */
export type GuardrailIdentity = { id: string; version: string; arn?: string; nowMs?: () => number };
