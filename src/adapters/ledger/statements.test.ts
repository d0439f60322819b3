import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openLocalLedger } from './local.ts';
import { NOW_MS, showBalances } from './testing/charges.ts';
import { makeStateDir } from './testing/state-dir.ts';

/** As version 1 left them: `b` is over, and is only listed so. */
const TABLES_1 = `
  CREATE TABLE scopes (
    key TEXT PRIMARY KEY, counted_limit REAL NOT NULL, settled REAL NOT NULL, reserved REAL NOT NULL,
    seen_ms REAL NOT NULL, per_second REAL NOT NULL, idle_at_ms REAL, slots TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE reservations (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, due_ms REAL NOT NULL, expired INTEGER NOT NULL, taken TEXT NOT NULL
  ) STRICT;
  CREATE TABLE ended (batch INTEGER PRIMARY KEY, seqs TEXT NOT NULL) STRICT;
  CREATE TABLE meta (id INTEGER PRIMARY KEY, watermark_ms REAL NOT NULL, interventions INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES (1, 0, 0);
  INSERT INTO scopes VALUES ('budget/tenant/acme' || char(10) || 'tever', 100, 5, 30, 0, 0, NULL, NULL);
  INSERT INTO reservations VALUES
    (1, 'a', ${NOW_MS + 60_000}, 0, 'budget/tenant/acme' || char(10) || 'tever' || char(9) || '30' || char(9) || '0' ||
      char(9) || '100' || char(9) || char(9)),
    (2, 'b', ${NOW_MS}, 0, '');
  INSERT INTO ended (seqs) VALUES ('2');
  PRAGMA user_version = 1;
`;

test('goes on with the ledger of an older version', async (context) => {
  const stateDir = makeStateDir();
  context.after(() => rmSync(stateDir, { recursive: true }));
  mkdirSync(path.join(stateDir, 'ledger'));
  const old = new DatabaseSync(path.join(stateDir, 'ledger', 'ledger.sqlite'));
  old.exec(TABLES_1);
  old.close();
  const ledger = openLocalLedger({ stateDir });
  assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 5 + 30 of 100']);
  assert.deepEqual(await ledger.expire(NOW_MS + 1), []);
  const actual = [{ scope: 'budget/tenant/acme', amount: 12 }];
  assert.equal((await ledger.settle({ id: 'a', nowMs: NOW_MS, actual })).state, 'settled');
  assert.deepEqual(await showBalances(ledger), ['budget/tenant/acme: 17 + 0 of 100']);
  await ledger.stop();
});
