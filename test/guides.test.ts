import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDES = join(ROOT, 'docs/guides');

/** Blocks of a guide that show a command and all that it prints. */
const SHOWN = /^```console\n\$ \.\/goldenpath ([^\n]+)\n([^]*?)^```$/gm;

for (const guide of readdirSync(GUIDES).filter((file) => file.endsWith('.md'))) {
  for (const [, command = '', shown = ''] of readFileSync(join(GUIDES, guide), 'utf8').matchAll(SHOWN)) {
    test(`${guide}: ${command} prints what is shown`, () => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [join(ROOT, 'src/main.ts'), ...command.split(' ')],
        { cwd: ROOT, encoding: 'utf8', env: { ...process.env, COLUMNS: '118', NO_COLOR: '1' } },
      );
      assert.equal(`${stdout}${stderr}`, shown);
    });
  }
}
