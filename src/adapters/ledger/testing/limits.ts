import assert from 'node:assert/strict';
import type { Charge } from '../../../ports/ledger.ts';
import type { Check } from '../conformance.ts';
import { budget, concurrent, NOW_MS, requests, reserveNow, showBalances, tokens } from './charges.ts';

const DECEMBER_MS = Date.UTC(2026, 11, 1);
const DAY_MS = 24 * 60 * 60 * 1000;

/** How limits behave when time passes or runs backward, and when the policy changes. */
export function registerLimits(check: Check): void {
  registerTime(check);
  registerClock(check);

  check('holds a limit that was lowered below what is settled', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [budget(80)] });
    await ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] });
    const lowered = await reserveNow(ledger, { id: 'b', charges: [budget(1, { limit: 50 })] });
    assert.deepEqual(lowered, { ok: false, charge: 0, retryAfterMs: undefined, remaining: [0] });
    const raised = await reserveNow(ledger, { id: 'b', charges: [budget(15, { limit: 100 })] });
    assert.deepEqual(raised, { ok: true, remaining: [5] });
    await ledger.stop();
  });

  check('holds concurrent requests, and lets the next one in when one ends', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [concurrent()] });
    await reserveNow(ledger, { id: 'b', charges: [concurrent()] });
    assert.equal((await reserveNow(ledger, { id: 'c', charges: [concurrent()] })).ok, false);
    await ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] });
    assert.equal((await reserveNow(ledger, { id: 'c', charges: [concurrent()] })).ok, true);
    await ledger.stop();
  });

  check('tells the first charge that does not fit, and the longest wait of all', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [requests(4), tokens(90), concurrent()] });
    const refused = await reserveNow(ledger, { id: 'b', charges: [concurrent(), requests(), tokens(20)] });
    assert.ok(!refused.ok);
    assert.equal(refused.charge, 1);
    assert.deepEqual(refused.remaining, [1, 0, 10]);
    const { retryAfterMs } = refused;
    assert.ok(retryAfterMs !== undefined && retryAfterMs > 59_000 && retryAfterMs <= 62_000);
    const retry = { id: 'b', charges: [tokens(20)], nowMs: NOW_MS + retryAfterMs };
    assert.equal((await reserveNow(ledger, { ...retry, nowMs: retry.nowMs - 1 })).ok, false);
    assert.equal((await reserveNow(ledger, retry)).ok, true);
    await ledger.stop();
  });
}

