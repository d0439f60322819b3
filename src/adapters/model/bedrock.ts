import {
  ConverseCommand,
  ConverseStreamCommand,
  type BedrockRuntimeClient,
  type ContentBlock,
  type ConverseStreamOutput,
  type TokenUsage,
} from '@aws-sdk/client-bedrock-runtime';
import { ModelError, type ModelProvider, type ModelRequest } from '../../ports/model.ts';
import type { AnswerEvent, FinishReason, Usage } from '../../road/conversation.ts';
import { createBedrockClient } from '../bedrock-runtime/client.ts';
import { toModelError } from './bedrock/errors.ts';
import { writeConverseInput } from './bedrock/request.ts';
import { estimateUsage, readCounts } from './estimate-usage.ts';

type Client = Pick<BedrockRuntimeClient, 'send' | 'destroy'>;

/**
 * Amazon Bedrock by Converse and ConverseStream, with the SDK's credential chain and nothing else.
 * Never run against real AWS by this project's tests, which speak to a loopback server in the service's shapes.
 */
export function createBedrock(createClient: (region: string) => Client = createBedrockClient): ModelProvider {
  const clients = new Map<string, Client>();
  const clientOf = (region: string): Client => {
    let client = clients.get(region);
    if (client === undefined) clients.set(region, (client = createClient(region)));
    return client;
  };
  return {
    async *infer(request) {
      try {
        const client = clientOf(request.route.region);
        yield* request.delivery === 'stream' ? stream(client, request) : converse(client, request);
      } catch (cause) {
        throw toModelError(cause);
      }
    },
    async close() {
      for (const client of clients.values()) client.destroy();
    },
  };
}

async function* converse(client: Client, request: ModelRequest): AsyncGenerator<readonly AnswerEvent[]> {
  const response = await client.send(new ConverseCommand(writeConverseInput(request)), {
    abortSignal: request.signal,
  });
  const blocks = response.output?.message?.content;
  if (blocks === undefined) throw new ModelError('malformed', 'Converse answered without a message');
  const events = readBlocks(blocks);
  const reason = readReason(response.stopReason);
  events.push({ type: 'finish', reason, usage: readUsage(response.usage, request, measure(events)) });
  yield events;
}

function readBlocks(blocks: readonly ContentBlock[]): AnswerEvent[] {
  const events: AnswerEvent[] = [];
  let index = 0;
  for (const { text, toolUse } of blocks) {
    if (text !== undefined) events.push({ type: 'text', text });
    else if (toolUse !== undefined) {
      events.push(
        { type: 'tool_call', index, id: toolUse.toolUseId ?? `call_${index}`, name: nameOfTool(toolUse) },
        { type: 'tool_arguments', index, json: JSON.stringify(toolUse.input ?? {}) },
      );
      index++;
    }
    // Reasoning is not part of an answer here: what no guard has judged does not leave.
  }
  return events;
}

async function* stream(client: Client, request: ModelRequest): AsyncGenerator<readonly AnswerEvent[]> {
  const response = await client.send(new ConverseStreamCommand(writeConverseInput(request)), {
    abortSignal: request.signal,
  });
  const indexOfBlock = new Map<number, number>();
  let characters = 0;
  let reason: FinishReason | undefined;
  let counted: TokenUsage | undefined;
  for await (const event of response.stream ?? []) {
    reason = event.messageStop === undefined ? reason : readReason(event.messageStop.stopReason);
    // The metadata comes after the stop, so the finish waits for the end of the stream.
    counted = event.metadata?.usage ?? counted;
    const read = readStreamEvent(event, indexOfBlock);
    if (read === undefined) continue;
    characters += measure([read]);
    yield [read];
  }
  if (reason === undefined) throw new ModelError('malformed', 'the stream broke off before its stop reason');
  yield [{ type: 'finish', reason, usage: readUsage(counted, request, characters) }];
}

/** The step of the answer that an event is, if it is one. Exceptions among the events are thrown by the SDK. */
function readStreamEvent(
  event: ConverseStreamOutput,
  indexOfBlock: Map<number, number>,
): AnswerEvent | undefined {
  const toolUse = event.contentBlockStart?.start?.toolUse;
  if (toolUse !== undefined) {
    const index = indexOfBlock.size;
    indexOfBlock.set(event.contentBlockStart?.contentBlockIndex ?? -1, index);
    return { type: 'tool_call', index, id: toolUse.toolUseId ?? `call_${index}`, name: nameOfTool(toolUse) };
  }
  const delta = event.contentBlockDelta?.delta;
  if (delta?.text !== undefined) return { type: 'text', text: delta.text };
  if (delta?.toolUse?.input !== undefined) {
    const index = indexOfBlock.get(event.contentBlockDelta?.contentBlockIndex ?? -1);
    if (index === undefined) throw new ModelError('malformed', 'tool input without a tool');
    return { type: 'tool_arguments', index, json: delta.toolUse.input };
  }
  return undefined;
}

function nameOfTool({ name }: { readonly name: string | undefined }): string {
  if (name === undefined) throw new ModelError('malformed', 'a tool call has no name');
  return name;
}

function readReason(reason: string | undefined): FinishReason {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'guardrail_intervened':
    case 'content_filtered':
      return 'content_filter';
    case 'malformed_model_output':
    case 'malformed_tool_use':
      throw new ModelError('malformed', reason);
    default:
      return 'stop';
  }
}

function readUsage(counted: TokenUsage | undefined, request: ModelRequest, outputCharacters: number): Usage {
  const { system, messages } = request.prompt;
  const {
    inputTokens,
    outputTokens,
    cacheReadInputTokens: cached = 0,
    cacheWriteInputTokens = 0,
  } = counted ?? {};
  // Unlike others, Bedrock does not count what it cached as input.
  const input = inputTokens === undefined ? undefined : inputTokens + cached + cacheWriteInputTokens;
  return (
    readCounts(input, outputTokens, { cached }) ??
    estimateUsage(system.length + JSON.stringify(messages).length, outputCharacters)
  );
}

function measure(events: readonly AnswerEvent[]): number {
  let characters = 0;
  for (const event of events) {
    if (event.type === 'text') characters += event.text.length;
    else if (event.type === 'tool_arguments') characters += event.json.length;
  }
  return characters;
}
