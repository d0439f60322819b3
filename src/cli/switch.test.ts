import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { readRecords } from '../adapters/audit-log/testing.ts';
import { systemClock } from '../adapters/clock/system.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/support-desk', import.meta.url));

async function makeState(): Promise<string> {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-switch-'));
  await (await openLocalAuditLog({ stateDir, clock: systemClock })).stop();
  return stateDir;
}

function run(stateDir: string, ...args: readonly string[]) {
  const env = {
    ...process.env,
    GOLDENPATH_STATE: stateDir,
    GOLDENPATH_GOVERNANCE: EXAMPLE,
    NO_COLOR: '1',
    COLUMNS: '',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'switch', ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('off, list and on: in force, shown with who and why, and on the record', async () => {
  const stateDir = await makeState();
  const me = userInfo().username;
  assert.deepEqual(run(stateDir, 'list'), { status: 0, stdout: 'nothing is switched off\n', stderr: '' });
  const off = run(
    stateDir,
    'off',
    'capability',
    'support-assistant',
    '--reason',
    'wrong answers about refunds',
  );
  assert.equal(off.status, 0, off.stderr);
  assert.match(off.stdout, /^off: capability support-assistant\. New requests are refused/);
  assert.equal(off.stderr, '');
  run(stateDir, 'off', 'everything', '--reason', 'a drill');
  assert.match(
    run(stateDir, 'list').stdout,
    new RegExp(
      `^since +kind +name +by +reason\n.*capability +support-assistant +os:${me} +wrong answers.*\n.*everything`,
    ),
  );
  const [first] = run(stateDir, 'list', '--json').stdout.split('\n');
  const { at, ...shown } = JSON.parse(first ?? '') as Record<string, string>; // our own line
  assert.ok(Math.abs(Date.parse(at ?? '') - Date.now()) < 60_000);
  assert.deepEqual(shown, {
    kind: 'capability',
    name: 'support-assistant',
    state: 'off',
    actor: `os:${me}`,
    reason: 'wrong answers about refunds',
  });
  const on = run(stateDir, 'on', 'capability', 'support-assistant', '--reason', 'repaired');
  assert.match(on.stdout, /^on: capability support-assistant/);
  const again = run(stateDir, 'on', 'capability', 'support-assistant', '--reason', 'repaired');
  assert.deepEqual(again, { status: 1, stdout: 'capability support-assistant is not off\n', stderr: '' });
  const notes = readRecords(stateDir).flatMap((record) =>
    record.kind === 'admin' ? [[record.action, record.switch?.kind, record.switch?.name, record.reason]] : [],
  );
  assert.deepEqual(notes, [
    ['switch.off', 'capability', 'support-assistant', 'wrong answers about refunds'],
    ['switch.off', 'everything', '', 'a drill'],
    ['switch.on', 'capability', 'support-assistant', 'repaired'],
  ]);
  rmSync(stateDir, { recursive: true });
});

test('a name that the repository does not have is switched off with a warning', async () => {
  const stateDir = await makeState();
  const { status, stderr } = run(stateDir, 'off', 'route', 'sonet', '--reason', 'x');
  assert.equal(status, 0);
  assert.match(stderr, /has no route sonet, so this may stop nothing\. There are: stand-in-backup,/);
  rmSync(stateDir, { recursive: true });
});

test('says what is wrong with an order that is none', async () => {
  const stateDir = await makeState();
  const cases: readonly (readonly [args: readonly string[], words: RegExp])[] = [
    [['off', 'route', 'a'], /required option '--reason <text>'/],
    [['off', 'planet', 'x', '--reason', 'x'], /Allowed choices are everything, tenant, user/],
    [['off', 'user', 'maya', '--reason', 'x'], /user maya: write TENANT\/SUBJECT/],
    [['off', 'everything', 'x', '--reason', 'x'], /everything has no name/],
    [['off', 'route', '--reason', 'x'], /route: write the route's name/],
    [['off', 'route', 'a', '--reason', ' '], /say why, with --reason/],
    [['list', '--state', join(stateDir, 'none')], /no gateway has used .*none/],
  ];
  for (const [args, words] of cases) {
    const { status, stderr } = run(stateDir, ...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, words);
  }
  assert.equal(run(stateDir, 'list').stdout, 'nothing is switched off\n');
  rmSync(stateDir, { recursive: true });
});
