import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { startLocalGateway } from '../src/compose/local.ts';
import { ask, routeTo, startTestGateway, writeGovernance, type TestGateway } from './support/gateway.ts';
import { answerWith, startUpstream } from './support/upstream.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const SYSTEM = 'prompts/support-assistant/2/system.md';

/** Adds version 2 of the assistant's prompt, published, and takes it into use. */
async function publishNextPrompt({ governanceDir }: TestGateway, system: string): Promise<void> {
  const write = (file: string, text: string) => writeFile(join(governanceDir, file), text);
  await mkdir(join(governanceDir, 'prompts/support-assistant/2'), { recursive: true });
  await write(
    'prompts/support-assistant/2/prompt.yaml',
    'layers: [{ layer: system, file: system.md, owner: a }]\n',
  );
  await write(SYSTEM, system);
  const { compileGovernance } = await import('../src/governance/compile.ts');
  await write('versions.lock.json', JSON.stringify((await compileGovernance(governanceDir)).hashes));
  const capability = await readFile(join(governanceDir, 'capabilities/support-assistant.yaml'), 'utf8');
  await write(
    'capabilities/support-assistant.yaml',
    capability.replace('support-assistant@1', 'support-assistant@2'),
  );
}

const readiness = async ({ url }: TestGateway) =>
  (await (await fetch(`${url}/readyz`)).json()) as {
    ready: boolean;
    governance: { version: string };
    reasons: string[];
  };

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 8_000;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error('what was waited for did not come');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const adminActions = ({ stateDir }: TestGateway) =>
  readRecords(stateDir).flatMap((record) =>
    record.kind === 'admin' && record.action.startsWith('governance')
      ? [`${record.action}: ${record.reason}`]
      : [],
  );

test('serves a new version; what is under way ends with the version that it began with', async () => {
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using upstream = await startUpstream(async (exchange) => {
    if (!exchange.body.includes('Slowly?')) return answerWith('Now.')(exchange);
    answer();
    await held;
    return answerWith('Then.')(exchange);
  });
  await using gateway = await startTestGateway({
    files: {
      ...routeTo(upstream.url),
      'routes/test-1.yaml': routeTo(upstream.url)['routes/test-1.yaml']?.replaceAll('500', '9000'),
    },
  });
  const before = gateway.gateway.governance.version;
  const slow = gateway.post(ask('Slowly?'));
  await asked;
  await publishNextPrompt(gateway, 'You are the second version.');
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'swapped');
  const after = gateway.gateway.governance.version;
  assert.equal((await gateway.post(ask('Quickly?'))).status, 200);
  release();
  assert.equal((await slow).status, 200);
  assert.deepEqual(
    (await gateway.closedRecords()).map(({ governanceVersion, prompt }) => [
      governanceVersion,
      prompt?.version,
    ]),
    [
      [after, '2'],
      [before, '1'],
    ],
  );
  assert.match(JSON.stringify(upstream.asked[1]), /You are the second version/);
  assert.deepEqual(adminActions(gateway), ['governance.reload: SIGHUP']);
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'unchanged');
});

test('a broken repository never replaces a good one; /readyz says where it is broken until it is not', async () => {
  await using gateway = await startTestGateway();
  const { version } = gateway.gateway.governance;
  const capability = join(gateway.governanceDir, 'capabilities/support-assistant.yaml');
  const good = await readFile(capability, 'utf8');
  await writeFile(capability, good.replace('dataClass: internal', 'dataClass: secret'));
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'refused');
  const broken = await readiness(gateway);
  assert.equal(broken.ready, true);
  assert.equal(broken.governance.version, version);
  assert.match(
    broken.reasons.join('\n'),
    /capabilities\/support-assistant\.yaml:5:12: dataClass has a value/,
  );
  assert.equal((await gateway.post(ask('How long can I return an item?'))).status, 200);
  await writeFile(capability, good);
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'unchanged');
  assert.deepEqual((await readiness(gateway)).reasons, []);
  assert.deepEqual(adminActions(gateway), ['governance.reload_refused: SIGHUP']);
});

test('a repository folder that is away is refused, too', async () => {
  await using gateway = await startTestGateway();
  await rename(gateway.governanceDir, `${gateway.governanceDir}-away`);
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'refused');
  assert.match((await readiness(gateway)).reasons.join(), /cannot be read as a folder/);
  assert.equal((await gateway.post(ask('How long can I return an item?'))).status, 200);
});

test('whether it may be served here is asked at every reload', async () => {
  const env: Record<string, string> = {};
  await using gateway = await startTestGateway({ env });
  env['AWS_BEARER_TOKEN_BEDROCK'] = 'long-lived';
  await writeFile(join(gateway.governanceDir, 'knowledge/returns.md'), 'You can return it within 60 days.');
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'refused');
  assert.match((await readiness(gateway)).reasons.join(), /AWS_BEARER_TOKEN_BEDROCK is set/);
  delete env['AWS_BEARER_TOKEN_BEDROCK'];
  assert.equal(await gateway.gateway.reload('SIGHUP'), 'swapped');
});

