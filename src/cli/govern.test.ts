import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const STARTER = fileURLToPath(new URL('../governance/starter', import.meta.url));
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

interface Workshop extends AsyncDisposable {
  readonly path: string;
  /** Puts a repository into `company`, as `init` does. */
  fill(): Promise<void>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run>;
}

async function openWorkshop(): Promise<Workshop> {
  const path = await mkdtemp(join(tmpdir(), 'goldenpath-cli-'));
  return {
    path,
    fill: () => cp(STARTER, join(path, 'company'), { recursive: true }),
    run: (args, env = {}) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [MAIN, ...args], {
          cwd: path,
          env: { PATH: '', GOLDENPATH_COMMAND: 'goldenpath', ...env },
        });
        let out = '';
        let err = '';
        child.stdout.on('data', (data: Buffer) => (out += data.toString()));
        child.stderr.on('data', (data: Buffer) => (err += data.toString()));
        child.on('close', (status) => resolve({ status, out, err }));
      }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

test('init writes a repository that passes check and that can be asked', async () => {
  await using shop = await openWorkshop();
  const init = await shop.run(['init', 'company']);
  assert.equal(init.status, 0);
  assert.match(init.out, /goldenpath start --governance company/);
  const [check, may, mayNot] = await Promise.all([
    shop.run(['check', 'company']),
    shop.run(['can', 'maya', 'assistant', '--tenant', 'main', '--group', 'staff', '--governance', 'company']),
    shop.run(['can', 'maya', 'assistant', '--tenant', 'main', '--governance', 'company', '--json']),
  ]);
  assert.match(check.out, /^ok: 1 capability, 1 tenant, 1 route, 2 policies; version [0-9a-f]{12}\n$/);
  assert.equal(check.status, 0);
  assert.match(
    may.out,
    /^main\/maya may use assistant: permitted by staff-may-ask\n\n {2}staff-may-ask\n {4}@id/,
  );
  assert.equal(may.status, 0);
  assert.equal(mayNot.status, 1);
  const explained = JSON.parse(mayNot.out);
  assert.deepEqual([explained.allowed, explained.policies], [false, []]);
  assert.match(explained.reason, /no policy permits it/);
});

test('init never writes over anything', async () => {
  await using shop = await openWorkshop();
  await writeFile(join(shop.path, 'file'), 'mine');
  const [full, file] = await Promise.all([shop.run(['init', '.']), shop.run(['init', 'file'])]);
  assert.deepEqual([full.status, full.err], [2, 'goldenpath: . is not empty; name a new folder\n']);
  assert.deepEqual([file.status, file.err], [2, 'goldenpath: file is a file; name a new folder\n']);
  assert.deepEqual(await readdir(shop.path), ['file']);
});

test('check says where, why and what to do, and exits 1; as JSON, too; colours only where they are wanted', async () => {
  await using shop = await openWorkshop();
  await shop.fill();
  const capability = join(shop.path, 'company/capabilities/assistant.yaml');
  const text = await readFile(capability, 'utf8');
  await writeFile(capability, text.replace('owner: platform-team', 'ownr: platform-team'));
  const [plain, json, forced, noColour] = await Promise.all([
    shop.run(['check', 'company']),
    shop.run(['check', 'company', '--json']),
    shop.run(['check', 'company'], { FORCE_COLOR: '1' }),
    shop.run(['check', 'company'], { NO_COLOR: '1' }),
  ]);
  const expected = [
    'capabilities/assistant.yaml:1:1 problem: owner is missing',
    '  fix: Add owner (a text).',
    '',
    'capabilities/assistant.yaml:1:7 problem: ownr is not known here',
    '  fix: Remove ownr, or correct its spelling.',
    '',
    '2 problems: this repository will not be served.',
    '',
  ].join('\n');
  assert.deepEqual([plain.status, plain.out, plain.err], [1, expected, '']);
  assert.equal(noColour.out, expected);
  assert.ok(forced.out.includes('\u001b[31m'));
  const report = JSON.parse(json.out);
  assert.equal(json.status, 1);
  assert.deepEqual(Object.keys(report), ['ok', 'problems', 'warnings']);
  assert.deepEqual(report.problems[0], {
    file: 'capabilities/assistant.yaml',
    line: 1,
    column: 1,
    cause: 'owner is missing',
    fix: 'Add owner (a text).',
  });
});

test('a warning is told, and check still exits 0', async () => {
  await using shop = await openWorkshop();
  await shop.fill();
  await writeFile(
    join(shop.path, 'company/tenants/main.yaml'),
    'displayName: Main\nowner: a\nregions: [eu-central-1]\n',
  );
  const { status, out } = await shop.run(['check', 'company']);
  assert.equal(status, 0);
  assert.match(
    out,
    /^capabilities\/assistant\.yaml:7:9 warning: no route of assistant is where .*\n {2}fix: .*\n\nok: /,
  );
});

