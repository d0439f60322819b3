import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { renderJsonSchemas } from '../governance/json-schemas.ts';

/** Adds `goldenpath schema`: writes the JSON Schemas with which editors complete a governance repository. */
export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('write the JSON Schemas of the governance repository, for editors')
    .argument('<dir>', 'where to write them')
    .action(async (directory: string) => {
      await mkdir(directory, { recursive: true });
      for (const [file, text] of renderJsonSchemas()) {
        await writeFile(join(directory, file), text);
        process.stdout.write(`${join(directory, file)}\n`);
      }
    });
}
