import type { PiiDetector, PiiSpan } from '../../ports/pii-detector.ts';
import type { Block, Message } from '../../road/conversation.ts';
import {
  proveRedactedPrompt,
  type AssembledPrompt,
  type ModelPrompt,
  type Redacted,
  type RedactedPrompt,
} from '../../road/proofs.ts';
import { describeUnforeseen, refuse, type Refusal } from '../../road/refusal.ts';
import { isJsonDocument, listArgumentTexts, replaceArgumentTexts } from '../../road/tool-arguments.ts';
import { Placeholders } from './placeholders.ts';

/**
 * Masks personal data in every block of every message: context, user text, earlier answers, tool calls and tool
 * results alike, and in stop sequences. The layers of the system text are the platform's own and hold no
 * client's text.
 */
export function redactPrompt(assembled: AssembledPrompt, detector: PiiDetector): RedactedPrompt | Refusal {
  const { grant, prompt } = assembled;
  try {
    const masker = new Masker(prompt, detector);
    const masked = maskPrompt(prompt, masker);
    return proveRedactedPrompt({ grant, prompt: masked, redactions: masker.redactions() });
  } catch (error) {
    return refuse('redaction.unavailable', { detail: describeUnforeseen(error) });
  }
}

function maskPrompt(prompt: ModelPrompt, masker: Masker): ModelPrompt {
  const messages = mapUnchanged(prompt.messages, (message): Message => {
    const blocks = mapUnchanged(message.blocks, (block) => masker.maskBlock(block));
    return blocks === message.blocks ? message : { role: message.role, blocks };
  });
  const stops = prompt.parameters.stopSequences ?? NO_STOPS;
  const stopSequences = mapUnchanged(stops, (stop) => masker.maskText(stop));
  if (messages === prompt.messages && stopSequences === stops) return prompt;
  const parameters = stops.length === 0 ? prompt.parameters : { ...prompt.parameters, stopSequences };
  return { ...prompt, messages, parameters };
}

/** The platform's own context is the same block in every request, so its spans are found once a detector. */
const platformSpans = new WeakMap<PiiDetector, WeakMap<Block, readonly PiiSpan[]>>();

const NO_STOPS: readonly string[] = [];
const NOTHING_MASKED: readonly Redacted[] = [];

/** Masks the texts of one prompt: the same value gets the same placeholder throughout. */
class Masker {
  readonly #prompt: ModelPrompt;
  readonly #detector: PiiDetector;
  #callIds: Map<string, string> | undefined;
  #placeholders: Placeholders | undefined;

  constructor(prompt: ModelPrompt, detector: PiiDetector) {
    this.#prompt = prompt;
    this.#detector = detector;
  }

  redactions(): readonly Redacted[] {
    return this.#placeholders?.list() ?? NOTHING_MASKED;
  }

  maskBlock(block: Block): Block {
    switch (block.type) {
      case 'text': {
        const text =
          block.origin === 'platform'
            ? this.#mask(block.text, this.#findOnce(block, block.text), 'platform')
            : this.maskText(block.text);
        return text === block.text ? block : { ...block, text };
      }
      case 'tool_call': {
        const id = this.#maskCallId(block.id);
        const argumentsJson = replaceArgumentTexts(block.argumentsJson, (text) => this.maskText(text));
        return id === block.id && argumentsJson === block.argumentsJson
          ? block
          : { ...block, id, argumentsJson };
      }
      case 'tool_result': {
        const callId = this.#maskCallId(block.callId);
        const text = isJsonDocument(block.text)
          ? replaceArgumentTexts(block.text, (part) => this.maskText(part))
          : this.maskText(block.text);
        return callId === block.callId && text === block.text ? block : { ...block, callId, text };
      }
    }
  }

  maskText(text: string): string {
    return this.#mask(text, this.#detector.find(text), 'caller');
  }

  /** A model matches calls with results by id, so an id that is personal data gets another, and no brackets. */
  #maskCallId(id: string): string {
    const callIds = (this.#callIds ??= new Map<string, string>());
    const known = callIds.get(id);
    if (known !== undefined) return known;
    const isPersonal = this.#detector.find(id).length > 0;
    const masked = isPersonal ? `call_masked_${callIds.size + 1}` : id;
    callIds.set(id, masked);
    return masked;
  }

  #findOnce(block: Block, text: string): readonly PiiSpan[] {
    let known = platformSpans.get(this.#detector);
    if (known === undefined) platformSpans.set(this.#detector, (known = new WeakMap()));
    let spans = known.get(block);
    if (spans === undefined) known.set(block, (spans = this.#detector.find(text)));
    return spans;
  }

  #mask(text: string, spans: readonly PiiSpan[], origin: Redacted['origin']): string {
    if (spans.length === 0) return text;
    this.#placeholders ??= new Placeholders(listTexts(this.#prompt));
    let masked = '';
    let from = 0;
    for (const { type, start, end } of spans) {
      masked += text.slice(from, start) + this.#placeholders.mask(type, text.slice(start, end), origin);
      from = end;
    }
    return masked + text.slice(from);
  }
}

/** Everything that a placeholder could be typed into. */
function* listTexts(prompt: ModelPrompt): Iterable<string> {
  for (const message of prompt.messages) {
    for (const block of message.blocks) {
      if (block.type === 'tool_call') yield* listArgumentTexts(block.argumentsJson);
      else if (block.type === 'tool_result' && isJsonDocument(block.text))
        yield* listArgumentTexts(block.text);
      else yield block.text;
    }
  }
  yield* prompt.parameters.stopSequences ?? [];
}

/** Like `map`, and gives back the array itself where nothing changed. */
function mapUnchanged<Item>(items: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  let changed: Item[] | undefined;
  let index = 0;
  for (const item of items) {
    const next = change(item);
    if (next !== item) (changed ??= [...items])[index] = next;
    index++;
  }
  return changed ?? items;
}