test('notices edits in place, saves by rename, new folders and removed files', async () => {
  await using gateway = await startTestGateway();
  const file = (path: string) => join(gateway.governanceDir, path);
  const versions = new Set([gateway.gateway.governance.version]);
  const isNew = async () => !versions.has(gateway.gateway.governance.version);
  const noticed = async () => {
    await waitFor(isNew);
    versions.add(gateway.gateway.governance.version);
  };
  await writeFile(file('knowledge/returns.md'), 'You can return an item within 10 days.');
  await noticed();
  for (const days of [11, 12]) {
    await writeFile(file('knowledge/.returns.md.tmp'), `You can return an item within ${days} days.`);
    await rename(file('knowledge/.returns.md.tmp'), file('knowledge/returns.md'));
    await noticed();
  }
  // Where the watch of the kernel is still on the file that was replaced.
  for (const more of ['Bring the receipt.', 'Or the card.']) {
    await appendFile(file('knowledge/returns.md'), `\n${more}`);
    await noticed();
  }
  await publishNextPrompt(gateway, 'You are new.');
  await noticed();
  await mkdir(file('knowledge/more/deeply'), { recursive: true });
  await writeFile(file('knowledge/more/deeply/a.md'), 'one');
  await noticed();
  await writeFile(file('knowledge/more/deeply/a.md'), 'two');
  await noticed();
  await rm(file('knowledge/more'), { recursive: true });
  const before = gateway.gateway.governance.version;
  await waitFor(async () => gateway.gateway.governance.version !== before);
  assert.deepEqual(new Set(adminActions(gateway)), new Set(['governance.reload: file change']));
});

test('drops no request while it is reloaded twenty times under load', async () => {
  await using gateway = await startTestGateway();
  const authorization = `Bearer ${await gateway.token()}`;
  const reloading = { isOver: false };
  const statuses = new Map<number, number>();
  const send = async () => {
    while (!reloading.isOver) {
      const response = await gateway.post(ask('How long can I return an item?'), { authorization });
      await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  };
  const load = Array.from({ length: 4 }, send);
  const outcomes: string[] = [];
  for (let days = 1; days <= 20; days++) {
    await writeFile(
      join(gateway.governanceDir, 'knowledge/returns.md'),
      `You can return an item within ${days} days of delivery.`,
    );
    outcomes.push(await gateway.gateway.reload('SIGHUP'));
  }
  reloading.isOver = true;
  await Promise.all(load);
  assert.ok(!outcomes.includes('refused'));
  assert.deepEqual([...statuses.keys()], [200]);
  const records = await gateway.closedRecords();
  assert.equal(records.length, statuses.get(200));
  assert.ok(new Set(records.map((record) => record.governanceVersion)).size > 5);
});

test('reloads that are asked for at once come one after the other, and the newest files win', async () => {
  await using gateway = await startTestGateway();
  const outcomes: Promise<string>[] = [];
  for (const days of [1, 2, 3]) {
    await writeFile(join(gateway.governanceDir, 'knowledge/returns.md'), `Within ${days} days.`);
    outcomes.push(gateway.gateway.reload('SIGHUP'), gateway.gateway.reload('SIGHUP'));
  }
  assert.ok(!(await Promise.all(outcomes)).includes('refused'));
  assert.match(
    gateway.gateway.governance.capabilities.get('support-assistant')?.context[0]?.text ?? '',
    /Within 3 days/,
  );
});

test('SIGHUP reloads, a broken repository does not end the process, and SIGTERM ends it well', async () => {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-sighup-'));
  const [governance, state] = [join(root, 'governance'), join(root, 'state')];
  await writeGovernance(governance, {});
  const args = ['start', '--port', '0', '--state', state, '--governance', governance, '--log-level', 'info'];
  const child = spawn(process.execPath, [MAIN, ...args]);
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  await waitFor(async () => output.includes('is ready at'));
  const url = /is ready at (\S+)/.exec(output)?.[1] ?? '';
  const reasons = async () => (await (await fetch(`${url}/readyz`)).json()) as { reasons: string[] };
  await rename(join(governance, 'goldenpath.yaml'), join(root, 'goldenpath.yaml'));
  child.kill('SIGHUP');
  await waitFor(async () => (await reasons()).reasons.length > 0);
  await rename(join(root, 'goldenpath.yaml'), join(governance, 'goldenpath.yaml'));
  child.kill('SIGHUP');
  await waitFor(async () => (await reasons()).reasons.length === 0);
  await waitFor(async () => output.includes('the problems of the governance repository are gone'));
  child.kill('SIGHUP');
  await waitFor(async () => output.includes('governance repository not changed'));
  child.kill('SIGTERM');
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
  const actions = readRecords(state).flatMap((record) => (record.kind === 'admin' ? [record.action] : []));
  assert.deepEqual([actions[0], actions.at(-1)], ['gateway.start', 'gateway.stop']);
  assert.ok(actions.includes('governance.reload_refused'));
  await rm(root, { recursive: true });
});

test('a gateway whose port is taken leaves its end on the record, beside its start', async () => {
  await using gateway = await startTestGateway();
  const stateDir = await mkdtemp(join(tmpdir(), 'goldenpath-taken-'));
  const options = { governanceDir: gateway.governanceDir, stateDir, host: '127.0.0.1', env: {} };
  const port = Number(new URL(gateway.url).port);
  await assert.rejects(startLocalGateway({ ...options, port, log: { level: 'silent', fd: 2 } }), {
    code: 'EADDRINUSE',
  });
  const actions = readRecords(stateDir).flatMap((record) => (record.kind === 'admin' ? [record.action] : []));
  assert.deepEqual(actions, ['gateway.start', 'gateway.stop']);
  await rm(stateDir, { recursive: true });
});
