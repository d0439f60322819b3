import { hash } from 'node:crypto';
import type { z } from 'zod';
import type { GuardrailPrice, TokenPrice } from '../road/governed.ts';
import type { Part } from './parts.ts';
import type { Problem } from './problem.ts';
import type { priceSchema, tokenPrices } from './schemas.ts';

/** Prices of a repository, by NAME@VERSION. */
export type PriceFiles = ReadonlyMap<string, z.infer<typeof priceSchema>>;

/**
 * Amazon's list prices for a thousand text units, for guardrails in Bedrock whose file names no price: never free.
 * Source: https://aws.amazon.com/bedrock/pricing/ (Guardrails, text), read on 2026-11-20; words and regexes cost nothing.
 */
const BEDROCK_LIST_PRICE: GuardrailPrice = {
  contentFilter: 150_000,
  deniedTopic: 150_000,
  sensitiveInformation: 100_000,
  contextualGrounding: 100_000,
  automatedReasoning: 170_000,
};

/** What a guardrail in Bedrock costs. */
export function priceOfGuardrail(id: string | undefined, prices: PriceFiles): GuardrailPrice {
  if (id === undefined) return BEDROCK_LIST_PRICE;
  return Object.fromEntries(
    Object.entries(prices.get(id)?.guardrail ?? {}).filter(([, amount]) => amount !== undefined),
  );
}

/** What a route costs: the prices of a file, or those that its own file says. */
export function priceOfRoute(price: string | z.infer<typeof tokenPrices>, prices: PriceFiles): TokenPrice {
  const tokens = typeof price === 'string' ? prices.get(price)?.tokens : price;
  const cached = tokens?.cachedInputMicroUsdPerMillionTokens;
  const reasoning = tokens?.reasoningMicroUsdPerMillionTokens;
  return {
    ...(typeof price === 'string' && { id: price }),
    inputMicroUsdPerMillion: tokens?.inputMicroUsdPerMillionTokens ?? 0,
    outputMicroUsdPerMillion: tokens?.outputMicroUsdPerMillionTokens ?? 0,
    ...(cached !== undefined && { cachedInputMicroUsdPerMillion: cached }),
    ...(reasoning !== undefined && { reasoningMicroUsdPerMillion: reasoning }),
  };
}

/** The prices of a repository as the road reads them. */
export function compilePrices(prices: PriceFiles): ReadonlyMap<string, CompiledPrice> {
  return new Map(
    [...prices].map(([id, { tokens, guardrail }]) => [
      id,
      {
        ...(tokens !== undefined && { tokens: priceOfRoute(id, prices) }),
        ...(guardrail !== undefined && { guardrail: priceOfGuardrail(id, prices) }),
      },
    ]),
  );
}

/** A version of a price: of a model, of a guardrail, or of both. */
export interface CompiledPrice {
  readonly tokens?: TokenPrice;
  readonly guardrail?: GuardrailPrice;
}

/** What a version of a price says, as the lock holds it. */
export function hashPrices(prices: PriceFiles): Record<string, string> {
  return Object.fromEntries(
    [...prices].map(([id, price]) => [id, hash('sha256', JSON.stringify(price), 'hex')]),
  );
}

/** What would be free because its price is missing. */
export function checkPriceReferences(input: {
  readonly routes: readonly Part<{ price: unknown }>[];
  readonly guardrails: readonly Part<{ price?: string | undefined }>[];
  readonly prices: PriceFiles;
  /** Ids of the files that stand there, right or wrong. */
  readonly known: ReadonlySet<string>;
  /** What the lock holds; absent where it cannot be read. */
  readonly published: Readonly<Record<string, string>> | undefined;
}): Problem[] {
  const { prices, known, published } = input;
  const check = (part: Part<{ price?: unknown }>, kind: 'tokens' | 'guardrail'): Problem[] => {
    const id = part.value.price;
    if (typeof id !== 'string') return [];
    const place = { file: part.parsed.file, ...part.parsed.locate(['price']) };
    if (!known.has(id)) {
      const names = [...known].join(', ');
      const fix = names === '' ? 'Add prices/NAME/VERSION.yaml.' : `Use one of: ${names}.`;
      return [{ ...place, cause: `price ${id} does not exist, so this would be free`, fix }];
    }
    const price = prices.get(id);
    if (price === undefined) return []; // it is reported with its own problems
    if (price[kind] === undefined) {
      const cause = `price ${id} has no ${kind}, so this would be free`;
      return [{ ...place, cause, fix: `Add ${kind} to it under the next version number, or name another.` }];
    }
    if (published === undefined || published[id] !== undefined) return [];
    const cause = `price ${id} is not published, so it could still change`;
    return [{ ...place, cause, fix: 'Run `goldenpath publish DIR`, and commit versions.lock.json.' }];
  };
  return [
    ...input.routes.flatMap((part) => check(part, 'tokens')),
    ...input.guardrails.flatMap((part) => check(part, 'guardrail')),
  ];
}
