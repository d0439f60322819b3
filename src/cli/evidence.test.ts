import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { openLocalArchive } from '../adapters/archive/local.ts';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { listWriters } from '../adapters/audit-log/read-log.ts';
import {
  makeClosed,
  makeIntent,
  makeStateDir,
  readRecords,
  testClock,
} from '../adapters/audit-log/testing.ts';

const PROGRAM = `
  import { Command } from 'commander';
  import { addAuditCommand } from ${JSON.stringify(path.join(import.meta.dirname, 'audit.ts'))};
  import { addArchiveCommand } from ${JSON.stringify(path.join(import.meta.dirname, 'archive.ts'))};
  import { addExplainCommand } from ${JSON.stringify(path.join(import.meta.dirname, 'explain.ts'))};
  const program = new Command('goldenpath').exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const add of [addAuditCommand, addArchiveCommand, addExplainCommand]) add(program);
  await program.parseAsync(process.argv.slice(1), { from: 'user' }).catch((error) => {
    process.stderr.write(error.message);
    process.exitCode = 2;
  });
`;

function run(stateDir: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return runWith({ COLUMNS: '' }, stateDir, ...args);
}

function runWith(
  more: Readonly<Record<string, string>>,
  stateDir: string,
  ...args: string[]
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, GOLDENPATH_STATE: stateDir, NO_COLOR: '1', ...more };
  const cwd = path.join(import.meta.dirname, '..', '..');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', PROGRAM, '--', ...args],
    { env, cwd, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

async function makeState(): Promise<string> {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  const archive = openLocalArchive({ stateDir, clock: testClock });
  for (const requestId of ['r1', 'r2']) {
    const intent = makeIntent(requestId, { startedAtMs: Date.now() - (requestId === 'r1' ? 60_000 : 0) });
    await log.open(intent);
    const text = JSON.stringify({
      messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Where is\u001b[2J my parcel?' }] }],
    });
    await archive.seal({
      requestId,
      tenant: 'acme',
      part: 'prompt',
      text,
      writtenAtMs: Date.now(),
      retentionDays: 1,
    });
    await log.close(makeClosed(intent));
  }
  await log.stop();
  await archive.stop();
  return stateDir;
}

describe('the commands for evidence', () => {
  let pristine: string;
  before(async () => {
    pristine = await makeState();
  });
  const copyState = () => {
    const stateDir = makeStateDir();
    fs.cpSync(pristine, stateDir, { recursive: true });
    return stateDir;
  };
  const notesOf = (stateDir: string) => readRecords(stateDir).filter((record) => record.kind === 'admin');

  test('list what a user asked, as a table and for scripts', () => {
    const stateDir = copyState();
    const table = run(stateDir, 'audit', 'query', '--user', 'ünal', '--since', '24h');
    assert.equal(table.status, 0, table.stderr);
    assert.match(
      table.stdout,
      /^time +request +tenant +user .*\n.* r2 +acme +ünal +support-assistant +answered +eu-sonnet +12\+34 +120\n.* r1 /,
    );
    const [newest = ''] = run(stateDir, 'audit', 'query', '--json').stdout.split('\n');
    assert.equal(JSON.parse(newest).record.outcome, 'answered');
    assert.match(run(stateDir, 'audit', 'query', '--user', 'nobody').stdout, /no attempt matches/);
    assert.deepEqual(notesOf(stateDir), []);
  });

  test('fit the table into a narrow terminal: what says least goes first, the request never', () => {
    const stateDir = copyState();
    for (const [columns, headings] of [
      ['60', /^time +request +user +outcome +code or route\n/],
      ['90', /^time +request +tenant +user +capabili… +outcome +code or r.*… +tokens +ms\n/],
      ['36', /^time +request\n/],
      ['', /^time +request +tenant .* ms\n/],
    ] as const) {
      const { stdout } = runWith({ COLUMNS: columns }, stateDir, 'audit', 'query');
      assert.match(stdout, headings, `${columns}: ${stdout}`);
      for (const line of stdout.split('\n'))
        assert.ok(line.length <= Number(columns || 160), `${columns}: ${line}`);
      assert.match(stdout, / r2\b/);
    }
  });

  test('say which outcomes and codes there are, where one is misspelt', () => {
    const stateDir = copyState();
    const query = (...args: string[]) => {
      const { status, stderr } = run(stateDir, 'audit', 'query', ...args);
      return [status, stderr.split('\n')[0]?.replace(/.*invalid\. /, '')];
    };
    assert.deepEqual(query('--outcome', 'bogus'), [
      2,
      'Write one of answered, blocked, refused, failed, cancelled, abandoned, open.',
    ]);
    assert.match(query('--code', 'guardrail.nope').join(), /^2,.*guardrail\.input_blocked.*refusals\.md/);
    assert.match(query('--code', 'input_blocked').join(), /^2,.*refusals\.md/);
    assert.equal(query('--outcome', 'open')[0], 0);
    assert.equal(query('--code', 'guardrail.input_blocked')[0], 0);
  });

  test('say how to find the log where there is none, and make none there', () => {
    const nowhere = path.join(makeStateDir(), 'typo');
    for (const args of [
      ['explain', 'last'],
      ['audit', 'query'],
      ['audit', 'verify'],
      ['audit', 'anchor'],
      ['archive', 'shred', 'acme', '--reason', 'x'],
    ]) {
      const { status, stdout, stderr } = run(nowhere, ...args);
      assert.deepEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(
        stderr,
        /there is no audit log in .*typo\/audit\. Name the folder .*--state or GOLDENPATH_STATE/,
      );
    }
    assert.equal(fs.existsSync(nowhere), false);
  });

  test('show prompts only with a reason, record each reading, and never pass on control characters', () => {
    const stateDir = copyState();
    assert.deepEqual([run(stateDir, 'audit', 'query', '--prompts').status, notesOf(stateDir).length], [2, 0]);
    const { stdout } = run(stateDir, 'audit', 'query', '--prompts', '--reason', 'ticket 7');
    assert.match(stdout, /user: Where is�\[2J my parcel\?/);
    assert.deepEqual(
      notesOf(stateDir).map(({ action, requestId, reason }) => [action, requestId, reason]),
      [
        ['archive.read', 'r2', 'ticket 7'],
        ['archive.read', 'r1', 'ticket 7'],
      ],
    );
  });

  test('explain one request, the last one, and say how to find an unknown one', () => {
    const stateDir = copyState();
    const { stdout, status } = run(stateDir, 'explain', 'r1');
    assert.equal(status, 0);
    assert.match(stdout, /^r1 {2}answered\n/);
    assert.match(stdout, /user ünal of acme; groups staff/);
    assert.match(
      stdout,
      /000001\.jsonl:2 {2}opened\n.*000001\.jsonl:3 {2}closed\n.*checkpoints\.jsonl:1 {2}signed at/,
    );
    assert.match(run(stateDir, 'explain', 'last').stdout, /^r2 /);
    const unknown = run(stateDir, 'explain', 'r9');
    assert.deepEqual([unknown.status, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /no request r9 .*goldenpath audit query/);
  });

  test('verify: 0 when intact, 1 with the place when not, 2 when there is nothing to read', () => {
    const stateDir = copyState();
    assert.deepEqual(
      [run(stateDir, 'audit', 'verify').status, run('/nowhere', 'audit', 'verify').status],
      [0, 2],
    );
    const [writer = ''] = listWriters(path.join(stateDir, 'audit'));
    const file = path.join(stateDir, 'audit', writer, '000001.jsonl');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('eu-sonnet', 'us-sonnet'));
    const edited = run(stateDir, 'audit', 'verify');
    assert.equal(edited.status, 1);
    assert.match(edited.stdout, /1 problem .*\n.*000001\.jsonl:2 \(seq 1\) edited_line/);
    assert.equal(run(stateDir, 'audit', 'query').status, 1, 'a query that shows an edited line says so');
  });

  test('anchor and export what can be verified elsewhere', () => {
    const stateDir = copyState();
    const anchorFile = path.join(stateDir, 'anchor.jsonl');
    fs.writeFileSync(anchorFile, run(stateDir, 'audit', 'anchor').stdout);
    fs.rmSync(path.join(stateDir, 'audit', listWriters(path.join(stateDir, 'audit'))[0] ?? ''), {
      recursive: true,
    });
    fs.rmSync(path.join(stateDir, 'audit', 'checkpoints.jsonl'));
    assert.equal(run(stateDir, 'audit', 'verify').status, 0);
    assert.match(run(stateDir, 'audit', 'verify', '--anchor', anchorFile).stdout, /removed_writer/);
    const exported = path.join(stateDir, 'exported');
    assert.equal(run(copyState(), 'audit', 'export', '--out', exported, '--user', 'ünal').status, 0);
    assert.match(
      run('/nowhere', 'audit', 'verify', exported).stdout,
      /intact.*4 exported lines, 4 of them proven/,
    );
  });

  test('shred a tenant, on the record, and then say that its text is gone', () => {
    const stateDir = copyState();
    assert.equal(run(stateDir, 'archive', 'shred', 'acme').status, 2, 'needs a reason');
    assert.match(
      run(stateDir, 'archive', 'shred', 'acme', '--reason', 'left us').stdout,
      /1 key was destroyed/,
    );
    assert.deepEqual(
      notesOf(stateDir).map(({ action, tenant, reason }) => [action, tenant, reason]),
      [['archive.shred', 'acme', 'left us']],
    );
    assert.match(run(stateDir, 'explain', 'r1', '--show-text', '--reason', 'x').stdout, /gone for good/);
    assert.equal(run(stateDir, 'archive', 'shred', 'acme', '--reason', 'again').status, 1);
  });
});
