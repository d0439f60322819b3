import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import {
  makeClosed,
  makeIntent,
  makeStateDir,
  readRecords,
  testClock,
} from '../adapters/audit-log/testing.ts';
import { openLocalLedger } from '../adapters/ledger/local.ts';
import { budget, NOW_MS } from '../adapters/ledger/testing/charges.ts';
import type { ClosedRecord } from '../road/record.ts';
import { settleLeftovers } from './leftovers.ts';

const LATER_MS = NOW_MS + 120_000;

test('what a dead process left is booked as the log says, and the sum of the records is what is booked', async () => {
  const stateDir = makeStateDir();
  const dead = openLocalLedger({ stateDir });
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  for (const id of ['closed', 'refused', 'open', 'never-opened', 'live'])
    await dead.reserve({
      id,
      nowMs: NOW_MS,
      expiresAtMs: id === 'live' ? LATER_MS + 1 : NOW_MS + 60_000,
      charges: [
        budget(100, { limit: 1000, scope: 'budget-month/tenant/acme' }),
        budget(90, { limit: 1000, scope: 'budget-month/route/eu-sonnet' }),
        budget(80, { limit: 1000, scope: 'budget-month/route/us-sonnet' }),
        { ...budget(50, { limit: 1000, scope: 'tokens/tenant/acme' }) },
      ],
    });
  const reserved = { reservedMicroUsd: 100 };
  await log.open(makeIntent('closed', reserved));
  await log.close(makeClosed(makeIntent('closed', reserved), { costMicroUsd: 77 }));
  const { usage: _, costMicroUsd: __, ...refused } = makeClosed(makeIntent('refused', reserved));
  await log.close({ ...refused, outcome: 'refused' });
  await log.open(makeIntent('open', reserved));
  dead.abort();
  await log.stop();

  // The next start closes what was left open, at what was set aside for it.
  const next = await openLocalAuditLog({ stateDir, clock: testClock });
  const ledger = openLocalLedger({ stateDir });
  assert.equal(await settleLeftovers({ ledger, stateDir, nowMs: LATER_MS }), 4);
  const balances = await ledger.readBalances({ nowMs: LATER_MS });
  assert.deepEqual(
    balances.map(({ scope, settled, reserved: held }) => [scope, settled, held]),
    [
      ['budget-month/route/eu-sonnet', 77 + 90, 90],
      ['budget-month/route/us-sonnet', 80, 80],
      ['budget-month/tenant/acme', 77 + 100, 100],
      ['tokens/tenant/acme', 46 + 50, 50],
    ],
  );
  const recorded = readRecords(stateDir)
    .filter((record): record is ClosedRecord => record.kind === 'closed')
    .reduce((sum, { costMicroUsd = 0 }) => sum + costMicroUsd, 0);
  assert.equal(recorded, 77 + 100);
  assert.equal(await settleLeftovers({ ledger, stateDir, nowMs: LATER_MS }), 0);
  await Promise.all([ledger.stop(), next.stop()]);
  await rm(stateDir, { recursive: true });
});
