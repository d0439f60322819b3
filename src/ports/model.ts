import type { AnswerEvent } from '../road/conversation.ts';
import type { ModelPrompt } from '../road/proofs.ts';
import type { Route } from '../road/governed.ts';

export interface ModelRequest {
  readonly prompt: ModelPrompt;
  readonly route: Route;
  readonly requestId: string;
  readonly delivery: 'stream' | 'whole';
  /** Aborted when the caller leaves or a deadline passes: the connection must be let go. */
  readonly signal: AbortSignal;
}

/** Asks a model. Yields events in batches, as they arrive together; the last is a `finish`. Throws a ModelError. */
export interface ModelProvider {
  infer(request: ModelRequest): AsyncIterable<readonly AnswerEvent[]>;
  /** Lets kept connections go. */
  close(): Promise<void>;
}

export type ModelErrorKind = 'unavailable' | 'throttled' | 'deadline' | 'malformed' | 'rejected';

/** What went wrong at a model. The message is for operators and holds nothing of the prompt or the answer. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly kind: ModelErrorKind;
  constructor(kind: ModelErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
