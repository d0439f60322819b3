import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalLedger, openLocalLedger, type LocalLedgerLimits } from './local.ts';
import { budget, concurrent, NOW_MS, requests, reserveNow, showBalances, tokens } from './testing/charges.ts';
import { makeStateDir } from './testing/state-dir.ts';

function openTestLedger(
  context: TestContext,
  limits: Partial<LocalLedgerLimits> = {},
): { ledger: LocalLedger; file: string; faults: (string | undefined)[]; other: DatabaseSync } {
  const stateDir = makeStateDir();
  const faults: (string | undefined)[] = [];
  const ledger = openLocalLedger({ stateDir, limits, onFault: (fault) => faults.push(fault) });
  const file = path.join(stateDir, 'ledger', 'ledger.sqlite');
  const other = new DatabaseSync(file);
  context.after(() => {
    ledger.abort();
    if (other.isOpen) other.close();
    rmSync(stateDir, { recursive: true });
  });
  return { ledger, file, faults, other };
}

test('waits for another process without holding up the event loop', async (context) => {
  const { ledger, other, faults } = openTestLedger(context, { busyMs: 10_000 });
  other.exec('BEGIN IMMEDIATE');
  const reserving = reserveNow(ledger, { id: 'a', charges: [budget(10)] });
  let turns = 0;
  for (const end = performance.now() + 60; performance.now() < end; turns += 1) await sleep(1);
  assert.ok(turns > 3, `${turns} turns in 60 ms`);
  other.exec('COMMIT');
  assert.equal((await reserving).ok, true);
  assert.deepEqual(faults, []);
});

test('refuses while another process holds the ledger too long, and keeps what was used', async (context) => {
  const { ledger, other, faults } = openTestLedger(context, { busyMs: 30, retryMs: 10 });
  await reserveNow(ledger, { id: 'a', charges: [budget(10)] });
  await reserveNow(ledger, { id: 'b', charges: [budget(20)] });
  other.exec('BEGIN IMMEDIATE');
  const settling = ledger.settle({
    id: 'a',
    nowMs: NOW_MS,
    actual: [{ scope: 'budget/tenant/acme', amount: 7 }],
  });
  const releasing = ledger.release({ id: 'b', nowMs: NOW_MS });
  await assert.rejects(reserveNow(ledger, { id: 'c', charges: [budget(10)] }), /another process has held it/);
  assert.match(ledger.fault() ?? '', /another process has held it for 30 ms/);
  // At once from now on, without a wait for each request.
  await assert.rejects(reserveNow(ledger, { id: 'c', charges: [budget(10)] }), /cannot be written/);
  await assert.rejects(ledger.expire(NOW_MS), /cannot be written/);
  assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 0 + 30 of 100']);
  other.exec('COMMIT');
  assert.equal((await settling).state, 'settled');
  await releasing;
  assert.equal(ledger.fault(), undefined);
  assert.deepEqual(faults.length, 2);
  assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 7 + 0 of 100']);
});

test('refuses on a full disk, loses nothing of what was used, and goes on when there is room', async (context) => {
  const { ledger, other } = openTestLedger(context, { fileBytes: 64 * 4096, retryMs: 10 });
  await reserveNow(ledger, { id: 'a', charges: [budget(60)] });
  const fill = async () => {
    for (let count = 0; ; count += 1) {
      const scope = `filler/${count}/${'x'.repeat(900)}`;
      await reserveNow(ledger, { id: `filler-${count}`, charges: [budget(0, { scope })] });
    }
  };
  await assert.rejects(fill(), /full/);
  assert.match(ledger.fault() ?? '', /full/);
  const scope = `used/${'x'.repeat(900)}`;
  await assert.rejects(reserveNow(ledger, { id: 'b', charges: [budget(40, { scope })] }), /full/);
  const settling = ledger.settle({
    id: 'a',
    nowMs: NOW_MS,
    actual: [{ scope: 'budget/tenant/acme', amount: 9 }],
  });
  other.exec(`DELETE FROM journal WHERE lines LIKE '%filler%'`);
  assert.equal((await settling).state, 'settled');
  await sleep(30);
  assert.equal(ledger.fault(), undefined);
  assert.equal((await reserveNow(ledger, { id: 'b', charges: [budget(91)] })).ok, true);
  assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 9 + 91 of 100']);
});

test('keeps a bounded number of endings while it cannot write', async (context) => {
  const { ledger, other } = openTestLedger(context, { busyMs: 5, retryMs: 60_000, heldOperations: 2 });
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(reserveNow(ledger, { id: 'a', charges: [] }));
  const kept = [1, 2].map((id) => ledger.release({ id: `r${id}`, nowMs: NOW_MS }));
  await assert.rejects(ledger.release({ id: 'r3', nowMs: NOW_MS }), /cannot be written/);
  other.exec('COMMIT');
  await ledger.stop();
  await Promise.all(kept);
});

