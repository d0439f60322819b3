import { cp, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

const STARTER = fileURLToPath(new URL('../governance/starter', import.meta.url));

/** Adds `goldenpath init`: a small governance repository that passes `check`. Never writes over anything. */
export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('write a small governance repository that passes `goldenpath check`')
    .argument('<dir>', 'a new or empty folder')
    .action(async (directory: string) => {
      const present = await readdir(directory).catch(() => []);
      if (present.length > 0) throw new Error(`${directory} is not empty; name a new folder`);
      await cp(STARTER, directory, { recursive: true, errorOnExist: true, force: false });
      process.stdout.write(
        `${directory} is a governance repository now. Next:\n` +
          `  goldenpath check ${directory}\n` +
          `  goldenpath start --governance ${directory}\n`,
      );
    });
}
