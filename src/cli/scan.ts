import { writeFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import type { ScanReport } from '../leak-scan/finding.ts';
import { toSarif } from '../leak-scan/sarif.ts';
import { scanDirectory } from '../leak-scan/scan-directory.ts';
import { toText } from '../leak-scan/text-report.ts';

/** What `goldenpath scan` answers to the shell. */
const EXIT = { clean: 0, findings: 1, notScanned: 2 } as const;

interface ScanOptions {
  readonly json?: boolean;
  readonly sarif?: string;
}

/** Adds `goldenpath scan`, which finds model keys in code and calls that go around the gateway. */
export function addScanCommand(program: Command): void {
  program
    .command('scan')
    .description('find hard-coded model keys and direct calls of model APIs in a directory')
    .argument('<dir>', 'the directory; what git ignores is left out')
    .option('--json', 'print the report as JSON')
    .option('--sarif <file>', 'write the report as SARIF 2.1.0; - prints it in place of the text')
    .addHelpText(
      'after',
      '\nAllow a finding with a comment on its line or the line before: goldenpath-scan-allow: reason\n' +
        'Allow endpoints and clients in a whole file: goldenpath-scan-allow-file: reason\n' +
        'Exit code: 0 nothing found, 1 findings, 2 something could not be scanned.',
    )
    .action(async (directory: string, options: ScanOptions, command: Command) => {
      const report = await scanOrFail(directory, command);
      try {
        writeReport({ report, options, command });
      } catch (error) {
        fail(command, error);
      }
      process.exitCode = chooseExitCode(report);
    });
}

/** What the shell is told: a scan that is not complete, or that saw nothing at all, is not clean. */
export function chooseExitCode(report: ScanReport): number {
  if (report.unreadable.length > 0 || report.scannedFiles === 0) return EXIT.notScanned;
  return report.findings.length > 0 ? EXIT.findings : EXIT.clean;
}

async function scanOrFail(directory: string, command: Command): Promise<ScanReport> {
  try {
    return await scanDirectory(directory);
  } catch (error) {
    // Only the folder itself throws: what is missing within it is reported as unreadable.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return fail(command, new Error(`the folder ${directory} does not exist`));
    return fail(command, error);
  }
}

function fail(command: Command, error: unknown): never {
  if (error instanceof CommanderError) throw error;
  const why = error instanceof Error ? error.message : 'unknown failure';
  return command.error(`error: could not scan: ${why}`, { exitCode: EXIT.notScanned });
}

function writeReport(parts: {
  readonly report: ScanReport;
  readonly options: ScanOptions;
  readonly command: Command;
}): void {
  const { report, options, command } = parts;
  const print = (text: string): void => command.configureOutput().writeOut?.(text);
  const version = command.parent?.version() ?? '0.0.0';
  const sarif =
    options.sarif === undefined ? '' : `${JSON.stringify(toSarif(report, version), undefined, 2)}\n`;
  if (options.sarif !== undefined && options.sarif !== '-') writeFileSync(options.sarif, sarif);
  if (options.sarif === '-') print(sarif);
  else if (options.json === true) print(`${JSON.stringify(report, undefined, 2)}\n`);
  else print(toText(report));
}
