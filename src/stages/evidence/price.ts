import type { Usage } from '../../road/conversation.ts';
import type { Route } from '../../road/governed.ts';
import type { GuardedPrompt } from '../../road/proofs.ts';

/** Cost in micro-dollars, rounded up: a request is never free because it is small. */
export function priceUsage(usage: Usage, route: Route): number {
  const { inputMicroUsdPerMillion, outputMicroUsdPerMillion } = route.price;
  return Math.ceil(
    (usage.inputTokens * inputMicroUsdPerMillion + usage.outputTokens * outputMicroUsdPerMillion) / 1_000_000,
  );
}

const CHARACTERS_A_TOKEN = 4;

/** Tokens by rule, for an answer that was cut off before its provider counted it: it is never free. */
export function estimateUsage(guarded: GuardedPrompt, outputCharacters: number): Usage {
  let inputCharacters = guarded.prompt.system.length;
  for (const message of guarded.prompt.messages) {
    for (const block of message.blocks) {
      inputCharacters += block.type === 'tool_call' ? block.argumentsJson.length : block.text.length;
    }
  }
  return {
    inputTokens: Math.ceil(inputCharacters / CHARACTERS_A_TOKEN),
    outputTokens: Math.ceil(outputCharacters / CHARACTERS_A_TOKEN),
    source: 'estimate',
  };
}
