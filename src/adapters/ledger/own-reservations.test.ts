import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import * as path from 'node:path';
import { test, type TestContext } from 'node:test';
import { OwnReservations } from './own-reservations.ts';
import { openDatabase } from './statements.ts';
import { Store } from './store.ts';
import { makeStateDir } from './testing/state-dir.ts';

/** Two processes on one store. */
function openBoth(context: TestContext): { store: Store; own: OwnReservations; other: OwnReservations } {
  const dir = makeStateDir();
  const stores = [0, 1].map(
    () => new Store(openDatabase(path.join(dir, 'ledger.sqlite'), { fileBytes: 1e9 })),
  );
  context.after(() => {
    for (const store of stores) store.close();
    rmSync(dir, { recursive: true });
  });
  const [store, otherStore] = stores;
  assert.ok(store !== undefined && otherStore !== undefined);
  return { store, own: new OwnReservations(store), other: new OwnReservations(otherStore) };
}

function commit(own: OwnReservations, change: () => void): void {
  change();
  own.store();
  own.afterCommit();
}

const begin = (own: OwnReservations, id: string) =>
  own.begin(id, { state: 'open', dueMs: 0, limits: [], amounts: [], slots: [] });

test('a transaction that was rolled back began nothing and ended nothing', (context) => {
  const { store, own } = openBoth(context);
  commit(own, () => begin(own, 'a'));
  store.begin();
  assert.equal(own.end('a')?.state, 'open');
  begin(own, 'b');
  own.afterRollback();
  store.rollback();
  assert.equal(own.has('b'), false);
  assert.equal(own.end('b'), undefined);
  assert.equal(own.end('a')?.state, 'open');
});

test('an expiry that was rolled back leaves the reservation with its process', (context) => {
  const { store, own } = openBoth(context);
  commit(own, () => begin(own, 'a'));
  store.begin();
  for (const due of store.findDue(1, 10)) own.disown(due.id);
  assert.equal(own.has('a'), false);
  own.afterRollback();
  store.rollback();
  assert.equal(own.has('a'), true);
});

test('notices what another process ended, also after an intervention that was rolled back', (context) => {
  const { store, own, other } = openBoth(context);
  commit(own, () => begin(own, 'a'));
  store.begin();
  own.intervene();
  own.afterRollback();
  store.rollback();
  // The other process now writes the very number that was written in vain.
  commit(other, () => assert.equal(other.endElsewhere('a')?.state, 'open'));
  own.notice(store.readMeta().interventions);
  assert.equal(own.end('a'), undefined);
});
