import type { Usage } from '../../road/conversation.ts';

const CHARACTERS_A_TOKEN = 4;

/** Tokens by rule, where the server did not count or counted nonsense: an answer is never free. */
export function estimateUsage(promptCharacters: number, outputCharacters: number): Usage {
  return {
    inputTokens: Math.ceil(promptCharacters / CHARACTERS_A_TOKEN),
    outputTokens: Math.ceil(outputCharacters / CHARACTERS_A_TOKEN),
    source: 'estimate',
  };
}

/** A provider's count, or undefined where it is none. */
export function readCounts(inputTokens: unknown, outputTokens: unknown): Usage | undefined {
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  return { inputTokens, outputTokens, source: 'provider' };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
