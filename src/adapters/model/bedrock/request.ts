import type {
  ContentBlock,
  ConverseCommandInput,
  Message as BedrockMessage,
  ToolConfiguration,
} from '@aws-sdk/client-bedrock-runtime';
import { ModelError, type ModelRequest } from '../../../ports/model.ts';
import type { Block, Message } from '../../../road/conversation.ts';

/** What Converse and ConverseStream are asked for a guarded prompt. */
export function writeConverseInput(request: ModelRequest): ConverseCommandInput {
  const { prompt, route } = request;
  const { parameters } = prompt;
  const toolConfig = writeTools(prompt);
  return {
    modelId: route.model,
    ...(prompt.system === '' ? {} : { system: [{ text: prompt.system }] }),
    messages: writeMessages(prompt.messages),
    inferenceConfig: {
      maxTokens: parameters.maxOutputTokens,
      ...(parameters.temperature === undefined ? {} : { temperature: parameters.temperature }),
      ...(parameters.topP === undefined ? {} : { topP: parameters.topP }),
      ...(parameters.stopSequences === undefined ? {} : { stopSequences: [...parameters.stopSequences] }),
    },
    ...(toolConfig === undefined ? {} : { toolConfig }),
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

function writeTools(prompt: ModelRequest['prompt']): ToolConfiguration | undefined {
  const { tools, toolChoice, messages } = prompt;
  if (tools.length === 0) return undefined;
  // Converse has no "none". Tools may be left out unless the conversation speaks of calls: then it demands them.
  if (toolChoice === 'none' && !messages.some(hasCalls)) return undefined;
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

function hasCalls(message: Message): boolean {
  return message.blocks.some(({ type }) => type !== 'text');
}

/** Converse wants the roles to take turns, tool results in the user's, and nothing blank. */
function writeMessages(messages: readonly Message[]): BedrockMessage[] {
  const written: { role: 'user' | 'assistant'; content: ContentBlock[] }[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = message.blocks.filter((block) => !isBlank(block)).map(writeBlock);
    if (content.length === 0) continue;
    const last = written.at(-1);
    if (last?.role === role) last.content.push(...content);
    else written.push({ role, content });
  }
  return written;
}

function isBlank(block: Block): boolean {
  return block.type === 'text' && block.text.trim() === '';
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
