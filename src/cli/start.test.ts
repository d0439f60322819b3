import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SCRIPT = fromRoot('goldenpath');
const STARTER = fromRoot('src/governance/starter');
const EXAMPLE = fromRoot('examples/support-desk');

/** Starts the gateway by its script, and answers with its greeting. */
async function greetFrom(governance: string, args: readonly string[] = []) {
  const state = await mkdtemp(join(tmpdir(), "golden path's state-"));
  const child = spawn(SCRIPT, [
    'start',
    '--port',
    '0',
    '--governance',
    governance,
    '--state',
    state,
    ...args,
  ]);
  let greeting = '';
  let complaints = '';
  child.stdout.on('data', (data: Buffer) => (greeting += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
  for (let waitedMs = 0; !greeting.endsWith('\n\n'); waitedMs += 50) {
    if (waitedMs > 15_000 || child.exitCode !== null) throw new Error(`no greeting: ${complaints}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const paste = (command: string) => spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
  return {
    greeting,
    paste,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(state, { recursive: true });
    },
  };
}

const findCommand = (greeting: string, start: string) =>
  greeting.slice(greeting.indexOf(start)).split('\n\n', 1)[0] ?? '';

for (const [name, governance, words] of [
  [
    'a repository that init wrote',
    STARTER,
    [/token --user maya --tenant main --group staff /, /"assistant"/],
  ],
  [
    'the example',
    EXAMPLE,
    [/token --user maya --tenant acme --group support /, /How long can I return an item\? /],
  ],
] as const) {
  test(`greets with commands that can be pasted as they are, for ${name}`, async () => {
    await using started = await greetFrom(governance);
    const ask = findCommand(started.greeting, 'curl');
    for (const word of words) assert.match(ask, word);
    assert.match(ask, new RegExp(`\\$\\(${SCRIPT} token`));
    const asked = started.paste(`${ask} -w '\\n%{http_code}'`);
    assert.match(asked.stdout, /\n200$/, asked.stdout + asked.stderr);
    const explain = findCommand(started.greeting, `${SCRIPT} explain`).split('\n');
    assert.equal(explain.length, 2);
    for (const command of explain) assert.equal(started.paste(command).status, 0, command);
  });
}

test('greets with a group that the policies of the capability name, and does not suggest what is denied', async () => {
  const governance = await mkdtemp(join(tmpdir(), 'goldenpath-greet-'));
  await cp(STARTER, governance, { recursive: true });
  const policies = join(governance, 'policies/main.cedar');
  const text = await readFile(policies, 'utf8');
  await writeFile(
    policies,
    `${text.replace('"staff"', '"the staff"')}\n@id("no-maya") forbid (principal, action, resource) when { principal.groups.contains("guests") };\n`,
  );
  await using started = await greetFrom(governance);
  assert.match(started.greeting, / --group 'the staff' /);
  assert.doesNotMatch(started.greeting, /guests/);
  await rm(governance, { recursive: true });
});
