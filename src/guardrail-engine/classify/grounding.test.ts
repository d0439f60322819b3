import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scoreGrounding } from './grounding.ts';

const sources = [
  'London is the capital of the UK. Tokyo is the capital of Japan. The Thames flows through London and is 346 km long.',
];

describe('grounding', () => {
  const supported: readonly [query: string, response: string][] = [
    ['What is the capital of Japan?', 'Tokyo'],
    ['What is the capital of Japan?', 'The capital of Japan is Tokyo.'],
    ['How long is the Thames?', 'The Thames is 346 km long.'],
  ];
  const unsupported: readonly [query: string, response: string][] = [
    ['What is the capital of Japan?', 'The capital of Japan is Osaka, a city of two million people.'],
    ['How long is the Thames?', 'The Thames is 812 km long and was named by the Romans.'],
    ['What is the capital of Japan?', 'I love sushi and my brother lived there for years.'],
  ];
  for (const [query, response] of supported)
    it(`scores high: ${response}`, () =>
      assert.ok(scoreGrounding({ sources, query, response }).grounding > 0.5));
  for (const [query, response] of unsupported)
    it(`scores low: ${response}`, () =>
      assert.ok(scoreGrounding({ sources, query, response }).grounding < 0.5));
});

describe('relevance', () => {
  const query = 'What is the capital of Japan?';
  it('is high where the question is answered, also in one word', () => {
    for (const response of ['Tokyo is the capital of Japan.', 'Tokyo'])
      assert.ok(scoreGrounding({ sources, query, response }).relevance > 0.7);
  });
  it('is low where something else is said', () => {
    for (const response of ['Bananas are rich in potassium.', 'The Thames is long.'])
      assert.ok(scoreGrounding({ sources, query, response }).relevance < 0.5);
  });
});

describe('any text', () => {
  it('is scored between 0 and 1', () => {
    for (const response of ['', '?', 'a '.repeat(50_000), '\uD800'])
      for (const query of ['', 'why?']) {
        const { grounding, relevance } = scoreGrounding({ sources: [], query, response });
        assert.ok(grounding >= 0 && grounding <= 1 && relevance >= 0 && relevance <= 1);
      }
  });
});
