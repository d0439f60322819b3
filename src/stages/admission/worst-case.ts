import {
  METERED_POLICIES,
  type GuardrailPrice,
  type Route,
  type ToolDefinition,
} from '../../road/governed.ts';
import type { ModelPrompt } from '../../road/proofs.ts';
import { holdCountable } from './price.ts';

/** What a provider's template may put around a conversation and around each of its parts, in tokens. */
const TEMPLATE_TOKENS = 64;
const PART_TOKENS = 16;

const UNIT_CHARACTERS = 1000;
/** Words that are longer than this on average are in no answer; what a guardrail meters beyond it is booked all the same. */
const CHARACTERS_A_TOKEN = 8;
/** Texts of an answer that a guardrail judges one by one round up one by one. */
const OUTPUT_TEXTS = 4;

/** How much a request may use at most, before anything is known of its answer. */
export interface WorstCase {
  readonly inputTokens: number;
  /** Text units of the input, as a guardrail meters them. */
  readonly inputUnits: number;
  /** Of a thousand units, with all policies: which of them a guardrail has is not known here. */
  readonly unitPrice: number;
}

/** A token has at least one byte, whatever the vocabulary, so the bytes of the prompt are never fewer than its tokens. */
export function describeWorstCase(prompt: ModelPrompt, guardrail: GuardrailPrice): WorstCase {
  const { bytes, parts } = measure(prompt);
  return {
    inputTokens: bytes + parts * PART_TOKENS + TEMPLATE_TOKENS,
    inputUnits: Math.ceil(bytes / UNIT_CHARACTERS) + parts,
    unitPrice: priceUnit(guardrail),
  };
}

/**
 * Micro-dollars by which all routes, every retry and the guardrail are paid, if the answer has so many tokens. Every try
 * of every route may be billed for its input, and one of them, the dearest, for its output: a model that is asked again
 * has not answered.
 */
export function priceRoutes(worstCase: WorstCase, routes: readonly Route[], outputTokens: number): number {
  let [input, output] = [0, 0];
  for (const route of routes) {
    input += priceInput(worstCase, route);
    output = Math.max(output, priceOutput(route, outputTokens));
  }
  return holdCountable(input + output + priceGuardrail(worstCase, outputTokens));
}

/** Of it, what one route may take. */
export function priceRoute(worstCase: WorstCase, route: Route, outputTokens: number): number {
  return holdCountable(priceInput(worstCase, route) + priceOutput(route, outputTokens));
}

function priceInput({ inputTokens }: WorstCase, { price, retries }: Route): number {
  const perMillion = dearest(price.inputMicroUsdPerMillion, price.cachedInputMicroUsdPerMillion);
  return Math.ceil((inputTokens * perMillion) / 1e6) * (1 + retries);
}

function priceOutput({ price }: Route, outputTokens: number): number {
  const perMillion = dearest(price.outputMicroUsdPerMillion, price.reasoningMicroUsdPerMillion);
  return Math.ceil((outputTokens * perMillion) / 1e6);
}

function priceGuardrail({ inputUnits, unitPrice }: WorstCase, outputTokens: number): number {
  if (unitPrice === 0) return 0;
  const outputUnits = Math.ceil((outputTokens * CHARACTERS_A_TOKEN) / UNIT_CHARACTERS) + OUTPUT_TEXTS;
  return Math.ceil(((inputUnits + outputUnits) * unitPrice) / 1000);
}

function dearest(price: number, special: number | undefined): number {
  return special === undefined ? price : Math.max(price, special);
}

function priceUnit(price: GuardrailPrice): number {
  let sum = 0;
  for (const policy of METERED_POLICIES) sum += price[policy] ?? 0;
  return sum;
}

function measure(prompt: ModelPrompt): { readonly bytes: number; readonly parts: number } {
  let bytes = Buffer.byteLength(prompt.system);
  let parts = 1;
  for (const { blocks } of prompt.messages) {
    for (const block of blocks) {
      parts += 1;
      bytes +=
        block.type === 'tool_call'
          ? Buffer.byteLength(block.argumentsJson) + block.name.length
          : Buffer.byteLength(block.text);
    }
  }
  for (const tool of prompt.tools) {
    parts += 1;
    bytes += measureTool(tool);
  }
  return { bytes, parts };
}

const toolBytes = new WeakMap<ToolDefinition, number>();

/** Definitions are the capability's, and the same for every request. */
function measureTool(tool: ToolDefinition): number {
  let bytes = toolBytes.get(tool);
  if (bytes === undefined) toolBytes.set(tool, (bytes = Buffer.byteLength(JSON.stringify(tool))));
  return bytes;
}
