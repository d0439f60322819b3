import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRoute } from '../../../test/support/facts.ts';
import { createLocalRouteHealth } from './local.ts';

const ROUTE = makeRoute({
  breaker: { failures: 3, coolDownMs: 1000 },
  timeouts: { firstByteMs: 100, idleMs: 100, totalMs: 5000 },
  expectedLatencyMs: 100,
});

function open() {
  const time = { nowMs: 0 };
  const health = createLocalRouteHealth({ nowMs: () => time.nowMs, monotonicUs: () => 0, random: () => 0 });
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) health.failed(ROUTE);
  };
  return { time, health, fail };
}

test('opens after so many failures in a row, and a success in between starts the count anew', () => {
  const { health, fail } = open();
  fail(2);
  health.succeeded(ROUTE, 10);
  fail(2);
  assert.equal(health.admit(ROUTE), true);
  fail(1);
  assert.equal(health.isAvailable(ROUTE), false);
  assert.equal(health.admit(ROUTE), false);
});

test('after the cool-down one probe is let through; its success closes, its failure opens again', () => {
  const { health, fail, time } = open();
  fail(3);
  time.nowMs = 1000;
  assert.equal(health.isAvailable(ROUTE), true, 'asking takes no probe');
  assert.equal(health.admit(ROUTE), true);
  assert.equal(health.admit(ROUTE), false);
  fail(1);
  time.nowMs = 1999;
  assert.equal(health.admit(ROUTE), false);
  time.nowMs = 2000;
  assert.equal(health.admit(ROUTE), true);
  health.succeeded(ROUTE, 10);
  assert.ok(health.admit(ROUTE) && health.admit(ROUTE));
});

test('a probe that tells nothing leaves the next one free', () => {
  const { health, fail, time } = open();
  fail(3);
  time.nowMs = 1000;
  assert.equal(health.admit(ROUTE), true);
  health.inconclusive(ROUTE);
  assert.equal(health.admit(ROUTE), true);
});

test('a probe that never reports does not close the route for good', () => {
  const { health, fail, time } = open();
  fail(3);
  time.nowMs = 1000;
  assert.equal(health.admit(ROUTE), true);
  time.nowMs = 5999;
  assert.equal(health.admit(ROUTE), false);
  time.nowMs = 6000;
  assert.equal(health.admit(ROUTE), true);
});

test('routes have breakers of their own, and a latency that follows what is measured', () => {
  const { health, fail } = open();
  const other = makeRoute({ name: 'other' });
  fail(3);
  assert.equal(health.isAvailable(other), true);
  assert.equal(health.latencyMs(ROUTE), 100);
  health.succeeded(ROUTE, 200);
  assert.equal(health.latencyMs(ROUTE), 200);
  health.succeeded(ROUTE, 100);
  assert.equal(health.latencyMs(ROUTE), 180);
});
