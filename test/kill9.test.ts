import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killRounds } from './support/kill-rounds.ts';

test('kill -9 under load loses no record, and what was open is closed as abandoned at the next start', async () => {
  const report = await killRounds({ rounds: 5 });
  assert.deepEqual(report.violations, []);
  assert.equal(report.verifyExitCode, 0, report.verifyOutput);
  assert.ok(report.answered > 50, `only ${report.answered} answers came before the kills`);
  assert.ok(report.abandoned > 0, 'no kill hit an open attempt, so nothing was shown');
});