test('rejects what it cannot write before it stops', async (context) => {
  const { ledger, other } = openTestLedger(context, { busyMs: 5 });
  await reserveNow(ledger, { id: 'a', charges: [budget(10)] });
  other.exec('BEGIN IMMEDIATE');
  const rejected = assert.rejects(ledger.settle({ id: 'a', nowMs: NOW_MS, actual: [] }), /another process/);
  await ledger.stop();
  await rejected;
});

test('books nothing of what had not resolved when the process died', async (context) => {
  const { ledger, other } = openTestLedger(context);
  const rejected = assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(10)] }), /aborted/);
  ledger.abort();
  await rejected;
  assert.equal(countRows(other), 0);
});

test('leaves no row of a tenant that is idle', async (context) => {
  const { ledger, other } = openTestLedger(context);
  const endsAtMs = NOW_MS + 1000;
  await Promise.all(
    Array.from({ length: 3000 }, async (_, index) => {
      const scope = `budget/${index}`;
      const rule = { kind: 'total', limit: 100, window: '2026-11', endsAtMs } as const;
      const charges = [requests(), concurrent(1, 5000), tokens(1, { limit: 5000 })].map((charge) => ({
        ...charge,
        scope: `${charge.rule.kind}/${index}`,
      }));
      await reserveNow(ledger, { id: `r${index}`, charges: [...charges, { scope, rule, amount: 5 }] });
      // A third settles, a third is released, a third is left over.
      if (index % 3 === 0) await ledger.settle({ id: `r${index}`, nowMs: NOW_MS, actual: [] });
      if (index % 3 === 1) await ledger.release({ id: `r${index}`, nowMs: NOW_MS });
    }),
  );
  assert.ok(countRows(other) > 9000);
  const daysLaterMs = NOW_MS + 3 * 24 * 60 * 60 * 1000;
  assert.equal((await ledger.expire(daysLaterMs)).length, 1000);
  // A call looks at a stretch of the scopes; what expired is remembered for a day.
  for (let call = 0; call < 10; call += 1) await ledger.expire(daysLaterMs + 24 * 60 * 60 * 1000);
  assert.deepEqual(await ledger.readBalances({ nowMs: NOW_MS }), []);
  assert.equal(countRows(other), 0);
});

test('begins its log anew while it writes on and on', async (context) => {
  const { ledger, file } = openTestLedger(context, { checkpointMs: 5 });
  // The header of SQLite's log counts how often the log began anew, from byte 12 on.
  const countRestarts = () => readFileSync(`${file}-wal`).readUInt32BE(12);
  await reserveNow(ledger, { id: 'first', charges: [] });
  const first = countRestarts();
  for (let turn = 0; countRestarts() === first; turn += 1) {
    // Before the main thread would fold it itself, as a last resort.
    assert.ok(turn < 100, 'the log only grows');
    for (let count = 0; count < 100; count += 1) {
      const charges = [budget(1, { limit: 1e6, scope: `${turn}/${count}` })];
      await reserveNow(ledger, { id: `${turn}/${count}`, charges });
    }
  }
  await ledger.stop();
});

test('stays in fault until a write succeeds, and not only a read', async (context) => {
  const { ledger, other } = openTestLedger(context, { retryMs: 5 });
  const failing = (table: string, change: string) =>
    `CREATE TRIGGER fail_${table} BEFORE ${change} ON ${table} BEGIN SELECT RAISE(ABORT, 'no space'); END`;
  other.exec(`${failing('journal', 'INSERT')}; ${failing('meta', 'UPDATE')}`);
  await assert.rejects(reserveNow(ledger, { id: 'a', charges: [budget(1)] }), /no space/);
  await sleep(40);
  assert.match(ledger.fault() ?? '', /no space/);
  other.exec('DROP TRIGGER fail_journal; DROP TRIGGER fail_meta');
  while (ledger.fault() !== undefined) await sleep(1);
  assert.equal((await reserveNow(ledger, { id: 'a', charges: [budget(1)] })).ok, true);
});

test('who only reads writes nothing, though others have journaled', async (context) => {
  const { ledger, other } = openTestLedger(context);
  await reserveNow(ledger, { id: 'a', charges: [budget(10)] });
  const version = () => Number(other.prepare('PRAGMA data_version').get()?.['data_version']);
  const reader = new LocalLedger({ file: other.location() ?? '' });
  const before = version();
  assert.deepEqual(await showBalances(reader), ['budget/tenant/acme: 0 + 10 of 100']);
  await reader.stop();
  assert.equal(version(), before);
});

test('does not open what is no ledger, or a newer one', (context) => {
  const stateDir = makeStateDir();
  context.after(() => rmSync(stateDir, { recursive: true }));
  mkdirSync(path.join(stateDir, 'ledger'));
  const file = path.join(stateDir, 'ledger', 'ledger.sqlite');
  writeFileSync(file, 'no database at all, but long enough to look like one'.repeat(100));
  assert.throws(() => openLocalLedger({ stateDir }), /not a database/);
  rmSync(file);
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  assert.throws(() => openLocalLedger({ stateDir }), /newer Goldenpath/);
});

function countRows(db: DatabaseSync): number {
  const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
  return count('scopes') + count('reservations') + count('journal');
}
