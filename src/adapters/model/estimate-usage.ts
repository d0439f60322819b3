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

/**
 * A provider's count, or undefined where it is none. Tokens from its cache are a part of the input, and those of its
 * reasoning a part of the output; parts that are no counts are not told apart.
 */
export function readCounts(
  inputTokens: unknown,
  outputTokens: unknown,
  { cached, reasoning }: { readonly cached?: unknown; readonly reasoning?: unknown } = {},
): Usage | undefined {
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  return {
    inputTokens,
    outputTokens,
    ...(isCount(cached) && cached > 0 && { cachedInputTokens: cached }),
    ...(isCount(reasoning) && reasoning > 0 && { reasoningTokens: reasoning }),
    source: 'provider',
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
