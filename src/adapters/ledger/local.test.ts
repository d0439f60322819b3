import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { openLocalLedger } from './local.ts';

test('reserves, settles and shows what is left', async () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'goldenpath-ledger-'));
  const ledger = openLocalLedger({ stateDir });
  const rule = { kind: 'total', limit: 100, window: 'ever', endsAtMs: undefined } as const;
  const charges = [{ scope: 'budget/tenant/acme', rule, amount: 60 }];
  const nowMs = 1_700_000_000_000;
  const request = { nowMs, expiresAtMs: nowMs + 1000, charges };
  assert.deepEqual(await ledger.reserve({ ...request, id: 'a' }), { ok: true, remaining: [40] });
  assert.equal((await ledger.reserve({ ...request, id: 'b' })).ok, false);
  await ledger.settle({ id: 'a', nowMs, actual: [{ scope: 'budget/tenant/acme', amount: 40 }] });
  assert.deepEqual(await ledger.reserve({ ...request, id: 'b' }), { ok: true, remaining: [0] });
  await ledger.stop();
  rmSync(stateDir, { recursive: true });
});
