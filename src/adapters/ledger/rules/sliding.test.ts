import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { SlidingRule } from '../../../ports/ledger.ts';
import { leftOf, restoreState, slotOf, storeState } from './rules.ts';
import type { Correction, SlidingState, StoredState } from './scope-state.ts';
import { correctSliding, readSliding, reserveSliding, slotMsOf } from './sliding.ts';

const START_MS = 1_700_000_000_000;
const LARGEST = 1e15;

/** A sliding window as it is defined: all slots in one list, each of which is looked at every time. */
class PlainWindow {
  readonly #windowMs: number;
  #limit = 0;
  #seenMs = 0;
  #slots: { number: number; settled: number; reserved: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  reserve(limit: number, amount: number, nowMs: number) {
    const { sum, left } = this.#look(limit, nowMs);
    if (amount > left) {
      let freed = 0;
      const last = this.#within(sum.timeMs).find(
        ({ settled, reserved }) => (freed += settled + reserved) >= amount - left,
      );
      const freeAtMs = last && this.#leavesAtMs(last.number);
      const retryAfterMs = amount > limit || freeAtMs === undefined ? undefined : freeAtMs - nowMs;
      return { remaining: Math.max(0, left), retryAfterMs };
    }
    this.#moveTo(nowMs);
    this.#limit = limit;
    const slot = this.#slotAt(this.#seenMs);
    this.#add(slot, { settled: 0, reserved: amount });
    return { remaining: left - amount, slot };
  }

  correct({ taken, slot, from, actual, nowMs }: Correction, limit: number): void {
    if (this.#seenMs === 0) this.#limit = limit;
    this.#moveTo(nowMs);
    const kept = Math.min(taken, actual);
    const change =
      from === 'reserved' ? { settled: kept, reserved: -taken } : { settled: kept - taken, reserved: 0 };
    if (this.#slots.some(({ number }) => number === slot)) this.#add(slot, change);
    if (actual > kept) this.#add(this.#slotAt(this.#seenMs), { settled: actual - kept, reserved: 0 });
  }

  read(nowMs: number) {
    const { settled, reserved } = this.#look(0, nowMs).sum;
    return { settled, reserved };
  }

  stored(): StoredState {
    const newest = this.#slots.at(-1);
    const idleAtMs = Math.max(this.#seenMs, newest === undefined ? 0 : this.#leavesAtMs(newest.number));
    const slots = this.#slots.flatMap(({ number, settled, reserved }) => [number, settled, reserved]);
    return {
      limit: this.#limit,
      settled: 0,
      reserved: 0,
      seenMs: this.#seenMs,
      perSecond: 0,
      idleAtMs,
      slots,
    };
  }

  #look(limit: number, nowMs: number) {
    const timeMs = Math.max(nowMs, this.#seenMs);
    let [settled, reserved] = [0, 0];
    for (const slot of this.#within(timeMs)) {
      settled = Math.min(settled + slot.settled, Number.MAX_SAFE_INTEGER);
      reserved += slot.reserved;
    }
    return { sum: { settled, reserved, timeMs }, left: limit - settled - reserved };
  }

  #moveTo(nowMs: number): void {
    this.#seenMs = Math.max(nowMs, this.#seenMs);
    this.#slots = this.#within(this.#seenMs);
  }

  /** The slots whose last millisecond is in the window that ends at a time, both ends of which count. */
  #within(timeMs: number) {
    return this.#slots.filter(({ number }) => this.#leavesAtMs(number) > timeMs);
  }

  #leavesAtMs(number: number): number {
    return (number + 1) * slotMsOf(this.#windowMs) + this.#windowMs;
  }

  #slotAt(timeMs: number): number {
    return Math.floor(timeMs / slotMsOf(this.#windowMs));
  }

  #add(number: number, change: { settled: number; reserved: number }): void {
    const slot = this.#slots.find((known) => known.number === number);
    if (slot === undefined) {
      this.#slots.push({ number, ...change });
      return;
    }
    slot.settled = Math.min(slot.settled + change.settled, Number.MAX_SAFE_INTEGER);
    slot.reserved += change.reserved;
    this.#slots = this.#slots.filter(
      (known) => known !== slot || known.settled !== 0 || known.reserved !== 0,
    );
  }
}

const amount = fc.oneof(
  { weight: 24, arbitrary: fc.nat(60) },
  { weight: 1, arbitrary: fc.constantFrom(0, LARGEST) },
);
/** In hundredths of the window. */
const after = fc.oneof(
  { weight: 12, arbitrary: fc.nat(3) },
  { weight: 3, arbitrary: fc.integer({ min: -20, max: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(60, 100, 101, 102, 103, 250) },
);
const step = fc.record({
  after,
  jitterMs: fc.nat(3),
  kind: fc.constantFrom(
    'reserve' as const,
    'reserve' as const,
    'reserve' as const,
    'end' as const,
    'expire' as const,
  ),
  limit: fc.constantFrom(100, 300, LARGEST, LARGEST),
  amount,
  used: amount,
  /** Which of the reservations that have not ended, from the newest. */
  which: fc.nat(6),
});

test('a sliding window decides and counts as its definition does, and is stored and restored as it is', () => {
  // Of what is used: so much of it that the sums are no longer exact, too.
  const factor = fc.constantFrom(1, 1, 1e14);
  const windowMs = fc.constantFrom(1, 7, 59, 60, 61, 90, 119, 1000, 3601, 60_000, 60_001);
  fc.assert(
    fc.property(
      windowMs,
      factor,
      fc.array(step, { maxLength: 150, size: 'max' }),
      (windowMs, factor, steps) => {
        const plain = new PlainWindow(windowMs);
        const held: { taken: number; slot: number; from: Correction['from'] }[] = [];
        let state: SlidingState | undefined;
        let nowMs = START_MS;
        for (const { kind, limit, amount, used, ...at } of steps) {
          nowMs += Math.floor((at.after * windowMs) / 100) + at.jitterMs;
          const rule: SlidingRule = { kind: 'sliding', limit, windowMs };
          const before = structuredClone(state);
          const given = state;
          if (kind === 'reserve') {
            const decision = reserveSliding(state, rule, amount, nowMs);
            const expected = plain.reserve(limit, amount, nowMs);
            if (decision.kind === 'misfit') assert.deepEqual({ kind: 'misfit', ...expected }, decision);
            else {
              assert.deepEqual({ remaining: leftOf(decision), slot: slotOf(decision) }, expected);
              held.push({ taken: amount, slot: slotOf(decision), from: 'reserved' });
              state = decision;
            }
          } else {
            const [ended] = held.splice(held.length - 1 - at.which, 1);
            if (ended === undefined) continue;
            const actual = kind === 'expire' ? ended.taken : Math.min(used * factor, LARGEST);
            if (kind === 'expire' && ended.from === 'reserved') held.push({ ...ended, from: 'settled' });
            state = correctSliding(state, rule, { ...ended, actual, nowMs });
            plain.correct({ ...ended, actual, nowMs }, limit);
          }
          assert.deepEqual(given, before, 'a state was changed');
          if (state === undefined) continue;
          const stored = storeState(state);
          assert.deepEqual(stored, plain.stored());
          const restored = restoreState(stored, { kind: 'sliding', scope: '', window: String(windowMs) });
          assert.deepEqual(restored, state);
          for (const laterMs of [0, windowMs - 1, windowMs, windowMs + slotMsOf(windowMs)])
            assert.deepEqual(readSliding(state, nowMs + laterMs), plain.read(nowMs + laterMs));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
