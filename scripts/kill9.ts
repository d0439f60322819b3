import { killRounds } from '../test/support/kill-rounds.ts';

/** `npm run kill9 -- 200`: kills a gateway at so many random moments under load, and reads what its log then says. */
const rounds = Number(process.argv[2] ?? 200);
const report = await killRounds({
  rounds,
  onRound: (round) => process.stderr.isTTY && process.stderr.write(`\rround ${round} of ${rounds} `),
});
process.stdout.write(
  `${report.rounds} kills: ${report.answered} answers reached a client; ${report.opened} attempts opened, ${report.closed} closed, ` +
    `${report.abandoned} of them abandoned; ${report.violations.length} violations\n${report.verifyOutput}`,
);
for (const violation of report.violations.slice(0, 20)) process.stdout.write(`  ${violation}\n`);
process.exitCode = report.violations.length === 0 && report.verifyExitCode === 0 ? 0 : 1;
