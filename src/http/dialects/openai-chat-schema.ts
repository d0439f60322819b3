import { z } from 'zod';

const textParts = z.union(
  [z.string(), z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1)],
  'only text, or a list of text parts, is supported',
);
/**
 * Ids and names of calls travel to the model past masking and guardrail, which read texts. So they have the
 * alphabet of ids and names: no sentence and no address fits in.
 */
const callId = z.string().regex(/^[A-Za-z0-9_.:|/+=-]{1,200}$/, 'not the id of a call');
const toolName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not the name of a tool');
const toolCall = z.strictObject({
  id: callId,
  type: z.literal('function'),
  function: z.strictObject({
    name: toolName,
    arguments: z.string(),
    // The SDK's own reading of the arguments, in messages of its stream helper. It is not read here.
    parsed_arguments: z.unknown().optional(),
  }),
  // Clients that put a call together from its chunks keep their index.
  index: z.int().optional(),
});
const stopSequence = z.string().max(100);
const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: textParts }),
  z.strictObject({ role: z.literal('user'), content: textParts }),
  z.strictObject({
    role: z.literal('assistant'),
    content: textParts.nullish(),
    refusal: z.null().optional(),
    tool_calls: z.array(toolCall).min(1).max(128).nullish(),
    // The SDK's answers carry these, and clients send answers back as they are.
    annotations: z.array(z.never()).nullish(),
    audio: z.null().optional(),
    function_call: z.null().optional(),
    parsed: z.null().optional(),
  }),
  z.strictObject({ role: z.literal('tool'), tool_call_id: callId, content: textParts }),
]);

/**
 * The body of POST /v1/chat/completions, as far as any capability can allow it; other fields are refused by name. These
 * are the fields that a request has, and `chatOptions` those that it may have.
 */
export const chatRequest = z.object({
  // It goes on the record, whatever it says: no sentence and no address fits in.
  model: z.string().regex(/^[A-Za-z0-9._:/-]{1,100}$/, 'not the name of a capability'),
  messages: z.array(message).min(1).max(10_000),
  stream: z.boolean().nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

export const chatOptions = z.object({
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
  stop: z
    .union([stopSequence, z.array(stopSequence).max(16)], 'not a sequence, or a list of at most 16')
    .nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.literal('function'),
        function: z.looseObject({ name: toolName }),
      }),
    )
    .max(128)
    .nullish(),
  tool_choice: z
    .union(
      [
        z.enum(['none', 'auto', 'required']),
        z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: toolName }) }),
      ],
      'not none, auto, required or a function',
    )
    .nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(100_000))
    .refine((variables) => Object.keys(variables).length <= 64, 'more than 64 entries')
    .nullish(),
});
export type ChatOptions = z.infer<typeof chatOptions>;
