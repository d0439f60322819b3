import { cp, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { COMMAND, quote } from './command-name.ts';

const STARTER = fileURLToPath(new URL('../governance/starter', import.meta.url));

/** Adds `goldenpath init`: a small governance repository that passes `check`. Never writes over anything. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('write a small governance repository that passes `goldenpath check`')
    .argument('<dir>', 'a new or empty folder')
    .action(async (directory: string) => {
      if (!(await isFree(directory))) throw new Error(`${directory} is not empty; name a new folder`);
      await cp(STARTER, directory, { recursive: true, errorOnExist: true, force: false });
      process.stdout.write(
        `${directory} is a governance repository now: one capability, one tenant, one policy.\n\nNext:\n` +
          `  ${COMMAND} check ${quote(directory)}\n` +
          `  ${COMMAND} guardrail test ${quote(directory)}\n` +
          `  ${COMMAND} can maya assistant --tenant main --group staff --governance ${quote(directory)}\n` +
          `  ${COMMAND} start --governance ${quote(directory)}\n`,
      );
    });
}

async function isFree(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return true;
    if (code === 'ENOTDIR') throw new Error(`${directory} is a file; name a new folder`, { cause: error });
    throw error;
  }
}
