import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressLimiter } from './address-limiter.ts';

const MINUTE_MS = 60_000;

/** The definition: a request is let in if fewer than the limit were, within the window before it. */
function admitByDefinition(
  trace: readonly { readonly address: string; readonly atMs: number }[],
  rate: { readonly requests: number; readonly windowMs: number },
): boolean[] {
  const admitted: { address: string; atMs: number }[] = [];
  return trace.map((visit) => {
    const { length } = admitted.filter(
      ({ address, atMs }) => address === visit.address && atMs > visit.atMs - rate.windowMs,
    );
    if (length < rate.requests) admitted.push(visit);
    return length < rate.requests;
  });
}

const rates = fc.record({
  requests: fc.integer({ min: 1, max: 8 }),
  windowMs: fc.constantFrom(1, 7, 100, 1_000),
});
const traces = fc
  .array(
    fc.record({
      address: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      waitMs: fc.constantFrom(0, 0, 1, 3, 50, 99, 100, 101, 999, 2_500),
    }),
    { maxLength: 120 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ address, waitMs }) => ({ address, atMs: (atMs += waitMs) }));
  });

test('lets in exactly what the definition of a sliding window does, on any trace of arrivals', () => {
  fc.assert(
    fc.property(rates, traces, (rate, trace) => {
      const limiter = new AddressLimiter(0.5);
      const taken = trace.map(({ address, atMs }) => limiter.take(address, atMs, rate) === undefined);
      assert.deepEqual(taken, admitByDefinition(trace, rate));
    }),
    { numRuns: 5_000 },
  );
});

test('with more addresses than it keeps apart, none gets more than the limit in any window', () => {
  fc.assert(
    fc.property(rates, traces, fc.double({ min: 0, max: 0.999, noNaN: true }), (rate, trace, salt) => {
      const limiter = new AddressLimiter(salt, { addresses: 2, shared: 2 });
      const taken = trace.filter(({ address, atMs }) => limiter.take(address, atMs, rate) === undefined);
      for (const { address, atMs } of taken) {
        const window = taken.filter(
          (other) => other.address === address && other.atMs > atMs - rate.windowMs && other.atMs <= atMs,
        );
        assert.ok(window.length <= rate.requests, `${window.length} of ${address} until ${atMs}`);
      }
      assert.ok(limiter.size <= 4);
    }),
    { numRuns: 5_000 },
  );
});

test('where many are allowed, no window has more, and capacity comes back a little late', () => {
  const rate = { requests: 20_000, windowMs: 5 * MINUTE_MS };
  const limiter = new AddressLimiter(0.5);
  const admitted: number[] = [];
  for (let atMs = 0; atMs < 3 * rate.windowMs; atMs += 7)
    if (limiter.take('a', atMs, rate) === undefined) admitted.push(atMs);
  for (let i = rate.requests; i < admitted.length; i++)
    assert.ok((admitted[i] ?? 0) - (admitted[i - rate.requests] ?? 0) >= rate.windowMs);
  assert.ok(admitted.length > 2.9 * rate.requests, `${admitted.length}`);
});

test('says how long to wait: then there is room, and a millisecond before there is none', () => {
  const rate = { requests: 3, windowMs: 1_000 };
  const limiter = new AddressLimiter(0.5);
  for (const atMs of [0, 10, 20]) assert.equal(limiter.take('a', atMs, rate), undefined);
  assert.equal(limiter.take('a', 500, rate), 500);
  assert.equal(limiter.take('a', 999, rate), 1);
  assert.equal(limiter.take('a', 1_000, rate), undefined);
});

test('a flood of distinct addresses takes bounded memory, and idle ones take none', () => {
  const rate = { requests: 50, windowMs: 5 * MINUTE_MS };
  const limiter = new AddressLimiter(0.5);
  limiter.take('known', 0, rate);
  for (let i = 0; i < 300_000; i++) limiter.take(`10.${i}`, i / 1_000, rate);
  assert.ok(limiter.size <= 50_000 + 16_384, `${limiter.size}`);
  for (let i = 1; i < 50; i++) assert.equal(limiter.take('known', 400, rate), undefined);
  assert.ok((limiter.take('known', 400, rate) ?? 0) > 0, 'the flood washed out no count');
  limiter.take('later', 400 + 2 * rate.windowMs, rate);
  assert.equal(limiter.size, 1);
});

test('a limit that changes with a reload holds from then on', () => {
  const limiter = new AddressLimiter(0.5);
  for (let i = 0; i < 10; i++) limiter.take('a', i, { requests: 10, windowMs: 1_000 });
  assert.equal(limiter.take('a', 10, { requests: 5, windowMs: 1_000 }), 990);
  assert.equal(limiter.take('a', 10, { requests: 11, windowMs: 1_000 }), undefined);
});
