import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { compileGovernance } from '../governance/compile.ts';
import { LOCK_FILE } from '../governance/parts.ts';
import { readLock } from '../governance/lock.ts';
import { COMMAND, quote } from './command-name.ts';
import { DEFAULT_GOVERNANCE } from './defaults.ts';

/** Adds `goldenpath publish`: from then on the versions that it writes down may not change. */
export function addPublishCommand(program: Command): void {
  program
    .command('publish')
    .description(
      `publish the new versions of prompts, guardrails and prices: their hashes go into ${LOCK_FILE}`,
    )
    .argument('[dir]', 'the governance repository', DEFAULT_GOVERNANCE)
    .action(async (directory: string) => {
      const published = await publish(directory);
      const { problems } = await compileGovernance(directory);
      const rest =
        problems.length === 0
          ? ''
          : `What has problems is not published: run ${COMMAND} check ${quote(directory)}\n`;
      process.stdout.write(
        published.length === 0
          ? `nothing new to publish\n${rest}`
          : `${published.map((id) => `published ${id}`).join('\n')}\nCommit ${LOCK_FILE}.\n${rest}`,
      );
    });
}

async function publish(directory: string): Promise<string[]> {
  const { hashes } = await compileGovernance(directory);
  const lock = await readLock(directory);
  const published: string[] = [];
  const changed: string[] = [];
  for (const kind of ['prompts', 'guardrails', 'prices'] as const) {
    for (const [id, digest] of Object.entries(hashes[kind])) {
      const known = lock[kind][id];
      if (known === undefined) published.push(`${kind.slice(0, -1)} ${id}`);
      else if (known !== digest) changed.push(`${kind}/${id.replace('@', '/')}`);
      lock[kind][id] = digest;
    }
  }
  if (changed.length > 0) {
    throw new Error(
      `a published version never changes, and ${changed.join(', ')} did. ` +
        'Restore it from git, and make the change under the next version number.',
    );
  }
  if (published.length > 0) {
    const sorted = {
      prompts: sortByKey(lock.prompts),
      guardrails: sortByKey(lock.guardrails),
      prices: sortByKey(lock.prices),
    };
    await writeFile(join(directory, LOCK_FILE), `${JSON.stringify(sorted, null, 2)}\n`);
  }
  return published;
}

function sortByKey(hashes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(hashes).toSorted(([a], [b]) => a.localeCompare(b)));
}
