import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeViews } from '../text/views.ts';
import { compileTopics } from './topics.ts';

const topics = compileTopics({
  tier: 'STANDARD',
  topics: [
    {
      name: 'Investment advice',
      definition: 'Recommendations on where to invest money or which stocks and funds to buy.',
      examples: [
        'Which stocks should I buy this year?',
        'Is it better to invest in bonds or in funds?',
        'Should I put my savings into gold?',
      ],
    },
    { name: 'Medical diagnosis', definition: 'Saying which illness somebody has.', examples: [] },
  ],
});

function detect(text: string): string[] {
  const scores = topics.judge(makeViews(text), 'user');
  return topics.labels.filter((_, index) => topics.confidenceOf(index, scores[index] ?? 0) !== 'NONE');
}

describe('denied topics', () => {
  const cases: readonly [text: string, found: readonly string[]][] = [
    ['Which stocks should I buy now?', ['Investment advice']],
    ['Should I invest my savings in funds?', ['Investment advice']],
    ['Where can I buy fresh bread?', []],
    ['How do I knit a scarf?', []],
    ['', []],
  ];
  for (const [text, found] of cases)
    it(`finds ${found.join() || 'nothing'} in "${text}"`, () => assert.deepEqual(detect(text), found));

  it('finds a topic in one sentence of a long text', () => {
    const letter = 'Our holiday by the lake was sunny and we swam every morning before breakfast. '.repeat(5);
    assert.deepEqual(detect(letter), []);
    assert.deepEqual(detect(`${letter}Which stocks should I buy this year? ${letter}`), [
      'Investment advice',
    ]);
  });
});
