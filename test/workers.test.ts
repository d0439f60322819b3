import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listWriters } from '../src/adapters/audit-log/read-log.ts';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { verifyLog } from '../src/adapters/audit-log/verify.ts';
import { openLoopbackIssuer } from '../src/adapters/loopback-issuer/loopback-issuer.ts';
import { ask, MAYA, writeGovernance } from './support/gateway.ts';
import { eventually } from './support/raw-client.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const MAX_START_MS = 30_000;

async function startWorkers(args: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-workers-'));
  const [state, governance] = [join(root, 'state'), join(root, 'governance')];
  await writeGovernance(governance, {});
  const options = ['--state', state, '--governance', governance, '--log-level', 'error', ...args];
  const child = spawn(process.execPath, [MAIN, 'start', ...options]);
  const said = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null); // of its event
  return {
    state,
    governance,
    said,
    exited,
    stop: () => child.kill('SIGTERM'),
    kill: () => child.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(root, { recursive: true });
    },
  };
}

/** A connection of its own for each request, so that every worker gets some. */
const withoutKeepAlive = { connection: 'close' };

test('two workers share a port, their metrics, their log and their fate', async () => {
  await using workers = await startWorkers(['--workers', '2', '--port', '0']);
  await eventually(() => /ready at \S+/.test(workers.said.out), { what: 'workers', timeoutMs: MAX_START_MS });
  const url = /ready at (\S+)/.exec(workers.said.out)?.[1] ?? '';
  const issuer = await openLoopbackIssuer({ stateDir: workers.state, clock: { nowMs: () => Date.now() } });
  const { user, tenant, groups } = MAYA;
  const token = await issuer.mint({ user, tenant, groups, workflow: undefined, ttlS: 600 });
  const post = async () => {
    const headers = {
      ...withoutKeepAlive,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    };
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: ask('Hello?'),
      headers,
    });
    await response.text();
    return response.status;
  };
  const attempts = async () => {
    const text = await (await fetch(`${url}/metrics`, { headers: withoutKeepAlive })).text();
    assert.match(text, /^goldenpath_ready 1$/m);
    return Number(/^goldenpath_attempts_total\{.*outcome="answered".*\} (\d+)$/m.exec(text)?.[1]);
  };
  for (let index = 0; index < 8; index += 1) assert.equal(await post(), 200);
  assert.deepEqual([await attempts(), await attempts()], [8, 8], 'whichever worker is asked');

  const auditDir = join(workers.state, 'audit');
  assert.equal(listWriters(auditDir).length, 2);
  process.kill(Number(/workers +processes (\d+), \d+/.exec(workers.said.out)?.[1]), 'SIGKILL');
  await eventually(() => /worker \d+ ended \(SIGKILL\) and is replaced/.test(workers.said.err), {
    what: 'the loss',
    timeoutMs: 5000,
  });
  await eventually(() => listWriters(auditDir).length === 3, {
    what: 'a new worker',
    timeoutMs: MAX_START_MS,
  });
  assert.equal(await post(), 200);

  workers.stop();
  assert.equal(await workers.exited, 0, workers.said.err);
  const answered = readRecords(workers.state).filter(
    (record) => record.kind === 'closed' && record.outcome === 'answered',
  );
  assert.equal(answered.length, 9);
  assert.deepEqual(verifyLog({ auditDir }).problems, []);
});

test('a replacement that cannot start is tried again, and the others answer meanwhile', async () => {
  await using workers = await startWorkers(['--workers', '2', '--port', '0']);
  await eventually(() => /ready at \S+/.test(workers.said.out), { what: 'workers', timeoutMs: MAX_START_MS });
  const url = /ready at (\S+)/.exec(workers.said.out)?.[1] ?? '';
  const root = join(workers.governance, 'goldenpath.yaml');
  const good = await readFile(root, 'utf8');
  await writeFile(root, 'name: 7\n');
  process.kill(Number(/workers +processes (\d+), \d+/.exec(workers.said.out)?.[1]), 'SIGKILL');
  await eventually(() => /worker \d+ ended \(exit code [1-9]\) and is replaced/.test(workers.said.err), {
    what: 'a replacement that could not start',
    timeoutMs: MAX_START_MS,
  });
  const response = await fetch(`${url}/healthz`, { headers: withoutKeepAlive });
  assert.equal(response.status, 200);
  await writeFile(root, good);
  await eventually(() => listWriters(join(workers.state, 'audit')).length === 3, {
    what: 'a replacement that could',
    timeoutMs: MAX_START_MS,
  });
  workers.stop();
  assert.equal(await workers.exited, 0, workers.said.err);
});

test('workers stop in order when their parent is killed', async () => {
  await using workers = await startWorkers(['--workers', '2', '--port', '0']);
  await eventually(() => /ready at \S+/.test(workers.said.out), { what: 'workers', timeoutMs: MAX_START_MS });
  workers.kill();
  const stops = () =>
    readRecords(workers.state).filter(
      (record) => record.kind === 'admin' && record.action === 'gateway.stop',
    );
  await eventually(() => stops().length === 2, { what: 'two stops on the record', timeoutMs: 15_000 });
});

test('what is wrong at the start is said once, and nothing is left running', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo; // a TCP server has one
  await using workers = await startWorkers(['--workers', '3', '--port', String(port)]);
  assert.equal(await workers.exited, 2);
  const complaints = workers.said.err.split('\n').filter((line) => line.startsWith('goldenpath:'));
  assert.deepEqual(complaints, [
    `goldenpath: port ${port} is taken; stop what listens there, or choose another with --port`,
  ]);
});
