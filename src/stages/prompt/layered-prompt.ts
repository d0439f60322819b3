import type { Block, Conversation, Message } from '../../road/conversation.ts';
import type { Passage, Prompt, TemplatePart } from '../../road/governed.ts';
import { proveAssembledPrompt, type AssembledPrompt, type Grant } from '../../road/proofs.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import { explainVariableMismatch } from '../../road/variable.ts';
import { applyRequestRules } from './request-rules.ts';

/**
 * Puts the prompt together: system → policy → developer → workflow in the system text; context and the
 * user's own text in the user's role. Nothing that a client wrote can reach the system text, since only
 * typed variables may stand in a layer (`goldenpath check` holds that).
 */
export function assemblePrompt(
  grant: Grant,
  conversation: Conversation,
  passages: readonly Passage[] = grant.capability.context,
): AssembledPrompt | Refusal {
  const { capability } = grant;
  const rules = applyRequestRules(conversation, capability);
  if (isRefusal(rules)) return rules;
  const texts = renderPrompt(capability.prompt, conversation.variables);
  if (isRefusal(texts)) return texts;

  const prefix: Block[] = renderContext(passages);
  const messages = passages.length === 0 ? conversation.messages : unmarkMessages(conversation.messages);
  if (texts.userPrefix !== '') prefix.push({ type: 'text', text: texts.userPrefix });
  return proveAssembledPrompt({
    grant,
    prompt: {
      system: texts.system,
      messages: prefixLastUserMessage(messages, prefix),
      tools: rules.tools,
      toolChoice: conversation.toolChoice,
      parameters: rules.parameters,
    },
  });
}

type Variables = Readonly<Record<string, string>>;

/** The platform's texts with their variables filled in. */
interface PromptTexts {
  readonly system: string;
  readonly userPrefix: string;
}

/** Where a request gives no variables, the texts are the same each time, so they are rendered once a prompt. */
const defaultTexts = new WeakMap<Prompt, PromptTexts>();

function renderPrompt(prompt: Prompt, given: Variables): PromptTexts | Refusal {
  const isDefault = Object.keys(given).length === 0;
  const known = isDefault ? defaultTexts.get(prompt) : undefined;
  if (known !== undefined) return known;
  const variables = resolveVariables(prompt, given);
  if (isRefusal(variables)) return variables;
  const texts = {
    system: prompt.layers.map((layer) => render(layer.parts, variables)).join('\n\n'),
    userPrefix: unmark(render(prompt.userPrefix, variables)),
  };
  if (isDefault) defaultTexts.set(prompt, texts);
  return texts;
}

function resolveVariables(prompt: Prompt, given: Variables): Variables | Refusal {
  for (const name in given) {
    if (!Object.hasOwn(prompt.variables, name)) {
      const known = Object.keys(prompt.variables).join(', ');
      return refuse('prompt.unknown_variable', { hint: known === '' ? 'It has none.' : `It has: ${known}.` });
    }
  }
  const resolved: Record<string, string> = {};
  for (const [name, variable] of Object.entries(prompt.variables)) {
    const value = Object.hasOwn(given, name) ? given[name] : variable.default;
    if (value === undefined) return refuse('prompt.missing_variable', { hint: `Send metadata.${name}.` });
    const mismatch = explainVariableMismatch(variable.type, value);
    if (mismatch !== undefined) return refuse('prompt.invalid_variable', { hint: `${name} ${mismatch}.` });
    resolved[name] = value;
  }
  return resolved;
}

function render(parts: readonly TemplatePart[], variables: Variables): string {
  let text = '';
  for (const part of parts) text += 'literal' in part ? part.literal : (variables[part.variable] ?? '');
  return text;
}

const renderedContexts = new WeakMap<readonly Passage[], readonly Block[]>();

/** Passages are marked, so that a model can cite them and tell them from instructions. */
function renderContext(passages: readonly Passage[]): Block[] {
  let blocks = renderedContexts.get(passages);
  if (blocks === undefined) {
    blocks = passages.map((passage) => ({
      type: 'text',
      origin: 'platform',
      text: `<passage id="${passage.id}">\n${passage.text}\n</passage>`,
    }));
    renderedContexts.set(passages, blocks);
  }
  return [...blocks];
}

/** Who could write `<passage id="returns">` could have a model cite it as the platform's own. */
function unmark(text: string): string {
  return text.replaceAll(/<(?=\/?passage\b)/gi, '&lt;');
}

function unmarkMessages(messages: readonly Message[]): readonly Message[] {
  const isMarked = (block: Block) => block.type !== 'tool_call' && unmark(block.text) !== block.text;
  if (!messages.some((message) => message.blocks.some(isMarked))) return messages;
  return messages.map((message) => ({
    role: message.role,
    blocks: message.blocks.map((block) =>
      block.type === 'tool_call' ? block : { ...block, text: unmark(block.text) },
    ),
  }));
}

function prefixLastUserMessage(messages: readonly Message[], prefix: readonly Block[]): readonly Message[] {
  if (prefix.length === 0) return messages;
  const last = messages.findLastIndex((message) => message.role === 'user');
  if (last === -1) return [{ role: 'user', blocks: prefix }, ...messages];
  return messages.map((message, index) =>
    index === last ? { role: 'user', blocks: [...prefix, ...message.blocks] } : message,
  );
}
