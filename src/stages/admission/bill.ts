import type { Bill, Used } from '../../road/bill.ts';
import type { Usage } from '../../road/conversation.ts';
import type { ModelPrompt, Reservation } from '../../road/proofs.ts';
import { BYTES_A_TOKEN, estimateUsage, holdCountable, priceGuards, priceUsage } from './price.ts';

/**
 * What an attempt cost. Nothing that a provider took up is free: an answer that it did not count is counted by rule, and
 * a try that it took up in vain costs its input.
 */
export function billUse({ prompt, routes, grant }: Reservation, used: Used): Bill {
  const routeMicroUsd: Record<string, number> = {};
  let modelMicroUsd = 0;
  const add = (route: string, microUsd: number) => {
    routeMicroUsd[route] = (routeMicroUsd[route] ?? 0) + microUsd;
    modelMicroUsd += microUsd;
  };
  const { route } = used;
  let usage = used.usage;
  if (route !== undefined) {
    usage = usage === undefined ? estimateUsage(prompt, used.deliveredBytes) : holdEstimate(usage, prompt);
    add(route.name, priceUsage(usage, route.price));
  }
  for (const vain of used.vainTries) {
    if (vain.mayCost !== true) continue;
    const tried = routes.find(({ name }) => name === vain.route);
    const asked = estimateUsage(prompt, 0);
    if (tried !== undefined) add(tried.name, priceUsage(asked, tried.price));
    usage ??= asked;
  }
  const guardMicroUsd = priceGuards(used.guards, grant.capability.guardrail.price);
  const costMicroUsd = holdCountable(modelMicroUsd + guardMicroUsd);
  return { usage, costMicroUsd, guardMicroUsd, routeMicroUsd, requests: used.counts ? 1 : 0 };
}

/**
 * What a provider did not count was estimated where it was read, by characters and their escapes. No answer is longer
 * than was allowed, and no token shorter than a byte.
 */
function holdEstimate(usage: Usage, prompt: ModelPrompt): Usage {
  if (usage.source === 'provider') return usage;
  return {
    ...usage,
    inputTokens: Math.min(usage.inputTokens, estimateUsage(prompt, 0).inputTokens * BYTES_A_TOKEN),
    outputTokens: Math.min(usage.outputTokens, prompt.parameters.maxOutputTokens),
  };
}
