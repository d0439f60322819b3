import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSteadyClock } from './steady.ts';

test('follows the machine forward, and goes on by itself where the machine is set back', () => {
  let [wallMs, passedMs] = [1_000_000, 0];
  const clock = createSteadyClock({
    nowMs: () => wallMs,
    monotonicUs: () => passedMs * 1000,
    random: () => 0,
  });
  const pass = (ms: number, jumpMs = 0) => {
    passedMs += ms;
    wallMs += ms + jumpMs;
    return clock.nowMs();
  };
  assert.equal(clock.nowMs(), 1_000_000);
  assert.equal(pass(10), 1_000_010);
  assert.equal(pass(10, -500_000), 1_000_020, 'set back');
  assert.equal(pass(10), 1_000_030);
  assert.equal(pass(0, 600_000), 1_100_030, 'set forward, or woken up');
  assert.equal(pass(5), 1_100_035);
});
