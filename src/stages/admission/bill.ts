import type { Bill, Used } from '../../road/bill.ts';
import type { Reservation } from '../../road/proofs.ts';
import { estimateUsage, holdCountable, priceGuards, priceUsage } from './price.ts';

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
    usage ??= estimateUsage(prompt, used.deliveredBytes);
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
