import { z } from 'zod';
import type { Block, Message } from '../../road/conversation.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import type { ReadRequest } from './dialect.ts';

const textParts = z.union([
  z.string(),
  z
    .array(z.strictObject({ type: z.literal('text'), text: z.string() }, 'only text parts are supported'))
    .min(1),
]);
const toolCall = z.strictObject({
  id: z.string().min(1).max(200),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1).max(200), arguments: z.string() }),
});
const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: textParts }),
  z.strictObject({ role: z.literal('user'), content: textParts }),
  z.strictObject({
    role: z.literal('assistant'),
    content: textParts.nullish(),
    refusal: z.null().optional(),
    tool_calls: z.array(toolCall).min(1).max(128).optional(),
    // The SDK's answers carry these, and clients send answers back as they are.
    annotations: z.array(z.never()).optional(),
    audio: z.null().optional(),
    function_call: z.null().optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: z.string().min(1).max(200), content: textParts }),
]);

const chatRequest = z.looseObject({
  model: z.string().min(1).max(200),
  messages: z.array(message).min(1).max(10_000),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.literal('function'),
        function: z.looseObject({ name: z.string().min(1).max(200) }),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
    ])
    .nullish(),
  metadata: z.record(z.string().max(64), z.string().max(100_000)).nullish(),
});
type ChatRequest = z.infer<typeof chatRequest>;

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
const KNOWN = new Set(Object.keys(chatRequest.shape));

/** Reads a request of POST /v1/chat/completions. */
export function readChatRequest(text: string): ReadRequest | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse('edge.malformed_json');
  }
  const parsed = chatRequest.safeParse(body);
  if (!parsed.success)
    return refuse('edge.malformed_request', { hint: describeIssue(parsed.error.issues[0]) });
  const request = parsed.data;
  const messages = readMessages(request);
  if (isRefusal(messages)) return messages;
  const maxOutputTokens = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  return {
    includeUsage: request.stream_options?.include_usage === true,
    conversation: {
      capability: request.model,
      messages,
      clientInstructions: request.messages.flatMap((item) =>
        item.role === 'system' || item.role === 'developer' ? [joinParts(item.content)] : [],
      ),
      parameters: {
        ...(typeof request.temperature === 'number' ? { temperature: request.temperature } : {}),
        ...(typeof request.top_p === 'number' ? { topP: request.top_p } : {}),
        ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
        ...(request.stop
          ? { stopSequences: typeof request.stop === 'string' ? [request.stop] : request.stop }
          : {}),
      },
      toolNames: (request.tools ?? []).map((tool) => tool.function.name),
      toolChoice:
        typeof request.tool_choice === 'object' ? readNamedTool(request.tool_choice) : request.tool_choice,
      variables: request.metadata ?? NO_VARIABLES,
      unsupported: listUnsupported(request),
      delivery: request.stream === true ? 'stream' : 'whole',
    },
  };
}

const NO_VARIABLES = Object.freeze({});

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

function listUnsupported(request: ChatRequest): string[] {
  const unsupported: string[] = [];
  for (const field in request) {
    if (KNOWN.has(field)) continue;
    const value: unknown = request[field];
    if (value === null || value === undefined || HARMLESS[field]?.includes(value) === true) continue;
    if (field === 'response_format' && isTextFormat(value)) continue;
    unsupported.push(field);
  }
  return unsupported;
}

function isTextFormat(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'text';
}

/** Says where and why; never what stood there. */
function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return '';
  const where = issue.path.length === 0 ? 'the body' : issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return `${where}: ${issue.keys.slice(0, 5).join(', ').slice(0, 200)} is not supported.`;
  return `${where}: ${issue.message}.`;
}
