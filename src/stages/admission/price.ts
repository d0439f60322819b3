import { MAX_LEDGER_AMOUNT } from '../../ports/ledger.ts';
import type { Usage } from '../../road/conversation.ts';
import { METERED_POLICIES, type GuardrailPrice, type TokenPrice } from '../../road/governed.ts';
import type { ModelPrompt } from '../../road/proofs.ts';
import type { RecordedGuard } from '../../road/record.ts';

/** Cost in micro-dollars, rounded up: a request is never free because it is small. */
export function priceUsage(usage: Usage, price: TokenPrice): number {
  const { inputMicroUsdPerMillion: input, outputMicroUsdPerMillion: output } = price;
  const cached = Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, usage.outputTokens);
  const exact =
    (usage.inputTokens - cached) * input +
    cached * (price.cachedInputMicroUsdPerMillion ?? input) +
    (usage.outputTokens - reasoning) * output +
    reasoning * (price.reasoningMicroUsdPerMillion ?? output);
  return holdCountable(Math.ceil(exact / 1_000_000));
}

/** Cost of the text units that guardrails metered, in micro-dollars, rounded up. */
export function priceGuards(guards: readonly RecordedGuard[], price: GuardrailPrice): number {
  let exact = 0;
  for (const { units } of guards) {
    if (units === undefined) continue;
    for (const policy of METERED_POLICIES) exact += (units[policy] ?? 0) * (price[policy] ?? 0);
  }
  return holdCountable(Math.ceil(exact / 1000));
}

/** A provider may count what it likes; beyond what the ledger can hold it is no count any more. */
export function holdCountable(amount: number): number {
  return Math.min(amount, MAX_LEDGER_AMOUNT);
}

export const BYTES_A_TOKEN = 4;

/**
 * Tokens by rule, for an answer that was cut off before its provider counted it: a token for every four bytes that were
 * sent and delivered. It is never free, and never more than the worst case that was set aside.
 */
export function estimateUsage(prompt: ModelPrompt, deliveredBytes: number): Usage {
  const outputTokens = Math.ceil(deliveredBytes / BYTES_A_TOKEN);
  return {
    inputTokens: estimateInputTokens(prompt),
    outputTokens: Math.min(outputTokens, prompt.parameters.maxOutputTokens),
    source: 'estimate',
  };
}

function estimateInputTokens(prompt: ModelPrompt): number {
  let bytes = Buffer.byteLength(prompt.system);
  for (const message of prompt.messages) {
    for (const block of message.blocks) {
      bytes += Buffer.byteLength(block.type === 'tool_call' ? block.argumentsJson : block.text);
    }
  }
  return Math.ceil(bytes / BYTES_A_TOKEN);
}
