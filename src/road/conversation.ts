/** What every dialect is read into and written from: no stage knows which dialect was spoken. */

export type Block =
  /** `platform`: from the capability's own context rather than from the client. */
  | { readonly type: 'text'; readonly text: string; readonly origin?: 'platform' }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string; readonly argumentsJson: string }
  | { readonly type: 'tool_result'; readonly callId: string; readonly text: string };

export interface Message {
  readonly role: 'user' | 'assistant' | 'tool';
  readonly blocks: readonly Block[];
}

/** Sampling and length, as the client asked for them; `undefined` where it did not say. */
export interface Parameters {
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  readonly stopSequences?: readonly string[];
}

/** A request of a client, read from its dialect. */
export interface Conversation {
  readonly capability: string;
  readonly messages: readonly Message[];
  /** System or developer messages of the client, which most capabilities refuse. */
  readonly clientInstructions: readonly string[];
  readonly parameters: Parameters;
  /** Names of the tools that the client declared: definitions come from the capability alone. */
  readonly toolNames: readonly string[];
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string } | undefined;
  /** Values for the variables of the prompt, as strings. */
  readonly variables: Readonly<Record<string, string>>;
  /** Fields of the dialect that were sent but that no capability can allow, by name. */
  readonly unsupported: readonly string[];
  readonly delivery: 'stream' | 'whole';
}

/** Tokens, as the provider counted them. `source` says whether it did, or we estimated. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input tokens, those that came from the provider's cache. */
  readonly cachedInputTokens?: number;
  /** Of the output tokens, those that the caller never sees. */
  readonly reasoningTokens?: number;
  readonly source: 'provider' | 'estimate';
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/**
 * One step of an answer. Streams of these, in the batches in which they came, are the one way an answer travels.
 * A finish without usage was cut off before its provider could count.
 */
export type AnswerEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_call'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'tool_arguments'; readonly index: number; readonly json: string }
  /** The guardrail's own words. They stand in place of the answer; what of it has left already cannot be called back. */
  | { readonly type: 'blocked'; readonly message: string }
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly usage: Usage | undefined };
