import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/support-desk', import.meta.url));

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goldenpath-guardrail-'));
  const guardrail = (text: string) =>
    JSON.stringify({
      name: 'desk',
      blockedInputMessaging: 'No.',
      blockedOutputsMessaging: 'No.',
      wordPolicyConfig: { wordsConfig: [{ text }] },
    });
  await writeFile(join(folder, 'desk.json'), guardrail('nightjar'));
  await writeFile(join(folder, 'next.json'), guardrail('heron'));
  await writeFile(
    join(folder, 'desk.cases.yaml'),
    'cases:\n  - { text: The nightjar, expect: blocked }\n  - { text: "A \\e[2Jheron", expect: blocked, output: No. }\n',
  );
  await writeFile(join(folder, 'texts.txt'), 'a heron\n\na nightjar\nan owl\n');
});
after(() => rm(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<{ status: number | null; out: string; err: string }> {
  const env = { PATH: '', COLUMNS: '80' };
  const child = spawn(process.execPath, [MAIN, 'guardrail', ...args], { cwd: folder, env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
}

test("the example's guardrails pass their cases", async () => {
  const { status, out, err } = await run('test', EXAMPLE);
  assert.equal(status, 0, `${out}${err}`);
  assert.match(out, /ok: \d\d cases passed\n$/);
});

test('a case that fails is shown with its place and difference, in a table that fits', async () => {
  const { status, out } = await run('test', '.', '--guardrail', 'desk', '--junit', 'report.xml');
  assert.equal(status, 1);
  assert.equal(
    out,
    `guardrail   cases in         passed  failed
desk@DRAFT  desk.cases.yaml       1       1

✗ desk@DRAFT: A �[2Jheron
  desk.cases.yaml:3
  expected blocked, was none
  the output differs
  - No.
  + A �[2Jheron

1 of 2 cases failed
`,
  );
  assert.match(await readFile(join(folder, 'report.xml'), 'utf8'), /<testsuites [^>]*tests="2" failures="1"/);
});

test('results as JSON', async () => {
  const { status, out } = await run('test', '.', '--json');
  assert.equal(status, 1);
  const { ok, cases, untested } = JSON.parse(out);
  assert.deepEqual([ok, cases.length, untested], [false, 2, ['next']]);
  const { guardrail, file, line, outcome, failures } = cases[0];
  assert.deepEqual([guardrail, file, line, failures], ['desk@DRAFT', 'desk.cases.yaml', 2, []]);
  assert.deepEqual(outcome, { action: 'blocked', outputs: ['No.'], findings: ['word nightjar'] });
});

const COULD_NOT: readonly [readonly string[], RegExp][] = [
  [['test', 'nowhere'], /nowhere: cannot be read/],
  [['test', '.', '--guardrail', 'nobody'], /no guardrail nobody here; there are desk@DRAFT, next@DRAFT/],
  [['test', '.', '--guardrail', 'next'], /no cases for this guardrail/],
  [['diff', 'desk.json', 'nowhere.json', '--cases', 'texts.txt'], /nowhere\.json: cannot be read/],
  [['diff', 'desk.json', 'desk.cases.yaml', '--cases', 'texts.txt', '--governance', '.'], /no guardrail desk\.cases\.yaml/],
  [['diff', 'desk.json', 'next.json', '--cases', 'nowhere.txt'], /nowhere\.txt: cannot be read/],
]; // prettier-ignore
for (const [args, message] of COULD_NOT) {
  test(`exit status 2: ${args.join(' ')}`, async () => {
    const { status, err } = await run(...args);
    assert.equal(status, 2);
    assert.match(err, message);
  });
}

test('a comparison of two files over texts and cases, and of two versions over their own', async () => {
  const args = ['diff', 'desk.json', 'next.json', '--cases', 'texts.txt', 'desk.cases.yaml'];
  const { status, out } = await run(...args);
  assert.equal(status, 0, 'a difference is no failure');
  assert.match(out, /^change .*\nno longer blocked .* a nightjar /);
  assert.match(out, /, 5 cases: 2 no longer blocked, 1 newly blocked, 2 the same\n$/);
  for (const line of out.trimEnd().split('\n').slice(0, -1)) assert.ok(line.length <= 80, line);
  assert.equal((await run(...args, '--fail-on-difference')).status, 1);
  const same = await run('diff', 'desk.json', 'desk.json', '--cases', 'texts.txt', '--fail-on-difference');
  assert.deepEqual([same.status, same.out], [0, 'desk.json → desk.json, 3 cases: 3 the same\n']);

  const versions = ['support-baseline@1', 'support-baseline@2', '--governance', EXAMPLE, '--json'];
  const { counts, cases } = JSON.parse((await run('diff', ...versions)).out);
  assert.equal(counts['newly blocked'], 2);
  assert.equal(
    cases.length,
    Object.values<number>(counts).reduce((sum, count) => sum + count, 0),
  );
});
