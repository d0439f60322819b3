import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { Ledger } from '../../ports/ledger.ts';
import { budget, concurrent, NOW_MS, requests, reserveNow, showBalances, tokens } from './testing/charges.ts';
import { registerLimits } from './testing/limits.ts';
import { arbitraryHistory } from './testing/random-history.ts';
import { replayHistory } from './testing/replay.ts';

const HISTORIES = 200;
const LANES = 50;
const ROUNDS = 12;

/** One store of an engine under test. */
export interface LedgerUnderTest {
  /** Opens the ledger, as a process does when it starts. Several may be open on the store at once. */
  open(): Promise<Ledger>;
  /** Ends an opened ledger the way kill -9 would: nothing of it runs afterwards. */
  crash(ledger: Ledger): Promise<void>;
  dispose(): Promise<void>;
}

export type Check = (name: string, run: (subject: LedgerUnderTest) => Promise<void>) => void;

/** What every engine of the ledger must do. `make` makes an empty store. */
export function registerLedgerConformance(engine: string, make: () => Promise<LedgerUnderTest>): void {
  const check: Check = (name, run) =>
    void test(name, async () => {
      const subject = await make();
      try {
        await run(subject);
      } finally {
        await subject.dispose();
      }
    });

  void describe(`the ${engine} ledger`, () => {
    registerReservations(check);
    registerEndings(check);
    registerLimits(check);
    registerMalformed(check);

    void test(`answers like the reference in ${HISTORIES * LANES} random interleavings`, async () => {
      const history = arbitraryHistory({ lanes: LANES, rounds: ROUNDS });
      await fc.assert(
        fc.asyncProperty(history, async (rounds) => {
          const subject = await make();
          try {
            await replayHistory(subject, rounds);
          } finally {
            await subject.dispose();
          }
        }),
        { numRuns: HISTORIES },
      );
    });
  });
}

function registerReservations(check: Check): void {
  check('reserves all charges of a request or none', async (subject) => {
    const ledger = await subject.open();
    const first = await reserveNow(ledger, {
      id: 'a',
      charges: [requests(), concurrent(), tokens(50), budget(60)],
    });
    assert.deepEqual(first, { ok: true, remaining: [3, 1, 50, 40] });
    const second = await reserveNow(ledger, {
      id: 'b',
      charges: [requests(), concurrent(), tokens(50), budget(60)],
    });
    assert.deepEqual(second, { ok: false, charge: 3, retryAfterMs: undefined, remaining: [3, 1, 50, 40] });
    assert.deepEqual(await showBalances(ledger), [
      'budget/tenant/acme: 0 + 60 of 100',
      'concurrent/user/acme/maya: 0 + 1 of 2',
      'requests/user/acme/maya: 1 + 0 of 4',
      'tokens/tenant/acme 60000: 0 + 50 of 100',
    ]);
    await ledger.stop();
  });

  check('grants no more than fits of a thousand requests at once on three processes', async (subject) => {
    const ledgers = await Promise.all([subject.open(), subject.open(), subject.open()]);
    const charges = [budget(100_000, { limit: 5_000_000 })];
    const results = await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const ledger = ledgers[index % 3];
        assert.ok(ledger);
        const result = await reserveNow(ledger, { id: `r${index}`, charges });
        // A third of those who got something is refused later, and gives it back while others still ask.
        if (result.ok && index % 3 === 0) await ledger.release({ id: `r${index}`, nowMs: NOW_MS });
        return result.ok && index % 3 !== 0;
      }),
    );
    assert.ok(results.filter((granted) => granted).length <= 50);
    const [balance] = await (await subject.open()).readBalances({ nowMs: NOW_MS });
    assert.equal(balance?.reserved ?? 0, 100_000 * results.filter((granted) => granted).length);
    await Promise.all(ledgers.map((ledger) => ledger.stop()));
  });

  check('refuses an id that is reserved already, and takes nothing for it', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [budget(10)] });
    await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(10)] }), /reserved already/);
    assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 0 + 10 of 100']);
    await ledger.stop();
  });

  check('shows balances by prefix', async (subject) => {
    const ledger = await subject.open();
    const scopes = ['budget/acme', 'budget/acme-2', 'budget/ünal', 'budget/%'];
    await reserveNow(ledger, { id: 'a', charges: scopes.map((scope) => budget(1, { scope })) });
    const find = async (prefix: string) =>
      (await ledger.readBalances({ prefix, nowMs: NOW_MS })).map(({ scope }) => scope);
    assert.deepEqual(await find('budget/acme'), ['budget/acme', 'budget/acme-2']);
    assert.deepEqual(await find('budget/ü'), ['budget/ünal']);
    assert.deepEqual(await find('budget/%'), ['budget/%']);
    assert.deepEqual(await find('x'), []);
    await ledger.stop();
  });

  check('takes nothing after it was stopped, and says so', async (subject) => {
    const ledger = await subject.open();
    assert.equal(ledger.fault(), undefined);
    const pending = reserveNow(ledger, { id: 'a', charges: [budget(1)] });
    await ledger.stop();
    assert.equal((await pending).ok, true);
    await assert.rejects(reserveNow(ledger, { id: 'b', charges: [budget(1)] }), /stopped/);
    await assert.rejects(ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] }), /stopped/);
    await assert.rejects(ledger.release({ id: 'a', nowMs: NOW_MS }), /stopped/);
    await assert.rejects(ledger.expire(NOW_MS), /stopped/);
    await assert.rejects(ledger.readBalances({ nowMs: NOW_MS }), /stopped/);
    assert.match(ledger.fault() ?? '', /stopped/);
    await ledger.stop();
  });
}

