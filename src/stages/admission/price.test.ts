import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makePrompt, text, user } from '../../../test/support/facts.ts';
import { estimateUsage, priceUsage } from './price.ts';

const priced = (input: number, output: number) => ({
  inputMicroUsdPerMillion: input,
  outputMicroUsdPerMillion: output,
});
const used = (inputTokens: number, outputTokens: number) =>
  ({ inputTokens, outputTokens, source: 'provider' }) as const;

/** Tokens in and out, price in and out → micro-dollars. */
const PRICES: readonly (readonly [number, number, number, number, number])[] = [
  [0, 0, 3_000_000, 15_000_000, 0],
  [1, 0, 1, 1, 1],
  [1_000_000, 0, 3_000_000, 15_000_000, 3_000_000],
  [1_000, 500, 3_000_000, 15_000_000, 10_500],
  [1, 1, 3_000_000, 15_000_000, 18],
  [1, 1, 400_000, 400_000, 1],
  [7, 3, 0, 0, 0],
];

for (const [input, output, inputPrice, outputPrice, cost] of PRICES) {
  test(`${input} + ${output} tokens at ${inputPrice} + ${outputPrice} cost ${cost}`, () => {
    assert.equal(priceUsage(used(input, output), priced(inputPrice, outputPrice)), cost);
  });
}

test('a cost is whole, never below what was used, and never more than one above', () => {
  const tokens = fc.nat(1_000_000);
  const microUsd = fc.nat(100_000_000);
  fc.assert(
    fc.property(tokens, tokens, microUsd, microUsd, (input, output, inputPrice, outputPrice) => {
      const cost = priceUsage(used(input, output), priced(inputPrice, outputPrice));
      const exact = BigInt(input) * BigInt(inputPrice) + BigInt(output) * BigInt(outputPrice);
      assert.ok(Number.isSafeInteger(cost));
      assert.ok(BigInt(cost) * 1_000_000n >= exact && BigInt(cost) * 1_000_000n < exact + 1_000_000n);
    }),
  );
});

test('an answer that was cut off is estimated from every text of the prompt, and never free', () => {
  const argumentsJson = '{"a":"bcd"}';
  const prompt = makePrompt([
    user(text('12345678')),
    { role: 'assistant', blocks: [{ type: 'tool_call', id: 'c', name: 'n', argumentsJson }] },
  ]);
  const usage = estimateUsage(prompt, 1);
  const characters = 'You help.'.length + 8 + argumentsJson.length;
  assert.deepEqual(usage, { inputTokens: Math.ceil(characters / 4), outputTokens: 1, source: 'estimate' });
});

test('cached input and reasoning have prices of their own, where the price says so', () => {
  const usage = {
    inputTokens: 1000,
    outputTokens: 100,
    cachedInputTokens: 600,
    reasoningTokens: 40,
    source: 'provider',
  } as const;
  const price = { inputMicroUsdPerMillion: 10_000_000, outputMicroUsdPerMillion: 50_000_000 };
  assert.equal(priceUsage(usage, price), 10_000 + 5000);
  const special = {
    ...price,
    cachedInputMicroUsdPerMillion: 1_000_000,
    reasoningMicroUsdPerMillion: 60_000_000,
  };
  assert.equal(priceUsage(usage, special), 4000 + 600 + 3000 + 2400);
  // A part is never more than the whole, whatever a provider says.
  assert.equal(priceUsage({ ...usage, cachedInputTokens: 5000 }, special), 1000 + 3000 + 2400);
});
