import type { Conversation, FinishReason, Usage } from '../../road/conversation.ts';
import type { DeliverableEvent } from '../../road/proofs.ts';
import type { RateLimits } from '../../road/rate-limits.ts';
import type { Refusal } from '../../road/refusal.ts';
import type { Batch } from '../../road/road.ts';

/** What an answer's frame says beside its text. */
export interface AnswerFrame {
  readonly requestId: string;
  readonly capability: string;
  readonly createdAtS: number;
  /** Provider and model that answered, where it is known already. */
  readonly answeredBy: string | undefined;
  readonly includeUsage: boolean;
}

/** Names, in lower case, and values in turn: as Node takes them with the least work. */
export type Headers = readonly string[];

export interface WholeAnswer {
  readonly text: string;
  readonly toolCalls: readonly {
    readonly id: string;
    readonly name: string;
    readonly argumentsJson: string;
  }[];
  readonly reason: FinishReason;
  readonly usage: Usage | undefined;
}

export interface WrittenRefusal {
  readonly status: number;
  /** Beside those that every refusal has. */
  readonly headers?: Headers;
  readonly body: string;
}

/** A request as its dialect reads it: the conversation, and what only the answer's frame needs. */
export interface ReadRequest {
  readonly conversation: Conversation;
  readonly includeUsage: boolean;
}

/** A dialect is pure functions: bytes → conversation, and answer events → bytes. */
export interface Dialect {
  readonly name: string;
  readonly streamContentType: string;
  read(text: string): ReadRequest | Refusal;
  writeWhole(answer: WholeAnswer, frame: AnswerFrame): string;
  /** The bytes of one event; empty where the dialect has none for it. */
  writeEvent(event: DeliverableEvent, frame: AnswerFrame): string;
  writeStreamStart(frame: AnswerFrame): string;
  /** How the dialect ends a stream that broke. */
  writeStreamRefusal(refusal: Refusal, requestId: string): string;
  writeRefusal(refusal: Refusal, requestId: string): WrittenRefusal;
  /** Where the caller's limits stand, as the dialect's clients read it. */
  writeRateLimits(limits: RateLimits): Headers;
}

const NO_CALLS: WholeAnswer['toolCalls'] = [];

/** An answer that is not streamed is a stream, collected. */
export async function collectAnswer(batches: AsyncIterable<Batch>): Promise<WholeAnswer> {
  let text = '';
  let calls: Map<number, { id: string; name: string; argumentsJson: string }> | undefined;
  let end: Extract<DeliverableEvent, { type: 'finish' }> | undefined;
  for await (const batch of batches) {
    for (const event of batch) {
      if (event.type === 'text') text += event.text;
      else if (event.type === 'tool_call') {
        calls ??= new Map();
        calls.set(event.index, { id: event.id, name: event.name, argumentsJson: '' });
      } else if (event.type === 'tool_arguments') {
        const call = calls?.get(event.index);
        if (call !== undefined) call.argumentsJson += event.json;
      } else if (event.type === 'blocked') {
        text = event.message;
        calls = undefined;
      } else end = event;
    }
  }
  if (end === undefined) throw new Error('an answer ended without its finish');
  const toolCalls = calls === undefined ? NO_CALLS : [...calls.values()];
  return { text, toolCalls, reason: end.reason, usage: end.usage };
}