function registerEndings(check: Check): void {
  const all = [requests(), concurrent(), tokens(50), budget(60)];

  check('settles what was used, and gives back the rest', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: all });
    const actual = [{ scope: 'budget/tenant/acme', amount: 11 }];
    const settlement = await ledger.settle({ id: 'a', nowMs: NOW_MS, actual });
    assert.deepEqual(settlement, { state: 'settled', exceeded: [] });
    assert.deepEqual(await showBalances(ledger), [
      'budget/tenant/acme: 11 + 0 of 100',
      'requests/user/acme/maya: 1 + 0 of 4',
      'tokens/tenant/acme 60000: 50 + 0 of 100',
    ]);
    await ledger.stop();
  });

  check('settles once, whichever process asks again', async (subject) => {
    const [ledger, other] = await Promise.all([subject.open(), subject.open()]);
    await reserveNow(ledger, { id: 'a', charges: [budget(60)] });
    const settle = (on: Ledger) =>
      on.settle({ id: 'a', nowMs: NOW_MS, actual: [{ scope: 'budget/tenant/acme', amount: 7 }] });
    const states = await Promise.all([settle(ledger), settle(other), settle(ledger)]);
    assert.deepEqual(states.map(({ state }) => state).toSorted(), ['settled', 'unknown', 'unknown']);
    assert.equal((await settle(ledger)).state, 'unknown');
    await other.release({ id: 'a', nowMs: NOW_MS });
    assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 7 + 0 of 100']);
    await Promise.all([ledger.stop(), other.stop()]);
  });

  check('books more than was reserved, above the limit if need be, and says so', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [tokens(50), budget(60)] });
    const actual = [
      { scope: 'budget/tenant/acme', amount: 130 },
      { scope: 'tokens/tenant/acme', amount: 70 },
    ];
    const settlement = await ledger.settle({ id: 'a', nowMs: NOW_MS, actual });
    assert.deepEqual(settlement, { state: 'settled', exceeded: ['budget/tenant/acme'] });
    const refused = await reserveNow(ledger, { id: 'b', charges: [budget(0)] });
    assert.deepEqual(refused, { ok: false, charge: 0, retryAfterMs: undefined, remaining: [0] });
    assert.deepEqual(await showBalances(ledger), [
      'budget/tenant/acme: 130 + 0 of 100',
      'tokens/tenant/acme 60000: 70 + 0 of 100',
    ]);
    await ledger.stop();
  });

  check('books what was used where nothing was reserved', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: [budget(0), tokens(0)] });
    await reserveNow(ledger, { id: 'b', charges: [budget(5), tokens(5)] });
    await ledger.release({ id: 'b', nowMs: NOW_MS });
    const actual = [
      { scope: 'budget/tenant/acme', amount: 7 },
      { scope: 'tokens/tenant/acme', amount: 8 },
    ];
    await ledger.settle({ id: 'a', nowMs: NOW_MS, actual });
    assert.deepEqual(await showBalances(ledger), [
      'budget/tenant/acme: 7 + 0 of 100',
      'tokens/tenant/acme 60000: 8 + 0 of 100',
    ]);
    await ledger.stop();
  });

  check('gives everything back on release but what a bucket counted', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: all });
    await ledger.release({ id: 'a', nowMs: NOW_MS });
    await ledger.release({ id: 'a', nowMs: NOW_MS });
    await ledger.release({ id: 'never', nowMs: NOW_MS });
    assert.deepEqual(await showBalances(ledger), ['requests/user/acme/maya: 1 + 0 of 4']);
    await ledger.stop();
  });

  check('settles in full what a dead process left, once its time is over', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'a', charges: all });
    await subject.crash(ledger);
    const next = await subject.open();
    assert.deepEqual(await next.expire(NOW_MS + 59_999), []);
    const expired = await next.expire(NOW_MS + 60_000);
    assert.deepEqual(
      expired.map(({ id }) => id),
      ['a'],
    );
    assert.deepEqual(expired[0]?.charged.find(({ scope }) => scope === 'budget/tenant/acme')?.amount, 60);
    assert.deepEqual(await next.expire(NOW_MS + 60_000), []);
    assert.deepEqual(await showBalances(next, NOW_MS + 60_000), [
      'budget/tenant/acme: 60 + 0 of 100',
      'tokens/tenant/acme 60000: 50 + 0 of 100',
    ]);
    await next.stop();
  });

  check('corrects an expired reservation once its request says what it used', async (subject) => {
    const ledger = await subject.open();
    await reserveNow(ledger, { id: 'less', charges: [budget(30), concurrent()] });
    await reserveNow(ledger, { id: 'more', charges: [budget(30)] });
    await reserveNow(ledger, { id: 'none', charges: [budget(30)] });
    const nowMs = NOW_MS + 61_000;
    assert.equal((await ledger.expire(nowMs)).length, 3);
    const settle = (id: string, amount: number) =>
      ledger.settle({ id, nowMs, actual: [{ scope: 'budget/tenant/acme', amount }] });
    assert.equal((await settle('less', 4)).state, 'corrected');
    assert.equal((await settle('less', 4)).state, 'unknown');
    assert.deepEqual((await settle('more', 80)).exceeded, ['budget/tenant/acme']);
    await ledger.release({ id: 'none', nowMs });
    assert.deepEqual(await showBalances(ledger, nowMs), ['budget/tenant/acme: 84 + 0 of 100']);
    await ledger.stop();
  });

  check('expires thousands of leftovers', async (subject) => {
    const ledger = await subject.open();
    await Promise.all(
      Array.from({ length: 1500 }, (_, index) =>
        reserveNow(ledger, { id: `r${index}`, charges: [budget(1, { limit: 2000 })] }),
      ),
    );
    assert.equal((await ledger.expire(NOW_MS + 60_000)).length, 1500);
    assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 1500 + 0 of 2000']);
    await ledger.stop();
  });
}

