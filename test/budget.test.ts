import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUDGET_MICRO_USD, runBudget } from './support/budget-run.ts';

test('three gateways, a kill -9 and clients that leave never spend more than the budget, and the books agree', async () => {
  const report = await runBudget({ requests: 200, expiry: 'advanced' });
  assert.ok(report.highest <= BUDGET_MICRO_USD, `${report.highest} of ${BUDGET_MICRO_USD}`);
  assert.ok(report.highest > 0.9 * BUDGET_MICRO_USD, `${report.highest}: the budget was never near its end`);
  for (const [scope, settled] of Object.entries(report.settled))
    assert.equal(settled, report.recorded, scope);
  assert.equal(Object.keys(report.settled).length, 3);
  assert.equal(report.leftReservations, 0);
  assert.equal(report.verifyExitCode, 0);
  assert.deepEqual(Object.keys(report.refused), ['admission.budget_exhausted']);
  assert.ok(report.abandoned > 0, 'the kill hit no open attempt, so nothing was shown');
  assert.ok(report.left > 0 && report.answered > 0, JSON.stringify(report));
});
