import type { Command } from 'commander';
import { findAttempt, findCheckpoint, readArchivedText, type FoundAttempt } from '../compose/evidence.ts';
import { describeArchived } from './archived-text.ts';
import { describeForScripts, warnOfDamage } from './audit-query.ts';
import { COMMAND } from './command-name.ts';
import { DEFAULT_STATE } from './defaults.ts';
import { describeStory } from './explain-story.ts';
import { paint, stripControls } from './terminal.ts';

interface ExplainOptions {
  readonly state: string;
  readonly json?: true;
  readonly showText?: true;
  readonly reason?: string;
}

/** Adds `goldenpath explain`: exit 1 when there is no such request. */
export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description("tell one request's whole story: who, why, how, at what cost, and where that is written")
    .argument('<request>', 'the id that every response carries, or `last`')
    .option('--show-text', 'also decrypt and show prompt and answer; the reading is recorded')
    .option('--reason <text>', 'why you read the text; required with --show-text')
    .option('--json', 'the story as JSON')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .action(async (request: string, options: ExplainOptions) => {
      const { state, showText, reason } = options;
      if (showText && !reason?.trim())
        throw new Error('say why you read the text, with --reason: it is recorded');
      const attempt = findAttempt(state, request);
      if (attempt === undefined) {
        process.stderr.write(
          `goldenpath: no request ${request} in ${state}. ${COMMAND} audit query --since 1h lists the newest.\n`,
        );
        process.exitCode = 1;
        return;
      }
      const texts =
        showText && reason !== undefined
          ? await readArchivedText({ stateDir: state, attempts: [attempt], reason })
          : undefined;
      const text = texts?.get(attempt.requestId);
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ ...describeForScripts(attempt), checkpoint: describeCoverage(attempt, state), ...text }, undefined, 2)}\n`,
        );
      else {
        const lines = [...describeStory(attempt), ...describePlaces(attempt, state)];
        if (text !== undefined)
          lines.push('', paint('bold', 'text'), ...describeArchived(text).map((line) => `  ${line}`));
        process.stdout.write(`${lines.join('\n')}\n`);
      }
      warnOfDamage([attempt]);
    });
}

function describePlaces(attempt: FoundAttempt, stateDir: string): string[] {
  const lines = ['', paint('bold', 'evidence')];
  for (const line of [attempt.opened, attempt.closed, ...attempt.notes]) {
    if (line === undefined) continue;
    const { record } = line;
    const what =
      record.kind === 'admin'
        ? `${record.action} by ${stripControls(record.actor)}${record.reason === undefined ? '' : `: ${stripControls(record.reason)}`}`
        : record.kind;
    const state = line.damage === undefined ? '' : paint('red', ` CHANGED: ${line.damage}`);
    lines.push(`  ${stateDir}/audit/${line.file}:${line.line}  ${what}${state}`);
  }
  const covered = describeCoverage(attempt, stateDir);
  lines.push(
    covered === undefined
      ? paint('yellow', '  no signed checkpoint covers it yet; one is signed every few seconds')
      : `  ${stateDir}/audit/checkpoints.jsonl:${covered.line}  signed at ${covered.at} with ${covered.key}`,
  );
  return lines;
}

function describeCoverage(
  attempt: FoundAttempt,
  stateDir: string,
): { line: number; at: string; key: string } | undefined {
  const last = attempt.closed ?? attempt.opened;
  const checkpoint = last === undefined ? undefined : findCheckpoint(stateDir, last);
  return (
    checkpoint && { line: checkpoint.line, at: new Date(checkpoint.atMs).toISOString(), key: checkpoint.key }
  );
}