function registerMalformed(check: Check): void {
  check('rejects what would count backward, and books nothing', async (subject) => {
    const ledger = await subject.open();
    // Charges that were right once are no more believed than others.
    await reserveNow(ledger, { id: 'right', charges: [budget(1)] });
    await ledger.release({ id: 'right', nowMs: NOW_MS });
    for (const amount of [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 1e300]) {
      await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(amount)] }), RangeError);
      await assert.rejects(
        reserveNow(ledger, { id: 'a', charges: [budget(1, { limit: amount })] }),
        RangeError,
      );
      await assert.rejects(reserveNow(ledger, { id: 'a', charges: [requests(amount)] }), RangeError);
      await assert.rejects(
        ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [{ scope: 's', amount }] }),
        RangeError,
      );
    }
    for (const perSecond of [0, -1, NaN, Infinity])
      await assert.rejects(
        reserveNow(ledger, { id: 'a', charges: [requests(1, { perSecond })] }),
        RangeError,
      );
    for (const windowMs of [0, -1, 0.5, NaN, Infinity])
      await assert.rejects(reserveNow(ledger, { id: 'a', charges: [tokens(1, { windowMs })] }), RangeError);
    for (const nowMs of [-1, 0.5, NaN, Infinity])
      await assert.rejects(reserveNow(ledger, { id: 'a', nowMs, charges: [] }), RangeError);
    assert.deepEqual(await showBalances(ledger), []);
    await ledger.stop();
  });

  check('rejects names that two scopes could share, and scopes charged twice', async (subject) => {
    const ledger = await subject.open();
    for (const scope of ['', 'a\nb', 'a\tb', 'a\u0000', 'half \ud800', 'x'.repeat(1025)])
      await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(1, { scope })] }), RangeError);
    for (const window of ['', 'a b', '2026\n11'])
      await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(1, { window })] }), RangeError);
    await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(1), budget(2)] }), /twice/);
    await assert.rejects(reserveNow(ledger, { id: '\n', charges: [] }), RangeError);
    assert.deepEqual(await showBalances(ledger), []);
    await ledger.stop();
  });
}
