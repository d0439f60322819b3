import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Command, CommanderError } from 'commander';
import { KEYS } from '../leak-scan/cases/keys.ts';
import { addScanCommand, chooseExitCode } from './scan.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scan-'));
});

afterEach(() => {
  process.exitCode = 0; // what the command answered is not what this test process answers
  rmSync(root, { recursive: true });
});

/** Runs the command in this process. */
async function run(...words: readonly string[]): Promise<{ out: string; error: string; code: unknown }> {
  let out = '';
  let error = '';
  const program = new Command()
    .version('9.9.9')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (out += text),
      writeErr: (text) => (error += text),
    });
  addScanCommand(program);
  let code: unknown;
  try {
    await program.parseAsync(['scan', ...words], { from: 'user' });
    code = process.exitCode;
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    code = reason.exitCode;
  }
  return { out, error, code };
}

describe('goldenpath scan', () => {
  it('answers 0 for a clean directory', async () => {
    writeFileSync(join(root, 'a.ts'), 'export const a = 1;\n');
    const { out, code } = await run(root);
    assert.equal(code, 0);
    assert.match(out, /^0 errors, 0 warnings in 1 file/);
  });

  it('answers 1 for findings, and shows no secret in any form of its report', async () => {
    writeFileSync(join(root, '.env'), KEYS.map(({ key, before = '' }) => `${before}${key}\n`).join(''));
    const file = join(root, 'report.sarif');
    const outputs = [await run(root), await run(root, '--json'), await run(root, '--sarif', '-')];
    outputs.push(await run(root, '--sarif', file));
    for (const { out, error, code } of outputs) {
      assert.equal(code, 1);
      for (const { key } of KEYS)
        assert.ok(!`${out}${error}${readFileSync(file, 'utf8')}`.includes(key.slice(4, 24)));
    }
    assert.equal(JSON.parse(outputs[1]?.out ?? '').findings.length, KEYS.length);
    assert.equal(JSON.parse(outputs[2]?.out ?? '').runs[0].results.length, KEYS.length);
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).runs[0].tool.driver.version, '9.9.9');
  });

  it('answers 2 where it could not scan, or could not write what it found', async () => {
    const missing = await run(join(root, 'nothing'));
    assert.equal(missing.code, 2);
    assert.match(missing.error, /could not scan: the folder .*nothing does not exist/);
    assert.equal((await run(root, '--sarif', join(root, 'no', 'such', 'place'))).code, 2);
    mkdirSync(join(root, 'empty'));
    assert.equal((await run(join(root, 'empty'))).code, 2);
    const skipped = { ignored: 0, binary: 0, tooLarge: 0, links: 0 };
    const report = { findings: [], scannedFiles: 0, allowed: 0, skipped, unreadable: ['a'] };
    assert.equal(chooseExitCode(report), 2);
  });
});
