import type { z } from 'zod';
import type { Block, Message, Parameters } from '../../road/conversation.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import type { ReadRequest } from './dialect.ts';
import { chatOptions, chatRequest, type ChatOptions, type ChatRequest } from './openai-chat-schema.ts';

/** Fields that ask for nothing when they have these values; any other value is refused by name. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  frequency_penalty: [0],
  presence_penalty: [0],
  logprobs: [false],
  store: [false],
  service_tier: ['auto', 'default'],
  parallel_tool_calls: [true],
  modalities: [],
};
const OPTIONS = new Set(Object.keys(chatOptions.shape));
const KNOWN = new Set([...Object.keys(chatRequest.shape), ...OPTIONS]);

/**
 * Reads a request of POST /v1/chat/completions. Where a key stands twice the last one counts, for the guards
 * and the model alike: the model is sent what was read here and never the client's own bytes.
 */
export function readChatRequest(text: string): ReadRequest | Refusal {
  const json = parseBody(text);
  if (isRefusal(json)) return json;
  const { body } = json;
  const parsed = chatRequest.safeParse(body);
  if (!parsed.success) return refuseIssue(parsed.error);
  const request = parsed.data;
  const options = readOptions(body);
  if (isRefusal(options)) return options;
  const messages = readMessages(request);
  if (isRefusal(messages)) return messages;
  return {
    includeUsage: options.stream_options?.include_usage === true,
    conversation: {
      capability: request.model,
      messages,
      clientInstructions: readInstructions(request),
      parameters: readParameters(options),
      toolNames: options.tools?.map((tool) => tool.function.name) ?? NO_TOOLS,
      toolChoice:
        typeof options.tool_choice === 'object' ? readNamedTool(options.tool_choice) : options.tool_choice,
      variables: options.metadata ?? NO_VARIABLES,
      unsupported: listUnsupported(body),
      delivery: request.stream === true ? 'stream' : 'whole',
    },
  };
}

/** In an envelope: a body `{"refused":true}` must not be taken for a refusal of ours. */
function parseBody(text: string): { readonly body: unknown } | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse('edge.malformed_json');
  }
  // Bytes are valid UTF-8 by now, so half a surrogate pair can come in an escape alone.
  if (text.includes('\\u') && hasLoneSurrogate(body)) {
    return refuse('edge.malformed_request', { hint: 'A string holds half of a surrogate pair.' });
  }
  return { body };
}

/** Half a pair has no UTF-8: hash, archive and model would each put something else in its place. */
function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed();
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => !key.isWellFormed() || hasLoneSurrogate(inner));
}

const NO_VARIABLES = Object.freeze({});
const NO_OPTIONS: ChatOptions = {};
const NO_TOOLS: readonly string[] = [];

/** Many requests have none, and are not looked through for each of them. */
function readOptions(body: unknown): ChatOptions | Refusal {
  const fields: object = Object(body); // the schema found an object
  if (!Object.keys(fields).some((field) => OPTIONS.has(field))) return NO_OPTIONS;
  const parsed = chatOptions.safeParse(body);
  return parsed.success ? parsed.data : refuseIssue(parsed.error);
}

function readParameters(options: ChatOptions): Parameters {
  const { temperature, top_p: topP, stop } = options;
  const maxOutputTokens = options.max_completion_tokens ?? options.max_tokens;
  const parameters: { -readonly [Key in keyof Parameters]: Parameters[Key] } = {};
  if (typeof temperature === 'number') parameters.temperature = temperature;
  if (typeof topP === 'number') parameters.topP = topP;
  if (typeof maxOutputTokens === 'number') parameters.maxOutputTokens = maxOutputTokens;
  if (stop) parameters.stopSequences = typeof stop === 'string' ? [stop] : stop;
  return parameters;
}

function readNamedTool(choice: { function: { name: string } } | null): { name: string } | undefined {
  return choice === null ? undefined : { name: choice.function.name };
}

function readMessages(request: ChatRequest): Message[] | Refusal {
  const messages: Message[] = [];
  for (const item of request.messages) {
    if (item.role === 'user')
      messages.push({ role: 'user', blocks: [{ type: 'text', text: joinParts(item.content) }] });
    else if (item.role === 'assistant')
      messages.push({ role: 'assistant', blocks: readAssistantBlocks(item) });
    else if (item.role === 'tool') {
      const block: Block = { type: 'tool_result', callId: item.tool_call_id, text: joinParts(item.content) };
      messages.push({ role: 'tool', blocks: [block] });
    }
  }
  const first = messages[0]?.role;
  const last = messages.at(-1)?.role;
  if (first !== 'user')
    return refuse('edge.malformed_request', { hint: 'The first message must be of the user.' });
  if (last === 'assistant') {
    return refuse('edge.malformed_request', { hint: 'The last message must be of the user or of a tool.' });
  }
  return messages;
}

function readInstructions(request: ChatRequest): string[] {
  const instructions: string[] = [];
  for (const item of request.messages) {
    if (item.role === 'system' || item.role === 'developer') instructions.push(joinParts(item.content));
  }
  return instructions;
}

function readAssistantBlocks(item: Extract<ChatRequest['messages'][number], { role: 'assistant' }>): Block[] {
  const text = item.content === undefined || item.content === null ? '' : joinParts(item.content);
  const calls = (item.tool_calls ?? []).map((call): Block => ({
    type: 'tool_call',
    id: call.id,
    name: call.function.name,
    argumentsJson: call.function.arguments,
  }));
  return text === '' && calls.length > 0 ? calls : [{ type: 'text', text }, ...calls];
}

/** Parts become one block, so that nothing can hide on the seam between two of them. */
function joinParts(content: string | readonly { readonly text: string }[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('\n');
}

function listUnsupported(body: unknown): string[] {
  const unsupported: string[] = [];
  const fields: Readonly<Record<string, unknown>> = Object(body); // the schema found an object
  for (const field of Object.keys(fields)) {
    if (KNOWN.has(field)) continue;
    const value = fields[field];
    if (value !== null && !isHarmless(field, value)) unsupported.push(describeName(field));
  }
  // The schema's copy of a record leaves this key out, and what is left out would not have been refused.
  const metadata = fields['metadata'];
  if (metadata && Object.hasOwn(metadata, '__proto__')) unsupported.push('metadata.__proto__');
  return unsupported;
}

function isHarmless(field: string, value: unknown): boolean {
  if (field === 'response_format') return isTextFormat(value);
  // Own fields only: `constructor` is a field of every table.
  return Object.hasOwn(HARMLESS, field) && HARMLESS[field]?.includes(value) === true;
}

function isTextFormat(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'text';
}

function refuseIssue({ issues }: z.ZodError): Refusal {
  return refuse('edge.malformed_request', { hint: describeIssue(issues[0]) });
}

/** Says where and why; never what stood there. */
function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return '';
  const where = issue.path.length === 0 ? 'the body' : issue.path.map(describeName).join('.');
  if (issue.code === 'unrecognized_keys')
    return `${where}: ${issue.keys.slice(0, 5).map(describeName).join(', ')} is not supported.`;
  return `${where}: ${issue.message}.`;
}

/** A key may hold any text, so it goes back to its sender only when it looks like the name of a field. */
function describeName(key: PropertyKey): string {
  const name = String(key);
  return /^[A-Za-z0-9_]{1,40}$/.test(name) ? name : '(a key that is no name of a field)';
}
