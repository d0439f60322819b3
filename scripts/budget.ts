import { BUDGET_MICRO_USD, runBudget } from '../test/support/budget-run.ts';

/** `npm run budget`: a thousand requests of $0.10 at once against $5.00, and what the books say afterwards. */
const requests = Number(process.argv[2] ?? 1000);
const report = await runBudget({ requests, expiry: 'awaited' });
const { settled, recorded, highest, leftReservations, verifyExitCode } = report;
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
const isKept =
  highest <= BUDGET_MICRO_USD &&
  Object.values(settled).every((amount) => amount === recorded) &&
  leftReservations === 0 &&
  verifyExitCode === 0;
process.stdout.write(
  isKept
    ? `never more than $${(highest / 1e6).toFixed(6)} of $${(BUDGET_MICRO_USD / 1e6).toFixed(2)}; the books agree\n`
    : 'the budget was NOT kept, or the books do not agree\n',
);
process.exitCode = isKept ? 0 : 1;
