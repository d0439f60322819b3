import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { Distribution } from './distribution.ts';
import { formatMetrics, joinMetrics } from './metrics-text.ts';

const OPTIONS = {
  name: 'seconds',
  help: 'How long it took.',
  labelNames: ['outcome', 'model'] as const,
  buckets: [0.5, 1, 2.5],
};

const observations = fc.array(
  fc.record({
    // Also the bounds themselves: they belong to the bucket below.
    value: fc.oneof(fc.constantFrom(0, 0.5, 1, 2.5), fc.double({ min: 0, max: 5, noNaN: true })),
    outcome: fc.constantFrom('answered', ''),
    model: fc.constantFrom('a', 'b'),
  }),
);

test('is read as a histogram of prom-client would be, alone and joined with other processes', async () => {
  await fc.assert(
    fc.asyncProperty(observations, async (observed) => {
      const registry = new Registry();
      const histogram = new Histogram({
        ...OPTIONS,
        labelNames: [...OPTIONS.labelNames],
        registers: [registry],
      });
      const distribution = new Distribution(OPTIONS);
      for (const { value, outcome, model } of observed) {
        histogram.observe({ outcome, model }, value);
        distribution.observe(value, outcome, model);
      }
      const [mine, theirs] = [[distribution.read()], await registry.getMetricsAsJSON()];
      assert.equal(await formatMetrics(mine), await formatMetrics(theirs));
      assert.equal(await joinMetrics([mine, mine]), await joinMetrics([theirs, theirs]));
    }),
  );
});

test('what is no number is not counted, as with prom-client, so that a sum stays one', () => {
  const distribution = new Distribution(OPTIONS);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => distribution.observe(value, 'answered', 'a'), TypeError);
  assert.deepEqual(distribution.read().values, []);
});
