import type { SupportInput } from './support-input.ts';
import { readTokens } from './tokens.ts';

/**
 * How much of a question a response speaks of, 0 to 1: directly, or through the sentences of the sources that the
 * response takes its words from ("Hawaii" answers "in which state are they?" because a sentence says so).
 */
export function scoreRelevance({ sources, query, response }: SupportInput): number {
  const asked = contentOf(query);
  const said = contentOf(response);
  if (asked.size === 0) return said.size === 0 ? 0 : 0.5; // nothing that could be missed was asked for
  if (said.size === 0) return isShortAnswer(response) ? 0.6 : 0;
  let covered = 0;
  for (const stem of asked) if (said.has(stem)) covered += 1;
  let best = covered / asked.size;
  for (const sentence of sources.flatMap(listSentences)) {
    let taken = 0;
    for (const stem of said) if (sentence.has(stem)) taken += 1;
    if (taken === 0) continue;
    let through = 0;
    for (const stem of asked) if (sentence.has(stem) || said.has(stem)) through += 1;
    best = Math.max(best, (through / asked.size) * Math.sqrt(taken / said.size));
  }
  return Math.min(1, Math.sqrt(best));
}

function contentOf(text: string): Set<string> {
  return new Set(readTokens(text).filter(({ isStop }) => !isStop).map(({ stem }) => stem)); // prettier-ignore
}

function listSentences(text: string): Set<string>[] {
  const sentences = new Map<number, Set<string>>();
  for (const { stem, isStop, sentence } of readTokens(text)) {
    if (isStop) continue;
    const known = sentences.get(sentence);
    if (known) known.add(stem);
    else sentences.set(sentence, new Set([stem]));
  }
  return [...sentences.values()];
}

function isShortAnswer(response: string): boolean {
  return /^\s*(?:yes|no)\b/i.test(response);
}
