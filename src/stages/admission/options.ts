import type { Capability, Route } from '../../road/governed.ts';
import type { Limit } from './limits.ts';
import { priceRoute, priceRoutes, type WorstCase } from './worst-case.ts';

/** A way in which a request could be served: by these routes, with an answer of at most so many tokens. */
export interface Option {
  readonly routes: readonly [Route, ...Route[]];
  readonly outputTokens: number;
}

/** An answer that is shorter than this is none; where the client itself asks for less, that. */
const MIN_OUTPUT_TOKENS = 16;

/** What an option takes at most. */
export interface Taking {
  readonly option: Option;
  readonly worstCase: WorstCase;
  readonly tokens: number;
  readonly microUsd: number;
}

export function describeTaking(option: Option, worstCase: WorstCase): Taking {
  const { routes, outputTokens } = option;
  const microUsd = priceRoutes(worstCase, routes, outputTokens);
  return { option, worstCase, tokens: worstCase.inputTokens + outputTokens, microUsd };
}

/** What is taken at most of a limit. */
export function amountOf({ unit, route }: Pick<Limit, 'unit' | 'route'>, taking: Taking): number {
  if (unit === 'tokens') return taking.tokens;
  if (unit !== 'money') return 1;
  if (route === undefined) return taking.microUsd;
  const { option, worstCase } = taking;
  const own = option.routes.find(({ name }) => name === route);
  return own === undefined ? 0 : priceRoute(worstCase, own, option.outputTokens);
}

/**
 * What a refused option can be narrowed to, the best first. A route that is at its own limit is passed over, as one that
 * is away is. Where a budget does not pay, the fallbacks go first, the dearest before the others; the route that would be
 * taken goes only where the capability says so.
 */
export function listOptions(input: {
  readonly option: Option;
  readonly refused: Limit | undefined;
  readonly onBudget: Capability['use']['onBudget'];
}): readonly Option[] {
  const { option, refused, onBudget } = input;
  if (refused?.route !== undefined) {
    const [first, ...rest] = option.routes.filter(({ name }) => name !== refused.route);
    if (first !== undefined) return [{ ...option, routes: [first, ...rest] }];
  }
  if (refused?.unit !== 'money') return [];
  const options: Option[] = [option];
  let { routes } = option;
  while (routes.length > 1) {
    routes = withoutDearest(routes, onBudget === 'cheaper_route' ? 0 : 1);
    options.push({ ...option, routes });
  }
  return options;
}

function withoutDearest(routes: Option['routes'], keep: 0 | 1): Option['routes'] {
  const dearest = routes.slice(keep).toSorted((a, b) => priceOf(b) - priceOf(a))[0];
  const [first, ...rest] = routes.filter((route) => route !== dearest);
  return first === undefined ? routes : [first, ...rest];
}

function priceOf({ price }: Route): number {
  return price.inputMicroUsdPerMillion + price.outputMicroUsdPerMillion;
}

/**
 * The first option that what is left of the budgets pays for in full; else the narrowest, with the longest answer that
 * they pay for. Undefined where they pay for none.
 */
export function withinBudgets(input: {
  readonly options: readonly Option[];
  readonly limits: readonly Limit[];
  readonly remaining: readonly number[];
  readonly worstCase: WorstCase;
}): Option | undefined {
  const { options, limits, remaining, worstCase } = input;
  const budgets = limits
    .map((limit, index) => ({ limit, left: remaining[index] ?? 0 }))
    .filter(({ limit }) => limit.unit === 'money');
  const isPaid = (option: Option) => {
    const taking = describeTaking(option, worstCase);
    return budgets.every(({ limit, left }) => amountOf(limit, taking) <= left);
  };
  // A route that is left out takes nothing, so its own budget does not stand in the way.
  const whole = options.find(isPaid);
  if (whole !== undefined) return whole;
  const narrowest = options.at(-1);
  if (narrowest === undefined) return undefined;
  let [paid, unpaid] = [0, narrowest.outputTokens];
  if (!isPaid({ ...narrowest, outputTokens: 0 })) return undefined;
  while (unpaid - paid > 1) {
    const middle = Math.floor((paid + unpaid) / 2);
    if (isPaid({ ...narrowest, outputTokens: middle })) paid = middle;
    else unpaid = middle;
  }
  return paid < Math.min(MIN_OUTPUT_TOKENS, narrowest.outputTokens)
    ? undefined
    : { ...narrowest, outputTokens: paid };
}
