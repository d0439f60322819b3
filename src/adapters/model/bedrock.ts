import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  type ContentBlock,
  type ConverseCommandInput,
  type Message as BedrockMessage,
  type ToolConfiguration,
} from '@aws-sdk/client-bedrock-runtime';
import { ModelError, type ModelErrorKind, type ModelProvider, type ModelRequest } from '../../ports/model.ts';
import type { AnswerEvent, Block, FinishReason, Message, Usage } from '../../road/conversation.ts';

type Client = Pick<BedrockRuntimeClient, 'send' | 'destroy'>;

/**
 * Amazon Bedrock by Converse and ConverseStream, with the SDK's credential chain and nothing else.
 * Never run against real AWS by this project's tests, which speak to a loopback server in the service's shapes.
 */
export function createBedrock(createClient: (region: string) => Client = createDefaultClient): ModelProvider {
  const clients = new Map<string, Client>();
  const clientOf = (region: string): Client => {
    let client = clients.get(region);
    if (client === undefined) clients.set(region, (client = createClient(region)));
    return client;
  };
  return {
    async *infer(request) {
      const client = clientOf(request.route.region);
      try {
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

function createDefaultClient(region: string): Client {
  // Retries are the inference stage's, which counts them and keeps to the deadline.
  return new BedrockRuntimeClient({ region, maxAttempts: 1 });
}

async function* converse(client: Client, request: ModelRequest): AsyncGenerator<readonly AnswerEvent[]> {
  const response = await client.send(new ConverseCommand(writeInput(request)), {
    abortSignal: request.signal,
  });
  const blocks = response.output?.message?.content;
  if (blocks === undefined) throw new ModelError('malformed', 'Converse answered without a message');
  const events: AnswerEvent[] = [];
  let index = 0;
  for (const block of blocks) {
    if (block.text !== undefined) events.push({ type: 'text', text: block.text });
    else if (block.toolUse !== undefined) {
      const { toolUseId: id = `call_${index}`, name = '', input = {} } = block.toolUse;
      events.push(
        { type: 'tool_call', index, id, name },
        { type: 'tool_arguments', index, json: JSON.stringify(input) },
      );
      index++;
    }
    // Reasoning is not part of an answer here: what no guard has judged does not leave.
  }
  events.push({
    type: 'finish',
    reason: toFinishReason(response.stopReason),
    usage: toUsage(response.usage),
  });
  yield events;
}

async function* stream(client: Client, request: ModelRequest): AsyncGenerator<readonly AnswerEvent[]> {
  const response = await client.send(new ConverseStreamCommand(writeInput(request)), {
    abortSignal: request.signal,
  });
  const toolIndexes = new Map<number, number>();
  let reason: FinishReason | undefined;
  let usage: Usage | undefined;
  for await (const event of response.stream ?? []) {
    if (event.contentBlockStart?.start?.toolUse !== undefined) {
      const { toolUse } = event.contentBlockStart.start;
      const index = toolIndexes.size;
      toolIndexes.set(event.contentBlockStart.contentBlockIndex ?? -1, index);
      yield [
        { type: 'tool_call', index, id: toolUse.toolUseId ?? `call_${index}`, name: toolUse.name ?? '' },
      ];
    } else if (event.contentBlockDelta?.delta?.text !== undefined) {
      yield [{ type: 'text', text: event.contentBlockDelta.delta.text }];
    } else if (event.contentBlockDelta?.delta?.toolUse?.input !== undefined) {
      const index = toolIndexes.get(event.contentBlockDelta.contentBlockIndex ?? -1);
      if (index === undefined) throw new ModelError('malformed', 'tool input without a tool');
      yield [{ type: 'tool_arguments', index, json: event.contentBlockDelta.delta.toolUse.input }];
    } else if (event.messageStop !== undefined) {
      reason = toFinishReason(event.messageStop.stopReason);
    } else if (event.metadata !== undefined) {
      usage = toUsage(event.metadata.usage);
    } else {
      throwStreamError(event);
    }
  }
  if (reason === undefined) throw new ModelError('malformed', 'the stream broke off before its stop reason');
  yield [{ type: 'finish', reason, usage: usage ?? toUsage(undefined) }];
}

/** Errors may also arrive as events in the middle of a stream. */
function throwStreamError(event: object): void {
  for (const [name, value] of Object.entries(event)) {
    if (name.endsWith('Exception') && value !== undefined)
      throw value instanceof Error ? value : new ModelError('unavailable', name);
  }
}

function writeInput(request: ModelRequest): ConverseCommandInput {
  const { prompt, route } = request;
  const { parameters } = prompt;
  return {
    modelId: route.model,
    ...(prompt.system === '' ? {} : { system: [{ text: prompt.system }] }),
    messages: prompt.messages.map(writeMessage),
    inferenceConfig: {
      maxTokens: parameters.maxOutputTokens,
      ...(parameters.temperature === undefined ? {} : { temperature: parameters.temperature }),
      ...(parameters.topP === undefined ? {} : { topP: parameters.topP }),
      ...(parameters.stopSequences === undefined ? {} : { stopSequences: [...parameters.stopSequences] }),
    },
    ...(prompt.tools.length === 0 ? {} : { toolConfig: writeTools(prompt) }),
    ...(route.bedrockGuardrail === undefined
      ? {}
      : {
          guardrailConfig: {
            guardrailIdentifier: route.bedrockGuardrail.identifier,
            guardrailVersion: route.bedrockGuardrail.version,
          },
        }),
    requestMetadata: { goldenpathRequestId: request.requestId },
  };
}

function writeTools(prompt: ModelRequest['prompt']): ToolConfiguration {
  const { tools, toolChoice } = prompt;
  return {
    tools: tools.map((tool) => ({
      toolSpec: {
        name: tool.name,
        description: tool.description,
        inputSchema: { json: tool.parametersSchema as never }, // JSON by its schema; the SDK types it as a document
      },
    })),
    ...(toolChoice === 'required' ? { toolChoice: { any: {} } } : {}),
    ...(typeof toolChoice === 'object' ? { toolChoice: { tool: { name: toolChoice.name } } } : {}),
  };
}

function writeMessage(message: Message): BedrockMessage {
  return {
    role: message.role === 'assistant' ? 'assistant' : 'user', // Converse takes tool results in the user's role
    content: message.blocks.filter((block) => block.type !== 'text' || block.text !== '').map(writeBlock),
  };
}

function writeBlock(block: Block): ContentBlock {
  switch (block.type) {
    case 'text':
      return { text: block.text };
    case 'tool_call':
      return {
        toolUse: { toolUseId: block.id, name: block.name, input: parseArguments(block.argumentsJson) },
      };
    case 'tool_result':
      return { toolResult: { toolUseId: block.callId, content: [{ text: block.text }] } };
  }
}

function parseArguments(json: string): never {
  try {
    return JSON.parse(json) as never; // the SDK types documents as a closed recursive type
  } catch (cause) {
    throw new ModelError('rejected', 'the arguments of an earlier tool call are not JSON', { cause });
  }
}

function toFinishReason(reason: string | undefined): FinishReason {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'guardrail_intervened':
    case 'content_filtered':
      return 'content_filter';
    default:
      return 'stop';
  }
}

function toUsage(
  usage: { inputTokens?: number | undefined; outputTokens?: number | undefined } | undefined,
): Usage {
  if (usage?.inputTokens === undefined || usage.outputTokens === undefined) {
    return { inputTokens: 0, outputTokens: 0, source: 'estimate' };
  }
  return { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, source: 'provider' };
}

const KINDS: Readonly<Record<string, ModelErrorKind>> = {
  ThrottlingException: 'throttled',
  ServiceQuotaExceededException: 'throttled',
  ModelNotReadyException: 'unavailable',
  ServiceUnavailableException: 'unavailable',
  InternalServerException: 'unavailable',
  ModelTimeoutException: 'deadline',
  ModelErrorException: 'unavailable',
  ModelStreamErrorException: 'unavailable',
  ValidationException: 'rejected',
  AccessDeniedException: 'rejected',
  ResourceNotFoundException: 'rejected',
};

function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  const name = cause instanceof Error ? cause.name : 'unknown';
  // A validation message may repeat what was sent, so the name alone goes on the record.
  return new ModelError(KINDS[name] ?? 'unavailable', name, { cause });
}
