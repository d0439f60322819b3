import type { ModelRequest } from '../../../ports/model.ts';
import type { Block, Message } from '../../../road/conversation.ts';
import type { ModelPrompt } from '../../../road/proofs.ts';

/** The body of POST /chat/completions for a guarded prompt. */
export function writeChatRequest(request: ModelRequest): string {
  const { prompt, route, delivery } = request;
  const { parameters } = prompt;
  const messages: object[] = [{ role: 'system', content: prompt.system }];
  for (const message of prompt.messages) messages.push(...writeMessage(message));
  return JSON.stringify({
    model: route.model,
    messages,
    max_tokens: parameters.maxOutputTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    stop: parameters.stopSequences,
    ...(prompt.tools.length > 0 && writeTools(prompt)),
    ...(delivery === 'stream' && { stream: true, stream_options: { include_usage: true } }),
  });
}

function writeTools({ tools, toolChoice }: ModelPrompt): object {
  return {
    tools: tools.map((tool) => ({
      type: 'function',
      function: { name: tool.name, description: tool.description, parameters: tool.parametersSchema },
    })),
    tool_choice:
      typeof toolChoice === 'object' ? { type: 'function', function: { name: toolChoice.name } } : toolChoice,
  };
}

function writeMessage({ role, blocks }: Message): object[] {
  if (role === 'tool') {
    return blocks.flatMap((block) =>
      block.type === 'tool_result' ? [{ role: 'tool', tool_call_id: block.callId, content: block.text }] : [],
    );
  }
  const content = joinTexts(blocks);
  const calls = blocks.filter((block) => block.type === 'tool_call');
  if (calls.length === 0) return [{ role, content }];
  return [{ role, content, tool_calls: calls.map(writeCall) }];
}

function writeCall(call: Extract<Block, { type: 'tool_call' }>): object {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.argumentsJson } };
}

/** Blocks stay apart in the joined text, so that no two of them make a word that no guard has seen. */
function joinTexts(blocks: readonly Block[]): string {
  let joined = '';
  for (const block of blocks) {
    if (block.type !== 'text') continue;
    joined = joined === '' ? block.text : `${joined}\n\n${block.text}`;
  }
  return joined;
}
