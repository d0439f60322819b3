import type { ModelRequest } from '../../../ports/model.ts';
import type { Block, Message } from '../../../road/conversation.ts';

/** The body of POST /chat/completions for a guarded prompt. */
export function writeChatRequest(request: ModelRequest): string {
  const { prompt, route, delivery } = request;
  const { parameters, tools, toolChoice } = prompt;
  return JSON.stringify({
    model: route.model,
    messages: [{ role: 'system', content: prompt.system }, ...prompt.messages.flatMap(writeMessage)],
    max_tokens: parameters.maxOutputTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    stop: parameters.stopSequences,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => ({
            type: 'function',
            function: { name: tool.name, description: tool.description, parameters: tool.parametersSchema },
          })),
          tool_choice:
            typeof toolChoice === 'object'
              ? { type: 'function', function: { name: toolChoice.name } }
              : toolChoice,
        }),
    ...(delivery === 'stream' ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

function writeMessage(message: Message): object[] {
  if (message.role === 'tool') {
    return message.blocks.flatMap((block) =>
      block.type === 'tool_result' ? [{ role: 'tool', tool_call_id: block.callId, content: block.text }] : [],
    );
  }
  const calls = message.blocks.flatMap((block) =>
    block.type === 'tool_call'
      ? [{ id: block.id, type: 'function', function: { name: block.name, arguments: block.argumentsJson } }]
      : [],
  );
  const content = joinTexts(message.blocks);
  return [{ role: message.role, content, ...(calls.length === 0 ? {} : { tool_calls: calls }) }];
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
