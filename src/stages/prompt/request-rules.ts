import type { Conversation } from '../../road/conversation.ts';
import type { Capability, NumberRange, ResolvedParameters, ToolDefinition } from '../../road/governed.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';

/** What a capability does not allow is refused with its reason, never dropped: a client must not believe it was heard. */
export function applyRequestRules(
  conversation: Conversation,
  capability: Capability,
): { parameters: ResolvedParameters; tools: readonly ToolDefinition[] } | Refusal {
  const [unsupported] = conversation.unsupported;
  if (unsupported !== undefined) {
    return refuse('prompt.parameter_not_allowed', { hint: `Remove ${unsupported}.` });
  }
  if (conversation.clientInstructions.length > 0) return refuse('prompt.system_message_not_allowed');
  if (countCharacters(conversation) > capability.limits.inputCharacters) {
    return refuse('prompt.too_long', {
      hint: `At most ${capability.limits.inputCharacters} characters are allowed.`,
    });
  }
  const stranger = findForeignCall(conversation, capability);
  if (stranger !== undefined) return stranger;
  const parameters = resolveParameters(conversation, capability);
  if (isRefusal(parameters)) return parameters;
  const tools = resolveTools(conversation, capability);
  return isRefusal(tools) ? tools : { parameters, tools };
}

function countCharacters(conversation: Conversation): number {
  let characters = 0;
  for (const message of conversation.messages) {
    for (const block of message.blocks) {
      characters +=
        block.type === 'tool_call' ? block.argumentsJson.length + block.name.length : block.text.length;
    }
  }
  for (const stop of conversation.parameters.stopSequences ?? []) characters += stop.length;
  return characters;
}

/** Too short and too plain to carry an instruction to a model, or somebody's data. */
const CALL_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Earlier tool calls come back from the client, who may have written them. Their names and ids are no text that
 * a guardrail is shown, so a name must be a tool of the capability, and an id must look like one.
 */
function findForeignCall(conversation: Conversation, capability: Capability): Refusal | undefined {
  for (const { blocks } of conversation.messages) {
    for (const block of blocks) {
      if (block.type === 'text') continue;
      if (block.type === 'tool_call' && !hasTool(capability, block.name)) return refuseTool(capability);
      if (!CALL_ID.test(block.type === 'tool_call' ? block.id : block.callId)) {
        const hint = 'An id of a tool call has at most 64 letters, digits and _ . : -';
        return refuse('edge.malformed_request', { hint });
      }
    }
  }
  return undefined;
}

function hasTool(capability: Capability, name: string): boolean {
  return capability.tools.some((tool) => tool.name === name);
}

function refuseTool(capability: Capability): Refusal {
  const has = capability.tools.map((tool) => tool.name).join(', ');
  return refuse('prompt.tool_not_allowed', { hint: has === '' ? 'It has no tools.' : `It has: ${has}.` });
}

type Writable<Facts> = { -readonly [Key in keyof Facts]: Facts[Key] };

function resolveParameters(conversation: Conversation, capability: Capability): ResolvedParameters | Refusal {
  const asked = conversation.parameters;
  const allowed = capability.parameters;
  const temperature = resolveNumber('temperature', asked.temperature, allowed.temperature);
  if (isRefusal(temperature)) return temperature;
  const topP = resolveNumber('top_p', asked.topP, allowed.topP);
  if (isRefusal(topP)) return topP;
  const maxOutputTokens = resolveNumber('max_tokens', asked.maxOutputTokens, allowed.maxOutputTokens);
  if (isRefusal(maxOutputTokens)) return maxOutputTokens;
  const { stopSequences } = asked;
  if (stopSequences !== undefined && stopSequences.length > allowed.stopSequences.max) {
    return refuse('prompt.parameter_not_allowed', {
      hint: `stop: at most ${allowed.stopSequences.max} sequences are allowed.`,
    });
  }
  const parameters: Writable<ResolvedParameters> = {
    maxOutputTokens: maxOutputTokens ?? allowed.maxOutputTokens.max,
  };
  if (temperature !== undefined) parameters.temperature = temperature;
  if (topP !== undefined) parameters.topP = topP;
  if (stopSequences !== undefined && stopSequences.length > 0) parameters.stopSequences = stopSequences;
  return parameters;
}

function resolveNumber(
  name: string,
  asked: number | undefined,
  range: NumberRange | undefined,
): number | undefined | Refusal {
  if (asked === undefined) return range?.default;
  if (range === undefined) return refuse('prompt.parameter_not_allowed', { hint: `Remove ${name}.` });
  if (asked >= range.min && asked <= range.max) return asked;
  return refuse('prompt.parameter_out_of_range', {
    hint: `${name} must be from ${range.min} to ${range.max}.`,
  });
}

/** Tools are the capability's own definitions: the client only names those that it can run. */
function resolveTools(
  conversation: Conversation,
  capability: Capability,
): readonly ToolDefinition[] | Refusal {
  const tools: ToolDefinition[] = [];
  for (const name of conversation.toolNames) {
    const tool = capability.tools.find((candidate) => candidate.name === name);
    if (tool === undefined) return refuseTool(capability);
    if (!tools.includes(tool)) tools.push(tool);
  }
  const choice = conversation.toolChoice;
  if (typeof choice === 'object' && !tools.some((tool) => tool.name === choice.name)) {
    return refuse('prompt.tool_not_allowed', { hint: 'tool_choice names a tool that was not declared.' });
  }
  return tools;
}
