import type { Command } from 'commander';
import { describeProblem, verifyEvidence, type Problem } from '../compose/evidence.ts';
import { DEFAULT_STATE } from './defaults.ts';
import { paint } from './terminal.ts';

interface VerifyOptions {
  readonly state: string;
  readonly anchor?: string;
  readonly key?: string;
  readonly json?: true;
}

const SHOWN_PROBLEMS = 50;
const PROGRESS_MS = 200;

/** Adds `audit verify`: exit 0 when nothing is wrong, 1 when something is, 2 when it could not be read. */
export function addVerifyCommand(audit: Command): void {
  audit
    .command('verify')
    .description('prove that the log was not altered: no line edited, removed, swapped or cut off')
    .argument('[export]', 'a folder that goldenpath audit export made, instead of the log')
    .option(
      '--anchor <file>',
      'checkpoints that were kept elsewhere: finds truncation that took the checkpoints along',
    )
    .option('--key <pem>', 'trust this public key alone, not those beside the log')
    .option('--json', 'the report as JSON')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action((exported: string | undefined, options: VerifyOptions) => {
      const order = {
        dir: exported ?? options.state,
        anchorFile: options.anchor,
        keyFile: options.key,
        onProgress: showProgress(),
      };
      const { kind, report } = verifyEvidence(order);
      if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ ok: report.problems.length === 0, kind, ...report }, undefined, 2)}\n`,
        );
      else if (kind === 'export') {
        const { lines, proven } = report;
        process.stdout.write(
          formatVerdict(report, `${lines} exported lines, ${proven} of them proven by signed checkpoints`),
        );
      } else {
        const { lines, writers, segments, attempts, checkpoints } = report;
        const counts = [
          count(lines, 'line'),
          count(attempts, 'attempt'),
          count(writers, 'writer'),
          count(segments, 'segment'),
          count(checkpoints, 'signed checkpoint'),
        ].join(', ');
        process.stdout.write(formatVerdict(report, counts, describeOpenEnds(report)));
      }
      process.exitCode = report.problems.length === 0 ? 0 : 1;
    });
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function formatVerdict(
  report: { problems: readonly Problem[]; keys: readonly string[] },
  counts: string,
  notes: readonly string[] = [],
): string {
  const { problems, keys } = report;
  const shown = problems.slice(0, SHOWN_PROBLEMS).map((problem) => `  ${describeProblem(problem)}`);
  if (problems.length > SHOWN_PROBLEMS)
    shown.push(`  and ${problems.length - SHOWN_PROBLEMS} more: --json shows all`);
  const verdict =
    problems.length === 0
      ? `${paint('green', 'intact')}: ${counts}`
      : `${paint('red', `${problems.length} problem${problems.length === 1 ? '' : 's'}`)} in ${counts}`;
  const signed =
    keys.length === 0
      ? 'signed by nobody yet'
      : `signed with ${keys.join(', ')}; compare that with the key you trust`;
  return [verdict, ...shown, ...[signed, ...notes].map((note) => paint('dim', `  ${note}`))]
    .map((line) => `${line}\n`)
    .join('');
}

function describeOpenEnds({
  stillOpen,
  unsignedLines,
}: {
  stillOpen: number;
  unsignedLines: number;
}): string[] {
  const notes: string[] = [];
  if (stillOpen > 0)
    notes.push(
      `still open: ${count(stillOpen, 'attempt')}, under way or to be closed as abandoned by the next start`,
    );
  if (unsignedLines > 0) notes.push(`newer than the last checkpoint: ${count(unsignedLines, 'line')}`);
  return notes;
}

function showProgress(): (bytes: number) => void {
  if (!process.stderr.isTTY) return () => undefined;
  let [bytes, shownAtMs] = [0, performance.now()];
  return (more) => {
    bytes += more;
    if (performance.now() - shownAtMs < PROGRESS_MS) return;
    shownAtMs = performance.now();
    process.stderr.write(`\r${(bytes / 1_000_000).toFixed(0)} MB read`);
  };
}
