import type { RecordedGuard } from '../road/record.ts';

export type GuardrailSource = 'INPUT' | 'OUTPUT';

/** Where a text comes from: an attack in a tool's result is another one than a user's own. */
export type TextOrigin = 'user' | 'model' | 'document';

/** A guardrail's word on one or more texts. */
export interface GuardrailVerdict {
  readonly action: 'none' | 'masked' | 'blocked';
  /** One for each text that came in, masked where the guardrail masks. Meaningless when blocked. */
  readonly texts: readonly string[];
  /** The canned message, when blocked. */
  readonly message: string | undefined;
  readonly recorded: RecordedGuard;
}

/** Text that may leave now. After `blocked` nothing more does. */
export interface Released {
  readonly text: string;
  readonly blocked: boolean;
}

/** One direction of one answer. The verdict does not depend on how the text was cut. */
export interface GuardrailStream {
  push(text: string): Released | Promise<Released>;
  /** The rest, and the verdict on the whole. */
  end(): FinalRelease | Promise<FinalRelease>;
  /**
   * In place of all else, for a text that came at once: it need not be held back piece by piece. Undefined where it is
   * blocked, since what is released before a block is what `push` says. Only where a verdict costs nothing.
   */
  passWhole?(text: string): FinalRelease | undefined;
}

export interface FinalRelease extends Released {
  readonly message: string | undefined;
  readonly recorded: RecordedGuard;
}

/** A guardrail in one version, ready to judge. Rejects where it cannot: the stage then refuses. */
export interface Guardrail {
  assess(request: {
    readonly source: GuardrailSource;
    readonly texts: readonly string[];
    /** One for each text; without them, a user's or the model's, by the source. */
    readonly origins?: readonly TextOrigin[];
    readonly signal: AbortSignal;
  }): GuardrailVerdict | Promise<GuardrailVerdict>;
  openStream(request: { readonly source: GuardrailSource; readonly signal: AbortSignal }): GuardrailStream;
}
