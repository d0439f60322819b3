import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ScanReport } from './finding.ts';
import { toSarif } from './sarif.ts';
import { scanDirectory } from './scan-directory.ts';
import { toText } from './text-report.ts';

const CALL = 'new OpenAI();\n';
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'scan-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

const listFiles = (report: ScanReport): string[] => report.findings.map(({ file }) => file);

describe('the scan of a directory', () => {
  it('looks at every file in a stable order', async () => {
    write({ 'b.ts': CALL, 'a/z.ts': CALL, '.hidden/a.ts': CALL });
    const report = await scanDirectory(root);
    assert.deepEqual(listFiles(report), ['.hidden/a.ts', 'a/z.ts', 'b.ts']);
    assert.equal(report.scannedFiles, 3);
  });

  it('leaves out what git ignores, by the deepest .gitignore that speaks of it', async () => {
    write({
      '.git/config': CALL,
      '.git/info/exclude': 'excluded.ts\n',
      '.gitignore': 'dist/\n*.gen.ts\n/only-at-root.ts\n',
      'excluded.ts': CALL,
      'dist/a.ts': CALL,
      'a.gen.ts': CALL,
      'only-at-root.ts': CALL,
      'src/only-at-root.ts': CALL,
      'src/.gitignore': '!kept.gen.ts\n',
      'src/kept.gen.ts': CALL,
      'src/b.gen.ts': CALL,
      'node_modules/p/index.ts': CALL,
    });
    const report = await scanDirectory(root);
    assert.deepEqual(listFiles(report), ['src/kept.gen.ts', 'src/only-at-root.ts']);
    assert.equal(report.skipped.ignored, 5);
    const inner = await scanDirectory(join(root, 'src')); // what stands above counts, within a working copy
    assert.deepEqual(listFiles(inner), ['kept.gen.ts', 'only-at-root.ts']);
  });

  it('looks into a directory that git ignores where it is asked to', async () => {
    write({ '.git/config': '', '.gitignore': 'dist/\n', 'dist/deep/a.ts': CALL });
    assert.deepEqual(listFiles(await scanDirectory(join(root, 'dist'))), ['deep/a.ts']);
    assert.deepEqual(listFiles(await scanDirectory(join(root, 'dist', 'deep'))), ['a.ts']);
  });

  it('counts what it skips', async () => {
    write({
      'image.ts': Buffer.from([0x89, 0x50, 0, 1]),
      'large.ts': `${CALL}${' '.repeat(1024 * 1024)}`,
      'full.ts': `${CALL}${' '.repeat(1024 * 1024 - CALL.length)}`,
    });
    symlinkSync(root, join(root, 'round'));
    const report = await scanDirectory(root);
    assert.deepEqual(report.skipped, { ignored: 0, binary: 1, tooLarge: 1, links: 1 });
    assert.deepEqual(listFiles(report), ['full.ts']);
  });

  it('reads UTF-16, which Windows writes', async () => {
    write({ 'a.ts': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(CALL, 'utf16le')]) });
    assert.deepEqual(listFiles(await scanDirectory(root)), ['a.ts']);
  });

  it('does not begin where there is no directory', async () => {
    write({ 'a.ts': CALL });
    await assert.rejects(scanDirectory(join(root, 'a.ts')), /not a directory/);
    await assert.rejects(scanDirectory(join(root, 'nothing')), /ENOENT/);
  });
});

describe('a report', () => {
  it('for people groups by file and says what was left out', async () => {
    write({ 'src/a.ts': `${CALL}  ${CALL}` });
    const text = toText(await scanDirectory(root));
    assert.match(text, /^src\/a\.ts\n {2}src\/a\.ts:1:1 {2}warning {2}client\/openai\n/);
    assert.match(text, /src\/a\.ts:2:3 {2}warning/);
    assert.match(
      text,
      /0 errors, 2 warnings in 1 file; skipped: 0 ignored by git, 0 binary, 0 over 1 MB, 0 links/,
    );
  });

  it('does not let a file name write on the terminal', async () => {
    write({ 'a\u001b[2J.ts': CALL });
    assert.ok(!toText(await scanDirectory(root)).includes('\u001b'));
  });

  it('as SARIF names rule, file and region', async () => {
    write({ 'a b/ü.ts': `\n  ${CALL}` });
    const { runs } = JSON.parse(JSON.stringify(toSarif(await scanDirectory(root), '1.2.3')));
    const { tool, results } = runs[0];
    assert.equal(tool.driver.rules[results[0].ruleIndex].id, 'client/openai');
    assert.equal(results[0].level, 'warning');
    assert.deepEqual(results[0].locations[0].physicalLocation, {
      artifactLocation: { uri: 'a%20b/%C3%BC.ts', uriBaseId: 'SRCROOT' },
      region: { startLine: 2, startColumn: 3, endLine: 2, endColumn: 14 },
    });
  });

  it('says what could not be read, in every form', () => {
    const skipped = { ignored: 0, binary: 0, tooLarge: 0, links: 0 };
    const report = { findings: [], scannedFiles: 0, allowed: 0, skipped, unreadable: ['secret.ts'] };
    assert.match(toText(report), /secret\.ts: could not be read/);
    assert.match(JSON.stringify(toSarif(report, '1')), /"executionSuccessful":false.*secret\.ts/);
  });
});
