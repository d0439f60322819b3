import type { PiiDetector, PiiSpan } from '../../ports/pii-detector.ts';
import type { Block } from '../../road/conversation.ts';
import { proveRedactedPrompt, type AssembledPrompt, type RedactedPrompt } from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import { Placeholders } from './placeholders.ts';

/**
 * Masks personal data in every block of every message: context, user text, earlier answers, tool calls and
 * tool results alike. The layers of the system text are the platform's own and hold no client's text.
 */
export function redactPrompt(assembled: AssembledPrompt, detector: PiiDetector): RedactedPrompt | Refusal {
  const { grant, prompt } = assembled;
  try {
    const found = findEverywhere(prompt.messages, detector);
    if (found.size === 0) return proveRedactedPrompt({ grant, prompt, redactions: [] });
    const placeholders = new Placeholders(textsOf(prompt.messages));
    const messages = prompt.messages.map((message) => ({
      role: message.role,
      blocks: message.blocks.map((block) => maskBlock(block, found.get(block), placeholders)),
    }));
    return proveRedactedPrompt({ grant, prompt: { ...prompt, messages }, redactions: placeholders.list() });
  } catch (error) {
    return refuse('redaction.unavailable', { detail: error instanceof Error ? error.message : 'unknown' });
  }
}

interface Found {
  readonly text: string;
  readonly spans: readonly PiiSpan[];
}

/** The platform's own context is the same block in every request, so its spans are found once a detector. */
const platformSpans = new WeakMap<PiiDetector, WeakMap<Block, Found>>();

function findEverywhere(
  messages: AssembledPrompt['prompt']['messages'],
  detector: PiiDetector,
): Map<Block, Found> {
  const found = new Map<Block, Found>();
  for (const message of messages) {
    for (const block of message.blocks) {
      const result =
        block.type === 'text' && block.origin === 'platform'
          ? findOnce(block, detector)
          : find(block, detector);
      if (result.spans.length > 0) found.set(block, result);
    }
  }
  return found;
}

function findOnce(block: Block, detector: PiiDetector): Found {
  let known = platformSpans.get(detector);
  if (known === undefined) platformSpans.set(detector, (known = new WeakMap()));
  let result = known.get(block);
  if (result === undefined) known.set(block, (result = find(block, detector)));
  return result;
}

function find(block: Block, detector: PiiDetector): Found {
  const text = textOf(block);
  return { text, spans: detector.find(text) };
}

function textOf(block: Block): string {
  return block.type === 'tool_call' ? unescapeJson(block.argumentsJson) : block.text;
}

function* textsOf(messages: AssembledPrompt['prompt']['messages']): Iterable<string> {
  for (const message of messages) for (const block of message.blocks) yield textOf(block);
}

/** `\u0040` is an at sign that no detector sees, so escapes are undone first. */
function unescapeJson(json: string): string {
  if (!json.includes('\\u')) return json;
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

function maskBlock(block: Block, found: Found | undefined, placeholders: Placeholders): Block {
  if (found === undefined) return block;
  const origin = block.type === 'text' && block.origin === 'platform' ? 'platform' : 'caller';
  let masked = '';
  let from = 0;
  for (const { type, start, end } of found.spans) {
    masked += found.text.slice(from, start) + placeholders.mask(type, found.text.slice(start, end), origin);
    from = end;
  }
  masked += found.text.slice(from);
  return block.type === 'tool_call' ? { ...block, argumentsJson: masked } : { ...block, text: masked };
}
