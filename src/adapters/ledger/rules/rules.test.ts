import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Charge } from '../../../ports/ledger.ts';
import { decideCharge, storeState } from './rules.ts';
import type { Decision, ScopeState } from './scope-state.ts';
import { slotMsOf } from './sliding.ts';

const RUNS = { numRuns: 3000 };
const START_MS = 1_700_000_000_000;

interface Arrival {
  readonly afterMs: number;
  readonly amount: number;
}

interface Granted {
  readonly atMs: number;
  readonly amount: number;
}

const arrivals = (options: { spreadMs: number; amount: number }) =>
  fc.array(
    fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.nat(options.spreadMs), fc.nat(options.spreadMs * 10)),
      amount: fc.nat(options.amount),
    }),
    { maxLength: 80, size: 'max' },
  );

function fits(decision: Decision): decision is ScopeState {
  return decision.kind !== 'misfit';
}

/** Plays arrivals against a rule. Where one waits as long as it is told, it fits. */
function play(trace: readonly Arrival[], rule: Charge['rule']): Granted[] {
  const granted: Granted[] = [];
  let state: ScopeState | undefined;
  let nowMs = START_MS;
  for (const { afterMs, amount } of trace) {
    nowMs += afterMs;
    const decision = decideCharge(state, rule, amount, nowMs);
    if (fits(decision)) {
      state = decision;
      granted.push({ atMs: nowMs, amount });
    } else if (decision.retryAfterMs !== undefined) {
      assert.ok(decision.retryAfterMs > 0);
      assert.ok(fits(decideCharge(state, rule, amount, nowMs + decision.retryAfterMs)), 'waited in vain');
    }
  }
  return granted;
}

/** What was granted from each grant on, until it and each later one. */
function forEachStretch(
  granted: readonly Granted[],
  check: (stretch: { amount: number; lengthMs: number; from: number; to: number }) => void,
): void {
  for (let from = 0; from < granted.length; from += 1) {
    let amount = 0;
    for (let to = from; to < granted.length; to += 1) {
      amount += granted[to]?.amount ?? 0;
      check({ amount, lengthMs: (granted[to]?.atMs ?? 0) - (granted[from]?.atMs ?? 0), from, to });
    }
  }
}

test('no window of a sliding rule ever holds more than its limit, wherever it begins', () => {
  const trace = arrivals({ spreadMs: 100, amount: 60 });
  fc.assert(
    fc.property(
      trace,
      fc.constantFrom(1, 7, 59, 60, 61, 1000, 60_000),
      fc.nat(150),
      (all, windowMs, limit) => {
        forEachStretch(play(all, { kind: 'sliding', limit, windowMs }), ({ amount, lengthMs }) => {
          if (lengthMs <= windowMs) assert.ok(amount <= limit, `${amount} in ${lengthMs} ms`);
        });
      },
    ),
    RUNS,
  );
});

test('what a sliding window counted comes back a slot after the window at the latest', () => {
  const trace = arrivals({ spreadMs: 100, amount: 60 });
  fc.assert(
    fc.property(trace, fc.constantFrom(1, 59, 61, 1000, 60_000), (all, windowMs) => {
      const rule = { kind: 'sliding', limit: 100, windowMs } as const;
      const whole = { afterMs: windowMs + slotMsOf(windowMs), amount: 100 };
      assert.deepEqual(play([...all, whole], rule).at(-1)?.amount, 100);
    }),
    RUNS,
  );
});

test('a sliding window keeps at most 62 slots, however many requests come', () => {
  let state: ScopeState | undefined;
  for (let nowMs = START_MS; nowMs < START_MS + 200_000; nowMs += 37) {
    const rule = { kind: 'sliding', limit: 1e9, windowMs: 60_000 } as const;
    const decision = decideCharge(state, rule, 1, nowMs);
    assert.ok(fits(decision));
    state = decision;
    assert.ok(storeState(state).slots.length <= 62 * 3);
  }
});

test('no stretch of a bucket holds more than its burst and what flowed off meanwhile', () => {
  const trace = arrivals({ spreadMs: 300, amount: 5 });
  const rate = fc.oneof(fc.constantFrom(0.1, 1 / 3, 1, 10), fc.double({ min: 0.01, max: 1000, noNaN: true }));
  fc.assert(
    fc.property(trace, rate, fc.integer({ min: 1, max: 20 }), (all, perSecond, burst) => {
      forEachStretch(play(all, { kind: 'bucket', perSecond, burst }), ({ amount, lengthMs }) => {
        const allowed = burst + (perSecond * lengthMs) / 1000;
        // The definition itself is reckoned in fractions here; the bucket is not.
        assert.ok(amount <= allowed + 1e-9, `${amount} in ${lengthMs} ms`);
      });
    }),
    RUNS,
  );
});

test('a bucket gives what its rate says: one request after another, as soon as told', () => {
  const rule = { kind: 'bucket', perSecond: 3, burst: 1 } as const;
  let state: ScopeState | undefined;
  let nowMs = START_MS;
  for (let count = 0; count < 300; count += 1) {
    let decision = decideCharge(state, rule, 1, nowMs);
    if (!fits(decision)) {
      nowMs += decision.retryAfterMs ?? Number.NaN;
      decision = decideCharge(state, rule, 1, nowMs);
    }
    assert.ok(fits(decision));
    state = decision;
  }
  assert.ok(nowMs - START_MS <= 100_000 + 300, `${nowMs - START_MS} ms for 300 requests at 3 a second`);
});

test('a bucket rounds what flows off down, to a millionth', () => {
  const rule = { kind: 'bucket', perSecond: 0.9999995, burst: 1 } as const;
  const [early, late] = [1000, 1001].map((afterMs) =>
    play(
      [
        { afterMs: 0, amount: 1 },
        { afterMs, amount: 1 },
      ],
      rule,
    ),
  );
  assert.deepEqual([early?.length, late?.length], [1, 2]);
});

test('who waits as long as a slow bucket says is let in, whenever it was looked at and asked', () => {
  const rule = { kind: 'bucket', perSecond: 0.01, burst: 1 } as const;
  const first = decideCharge(undefined, rule, 1, START_MS);
  assert.ok(fits(first));
  let state: ScopeState = first;
  for (let afterMs = 13; afterMs < 99_000; afterMs += 13) {
    const askedMs = START_MS + afterMs;
    const looked = decideCharge(state, rule, 0, askedMs);
    assert.ok(fits(looked));
    state = looked;
    for (const laterMs of [askedMs + 1, askedMs + 9]) {
      const decision = decideCharge(state, rule, 1, laterMs);
      assert.ok(!fits(decision) && decision.retryAfterMs !== undefined);
      const nowMs = laterMs + decision.retryAfterMs;
      assert.ok(fits(decideCharge(state, rule, 1, nowMs)), `asked after ${afterMs} ms`);
    }
  }
});
