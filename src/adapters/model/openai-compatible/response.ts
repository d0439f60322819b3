import { TextDecoder } from 'node:util';
import { ModelError } from '../../../ports/model.ts';
import type { AnswerEvent, FinishReason, Usage } from '../../../road/conversation.ts';
import { openEventReader } from './event-stream.ts';
import { estimateUsage, readCounts } from '../estimate-usage.ts';

/** What this reads of a chat completion, whole or in chunks; everything else is passed over. */
interface Choice {
  readonly index?: unknown;
  readonly message?: Delta;
  readonly delta?: Delta;
  readonly finish_reason?: unknown;
}
interface Delta {
  readonly content?: unknown;
  readonly tool_calls?: unknown;
}

/** Reads a whole chat completion. Throws a ModelError on anything that is none. */
export function readCompletion(text: string, promptCharacters: number): readonly AnswerEvent[] {
  const reader = new ChunkReader(promptCharacters);
  reader.read(text, 'message');
  reader.finish();
  return reader.take();
}

/** Reads a stream of server-sent chunks as they come. Throws a ModelError when it ends before it is complete. */
export async function* readCompletionStream(
  body: AsyncIterable<Buffer>,
  promptCharacters: number,
): AsyncGenerator<readonly AnswerEvent[]> {
  const reader = new ChunkReader(promptCharacters);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let done = false;
  const readEvents = openEventReader((data) => {
    if (done) return;
    if (data === '[DONE]') done = true;
    else reader.read(data, 'delta');
  });
  for await (const bytes of body) {
    readEvents(decodeChunk(decoder, bytes));
    if (done) break;
    const events = reader.take();
    if (events.length > 0) yield events;
  }
  // Some servers close the connection instead of saying [DONE]; a finish reason is still demanded.
  reader.finish();
  yield reader.take();
}

function decodeChunk(decoder: TextDecoder, bytes: Buffer): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new ModelError('malformed', 'the stream is not UTF-8', { cause });
  }
}

class ChunkReader {
  readonly #promptCharacters: number;
  readonly #calls = new Set<number>();
  #outputCharacters = 0;
  #usage: Usage | undefined;
  #finishReason: FinishReason | undefined;
  #events: AnswerEvent[] = [];

  constructor(promptCharacters: number) {
    this.#promptCharacters = promptCharacters;
  }

  /** The events since the last call. */
  take(): readonly AnswerEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  read(json: string, part: 'message' | 'delta'): void {
    const chunk = parseObject(json);
    if (chunk['error'] !== undefined && chunk['error'] !== null)
      throw new ModelError('unavailable', 'the server sent an error in its answer');
    if (isObject(chunk['usage'])) this.#usage = readUsage(chunk['usage']) ?? this.#usage;
    const choices = chunk['choices'];
    if (!Array.isArray(choices)) throw new ModelError('malformed', 'the answer has no choices');
    // One answer was asked for. A second one must not be woven into it.
    const choice = (choices as (Choice | null)[]).find((each) => (each?.index ?? 0) === 0); // fields are checked where they are read
    if (choice === undefined || choice === null) return;
    const content = choice[part]?.content;
    if (typeof content === 'string' && content !== '') {
      this.#outputCharacters += content.length;
      this.#events.push({ type: 'text', text: content });
    } else if (content !== undefined && content !== null && content !== '') {
      throw new ModelError('malformed', 'the content of the answer is not text');
    }
    this.#readCalls(choice[part]?.tool_calls);
    if (typeof choice.finish_reason === 'string') this.#finishReason = toFinishReason(choice.finish_reason);
  }

  finish(): void {
    if (this.#finishReason === undefined)
      throw new ModelError('malformed', 'the answer broke off before its finish reason');
    const usage = this.#usage ?? estimateUsage(this.#promptCharacters, this.#outputCharacters);
    // Some servers say "stop" after tool calls, and clients go by the reason.
    const isCalling = this.#finishReason === 'stop' && this.#calls.size > 0;
    const reason = isCalling ? 'tool_calls' : this.#finishReason;
    this.#events.push({ type: 'finish', reason, usage });
  }

  #readCalls(calls: unknown): void {
    if (calls === undefined || calls === null) return;
    if (!Array.isArray(calls)) throw new ModelError('malformed', 'tool_calls is not a list');
    for (const call of calls as unknown[]) {
      if (!isObject(call) || !isObject(call['function']))
        throw new ModelError('malformed', 'a tool call has no function');
      const { name, arguments: json } = call['function'];
      const index = this.#indexOf(call['index'], name);
      if (!this.#calls.has(index)) {
        if (typeof name !== 'string') throw new ModelError('malformed', 'a tool call has no name');
        this.#calls.add(index);
        this.#events.push({
          type: 'tool_call',
          index,
          id: typeof call['id'] === 'string' ? call['id'] : `call_${index}`,
          name,
        });
      }
      if (typeof json === 'string' && json !== '') {
        this.#outputCharacters += json.length;
        this.#events.push({ type: 'tool_arguments', index, json });
      }
    }
  }

  /** Whole answers have no index, and some streams none either: then a name begins a new call. */
  #indexOf(index: unknown, name: unknown): number {
    if (typeof index === 'number' && Number.isSafeInteger(index) && index >= 0) return index;
    if (index !== undefined && index !== null)
      throw new ModelError('malformed', 'a tool call has a wrong index');
    return typeof name === 'string' ? this.#calls.size : Math.max(0, this.#calls.size - 1);
  }
}

function readUsage(usage: Record<string, unknown>): Usage | undefined {
  const ofInput = usage['prompt_tokens_details'];
  const ofOutput = usage['completion_tokens_details'];
  return readCounts(usage['prompt_tokens'], usage['completion_tokens'], {
    cached: isObject(ofInput) ? ofInput['cached_tokens'] : undefined,
    reasoning: isObject(ofOutput) ? ofOutput['reasoning_tokens'] : undefined,
  });
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ModelError('malformed', 'the answer is not JSON', { cause });
  }
  if (!isObject(value)) throw new ModelError('malformed', 'the answer is not an object');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toFinishReason(reason: string): FinishReason {
  if (reason === 'length' || reason === 'content_filter' || reason === 'tool_calls') return reason;
  return reason === 'function_call' ? 'tool_calls' : 'stop';
}
