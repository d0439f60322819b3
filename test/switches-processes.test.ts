import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../src/adapters/audit-log/testing.ts';
import { openLoopbackIssuer } from '../src/adapters/loopback-issuer/loopback-issuer.ts';
import type { AdminRecord, ClosedRecord } from '../src/road/record.ts';
import { ask, MAYA, routeTo, writeGovernance } from './support/gateway.ts';
import { eventually } from './support/raw-client.ts';
import { assertErrorBody } from './support/refusals.ts';
import { sse, startUpstream } from './support/upstream.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const STREAMS = 100;
const CODE = 'switch.capability_off';

const run = (args: readonly string[]) =>
  spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function readAll(child: ReturnType<typeof run>): Promise<string> {
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number]; // of its event
  assert.equal(code, 0, text);
  return text;
}

async function startProcess(args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = run(['start', '--port', '0', '--log-level', 'silent', ...args]);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => /ready at \S+/.test(text), { what: 'the gateway', timeoutMs: 30_000 });
  return { url: /ready at (\S+)/.exec(text)?.[1] ?? '', child };
}

/** One stream, read to its end. */
async function readStream(
  url: string,
  token: string,
): Promise<{ status: number; text: string; endedMs: number }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: ask('Tell me all.', { stream: true }),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
  const text = await response.text();
  return { status: response.status, text, endedMs: Date.now() };
}

test('a switch that is turned while 100 streams run in two processes ends all, and refuses all new ones, within a second', async () => {
  await using upstream = await startUpstream(({ response }) => {
    response.setHeader('content-type', 'text/event-stream');
    const timer = setInterval(
      () => response.write(sse({ choices: [{ index: 0, delta: { content: 'word ' } }] })),
      50,
    );
    response.on('close', () => clearInterval(timer));
  });
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-switch-'));
  const [governanceDir, stateDir] = [join(root, 'governance'), join(root, 'state')];
  const files = routeTo(upstream.url);
  const route = files['routes/test-1.yaml']?.replace(
    'firstByteMs: 500, idleMs: 500, totalMs: 3000',
    'firstByteMs: 20000, idleMs: 20000, totalMs: 60000',
  );
  await writeGovernance(governanceDir, { ...files, 'routes/test-1.yaml': route });
  const issuer = await openLoopbackIssuer({ stateDir, clock: { nowMs: () => Date.now() } });
  const { user, tenant, groups } = MAYA;
  const token = await issuer.mint({ user, tenant, groups, workflow: undefined, ttlS: 3600 });
  const folders = ['--state', stateDir, '--governance', governanceDir];
  const first = await startProcess(folders);
  const second = await startProcess(folders);
  const turn = async (state: string) =>
    JSON.parse(
      await readAll(
        run([
          'switch',
          state,
          'capability',
          'support-assistant',
          '--reason',
          'a drill',
          '--json',
          ...folders,
        ]),
      ),
    ) as { flip: { at: string }; unrecorded?: string }; // our own
  try {
    const streams = Array.from({ length: STREAMS }, (_, index) =>
      readStream(index % 2 === 0 ? first.url : second.url, token),
    );
    await eventually(() => upstream.underway() === STREAMS, { what: 'all streams', timeoutMs: 20_000 });

    const turned = turn('off');
    const ended = await Promise.all(streams);
    const flippedMs = Date.parse((await turned).flip.at);
    const slowestMs = Math.max(...ended.map(({ endedMs }) => endedMs)) - flippedMs;
    assert.ok(slowestMs <= 1_000, `the last stream ended ${slowestMs} ms after the flip`);
    for (const { status, text } of ended) {
      assert.equal(status, 200);
      assertErrorBody((text.trimEnd().split('\n\n').at(-1) ?? '').replace(/^data: /, ''), { code: CODE });
    }
    await sleep(Math.max(0, flippedMs + 1_000 - Date.now()));
    for (const url of [first.url, second.url]) {
      const refused = await readStream(url, token);
      assert.equal(refused.status, 503);
      assertErrorBody(refused.text, { code: CODE });
    }
    assert.equal(upstream.underway(), 0);

    await turn('on');
    await sleep(1_000);
    for (const url of [first.url, second.url]) void readStream(url, token).catch(() => undefined);
    await eventually(() => upstream.underway() === 2, { what: 'both to answer again' });
  } finally {
    for (const { child } of [first, second]) child.kill('SIGTERM');
    await upstream.stop();
    for (const { child } of [first, second]) if (child.exitCode === null) await once(child, 'exit');
  }
  const records = readRecords(stateDir);
  const cut = records.filter(
    (record): record is ClosedRecord => record.kind === 'closed' && record.refusal?.code === CODE,
  );
  assert.equal(cut.filter(({ outcome }) => outcome === 'failed').length, STREAMS, 'one closed record each');
  assert.equal(cut.filter(({ outcome }) => outcome === 'refused').length, 2);
  const flips = records.filter(
    (record): record is AdminRecord => record.kind === 'admin' && record.action.startsWith('switch.'),
  );
  assert.deepEqual(
    flips.map(({ action, reason, actor }) => [action, reason, actor.startsWith('os:')]),
    [
      ['switch.off', 'a drill', true],
      ['switch.on', 'a drill', true],
    ],
  );
  await rm(root, { recursive: true });
});