function registerTime(check: Check): void {
  const monthly = (amount: number, month: 'november' | 'december'): Charge => ({
    scope: 'budget/tenant/acme',
    rule: {
      kind: 'total',
      limit: 100,
      window: month === 'november' ? '2026-11' : '2026-12',
      endsAtMs: month === 'november' ? DECEMBER_MS : Date.UTC(2027, 0, 1),
    },
    amount,
  });

  check(
    'begins anew at the end of the month, and books what began before in its own month',
    async (subject) => {
      const ledger = await subject.open();
      await reserveNow(ledger, { id: 'a', charges: [monthly(90, 'november')] });
      const refused = await reserveNow(ledger, { id: 'b', charges: [monthly(20, 'november')] });
      assert.deepEqual(refused, { ok: false, charge: 0, retryAfterMs: 1000, remaining: [10] });
      const nowMs = DECEMBER_MS + 1;
      assert.equal(
        (await reserveNow(ledger, { id: 'b', charges: [monthly(20, 'december')], nowMs })).ok,
        true,
      );
      await ledger.settle({ id: 'a', nowMs, actual: [{ scope: 'budget/tenant/acme', amount: 70 }] });
      assert.deepEqual(await showBalances(ledger, nowMs), [
        'budget/tenant/acme 2026-11: 70 + 0 of 100',
        'budget/tenant/acme 2026-12: 0 + 20 of 100',
      ]);
      await ledger.stop();
    },
  );

  check('forgets a window a day after its end, and takes nothing for it any more', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [monthly(90, 'november')] });
    await ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] });
    await ledger.expire(DECEMBER_MS + DAY_MS - 1);
    assert.equal((await showBalances(ledger)).length, 1);
    await ledger.expire(DECEMBER_MS + DAY_MS);
    assert.deepEqual(await showBalances(ledger), []);
    const late = await reserveNow(ledger, { id: 'b', charges: [monthly(1, 'november')] });
    assert.deepEqual(late, { ok: false, charge: 0, retryAfterMs: undefined, remaining: [0] });
    await ledger.stop();
  });

  check('says of no charge that can never fit when it will', async (subject) => {
    const ledger = await subject.open();
    for (const charge of [monthly(101, 'november'), tokens(101), requests(5), concurrent(3)]) {
      const result = await reserveNow(ledger, { id: 'a', charges: [charge] });
      assert.ok(!result.ok && result.retryAfterMs === undefined);
    }
    await ledger.stop();
  });

  check('refills a bucket with time, and never above its burst', async (subject) => {
    const ledger = await subject.open();
    assert.equal((await reserveNow(ledger, { id: 'a', charges: [requests(4)] })).ok, true);
    const refused = await reserveNow(ledger, { id: 'b', charges: [requests()] });
    assert.deepEqual(refused, { ok: false, charge: 0, retryAfterMs: 500, remaining: [0] });
    const later = await reserveNow(ledger, { id: 'b', charges: [requests()], nowMs: NOW_MS + 500 });
    assert.deepEqual(later, { ok: true, remaining: [0] });
    const rested = await reserveNow(ledger, { id: 'c', charges: [requests(4)], nowMs: NOW_MS + 3_600_000 });
    assert.deepEqual(rested, { ok: true, remaining: [0] });
    await ledger.stop();
  });
}

function registerClock(check: Check): void {
  check('keeps what is charged in the very turn in which idle scopes are forgotten', async (subject) => {
    const ledger = await subject.open();
    const charges = [tokens(100), requests(4)];
    await reserveNow(ledger, { id: 'a', charges });
    const nowMs = NOW_MS + 3_600_000;
    const [again] = await Promise.all([
      reserveNow(ledger, { id: 'b', charges, nowMs }),
      ledger.expire(nowMs),
    ]);
    assert.equal(again.ok, true);
    assert.equal((await reserveNow(ledger, { id: 'c', charges: [tokens(1)], nowMs })).ok, false);
    assert.equal((await reserveNow(ledger, { id: 'c', charges: [requests()], nowMs })).ok, false);
    await ledger.stop();
  });

  check('gives nothing back to a clock that runs backward', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [tokens(100), requests(4)], nowMs: NOW_MS });
    for (const nowMs of [NOW_MS - 1, NOW_MS - 60_000, NOW_MS - 3_600_000, 0]) {
      assert.equal((await reserveNow(ledger, { id: 'b', charges: [tokens(1)], nowMs })).ok, false);
      assert.equal((await reserveNow(ledger, { id: 'b', charges: [requests()], nowMs })).ok, false);
    }
    await ledger.stop();
  });

  check('gives nothing back to a clock that runs forward, forgets, and runs backward', async (subject) => {
    const ledger = await subject.open();
    const charges = [tokens(100), requests(4)];
    assert.equal((await reserveNow(ledger, { id: 'a', charges })).ok, true);
    await ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] });
    const [jumpedMs, backMs] = [NOW_MS + 3_600_000, NOW_MS + 1000];
    await ledger.expire(jumpedMs);
    // What the jump gave is given once, and then time stands still until the clock has caught up.
    assert.equal((await reserveNow(ledger, { id: 'b', charges, nowMs: backMs })).ok, true);
    for (const nowMs of [backMs, NOW_MS + 600_000, jumpedMs]) {
      assert.equal((await reserveNow(ledger, { id: 'c', charges: [tokens(1)], nowMs })).ok, false);
      assert.equal((await reserveNow(ledger, { id: 'c', charges: [requests()], nowMs })).ok, false);
    }
    assert.equal((await reserveNow(ledger, { id: 'c', charges, nowMs: jumpedMs + 61_000 })).ok, true);
    await ledger.stop();
  });
}
