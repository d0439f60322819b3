import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { compileGovernance } from '../governance/compile.ts';
import { formatProblem } from '../governance/problem.ts';
import { LOCK_FILE } from '../governance/parts.ts';
import { readLock } from '../governance/lock.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';

/** Adds `goldenpath publish`: from then on the versions that it writes down may not change. */
export function addPublishCommand(program: Command): void {
  program
    .command('publish')
    .description(`publish the new prompt and guardrail versions: their hashes go into ${LOCK_FILE}`)
    .argument('[dir]', 'the governance repository', DEFAULT_GOVERNANCE)
    .action(async (directory: string) => {
      const published = await publish(directory);
      process.stdout.write(
        published.length === 0
          ? 'nothing new to publish\n'
          : `${published.map((id) => `published ${id}`).join('\n')}\nCommit ${LOCK_FILE}.\n`,
      );
    });
}

async function publish(directory: string): Promise<string[]> {
  const { problems, hashes } = await compileGovernance(directory);
  const lock = await readLock(directory);
  const changed = problems.filter((problem) => problem.cause.startsWith('the published version'));
  if (changed.length > 0)
    throw new Error(`a published version never changes:\n${changed.map(formatProblem).join('\n')}`);
  const published: string[] = [];
  for (const kind of ['prompts', 'guardrails'] as const) {
    for (const [id, digest] of Object.entries(hashes[kind])) {
      if (lock[kind][id] === undefined) published.push(`${kind.slice(0, -1)} ${id}`);
      lock[kind][id] = digest;
    }
  }
  if (published.length > 0) {
    const sorted = { prompts: sortByKey(lock.prompts), guardrails: sortByKey(lock.guardrails) };
    await writeFile(join(directory, LOCK_FILE), `${JSON.stringify(sorted, null, 2)}\n`);
  }
  return published;
}

function sortByKey(hashes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(hashes).toSorted(([a], [b]) => a.localeCompare(b)));
}