test('a folder that cannot be read exits 2, and says what to pass', async () => {
  await using shop = await openWorkshop();
  await writeFile(join(shop.path, 'file.yaml'), 'a: b');
  for (const path of ['nowhere', 'file.yaml']) {
    const { status, out, err } = await shop.run(['check', path]);
    assert.deepEqual([status, out], [2, '']);
    assert.equal(
      err,
      `goldenpath: ${path}: cannot be read as a folder; pass the folder with goldenpath.yaml in it\n`,
    );
  }
});

test('publish writes new versions down, once, and refuses when a published one changed', async () => {
  await using shop = await openWorkshop();
  await shop.fill();
  const lock = join(shop.path, 'company/versions.lock.json');
  const before = await readFile(lock, 'utf8');
  const guardrail = join(shop.path, 'company/guardrails/baseline');
  await writeFile(
    join(guardrail, '2.json'),
    (await readFile(join(guardrail, '1.json'), 'utf8')).replace('secret', 'x'),
  );
  const first = await shop.run(['publish', 'company']);
  assert.deepEqual(
    [first.status, first.out],
    [0, 'published guardrail baseline@2\nCommit versions.lock.json.\n'],
  );
  assert.match(await readFile(lock, 'utf8'), /"baseline@2": "[0-9a-f]{64}"/);
  const again = await shop.run(['publish', 'company']);
  assert.deepEqual([again.status, again.out], [0, 'nothing new to publish\n']);
  await writeFile(join(shop.path, 'company/prompts/assistant/1/system.md'), 'Something else.');
  const written = await readFile(lock, 'utf8');
  const changed = await shop.run(['publish', 'company']);
  assert.equal(changed.status, 2);
  assert.match(changed.err, /a published version never changes, and prompts\/assistant\/1 did\./);
  assert.equal(await readFile(lock, 'utf8'), written);
  assert.notEqual(written, before);
});

test('publish leaves out what has problems, and says so', async () => {
  await using shop = await openWorkshop();
  await shop.fill();
  await writeFile(join(shop.path, 'company/guardrails/baseline/2.json'), '{ "name": "baseline" }');
  const { status, out } = await shop.run(['publish', 'company']);
  assert.equal(status, 0);
  assert.equal(
    out,
    'nothing new to publish\nWhat has problems is not published: run goldenpath check company\n',
  );
});

test('schema writes the JSON Schemas; an unknown option exits 2', async () => {
  await using shop = await openWorkshop();
  const [schema, unknown] = await Promise.all([
    shop.run(['schema', 'out']),
    shop.run(['check', '--frobnicate']),
  ]);
  assert.equal(schema.status, 0);
  assert.ok((await readdir(join(shop.path, 'out'))).includes('capability.schema.json'));
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /unknown option '--frobnicate'/);
});

test('names itself in what it prints to paste as it was called: by a path, or through PATH', async () => {
  await using shop = await openWorkshop();
  const script = fileURLToPath(new URL('../../goldenpath', import.meta.url));
  const env = { PATH: process.env['PATH'] ?? '' };
  const next = (command: string, folder: string, path = env.PATH) => {
    const options = { cwd: shop.path, env: { PATH: path }, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync('sh', ['-c', `${command} init ${folder}`], options);
    return /^ {2}(.*) check (.*)$/m.exec(stdout)?.slice(1) ?? stderr;
  };
  await symlink(script, join(shop.path, 'goldenpath'));
  assert.deepEqual(next('./goldenpath', 'a'), ['./goldenpath', 'a']);
  assert.deepEqual(next('goldenpath', "'b c'", `${shop.path}:${env.PATH}`), ['goldenpath', "'b c'"]);
  assert.deepEqual(next(`${process.execPath} ${MAIN}`, 'd'), [script, 'd']);
});

test('a tenant whose file cannot be read is not also reported as missing', async () => {
  await using shop = await openWorkshop();
  await shop.fill();
  const root = join(shop.path, 'company/goldenpath.yaml');
  await writeFile(
    root,
    `${await readFile(root, 'utf8')}
issuers: [{ issuer: 'https://issuer.example', audiences: [a], claims: { tenant: t }, tenants: [main] }]
`,
  );
  assert.match((await shop.run(['check', 'company'])).out, /^ok: /);
  await writeFile(join(shop.path, 'company/tenants/main.yaml'), Buffer.from([0x64, 0xff]));
  const { out } = await shop.run(['check', 'company']);
  assert.match(out, /^tenants\/main\.yaml:1:1 problem: not valid UTF-8\n.*\n\n1 problem: /);
});
