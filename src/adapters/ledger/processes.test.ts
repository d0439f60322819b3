import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLocalLedger } from './local.ts';
import { NOW_MS } from './testing/charges.ts';
import { makeStateDir } from './testing/state-dir.ts';

const CHILD = fileURLToPath(new URL('processes.child.ts', import.meta.url));
/** Micro-dollars: ten cents each against five dollars, of which one cent is used. */
const [RESERVED_EACH, USED_EACH, LIMIT] = [100_000, 10_000, 5_000_000];

test('three processes, a thousand lanes and a kill -9 never spend more than the budget', async () => {
  const stateDir = makeStateDir();
  const ledger = openLocalLedger({ stateDir });
  // Whichever process has got most dies in the middle of it.
  let victim: string | undefined;
  const children = ['a', 'b', 'c'].map((name) =>
    startChild(stateDir, name, ({ process, granted }) => {
      if (victim === undefined && granted >= 25 && process.kill('SIGKILL')) victim = name;
    }),
  );
  const exits = children.map(({ process }) => once(process, 'close'));

  let mostReserved = 0;
  while (children.some(({ process }) => process.exitCode === null && process.signalCode === null)) {
    const [balance] = await ledger.readBalances({ nowMs: NOW_MS });
    const { settled, reserved } = balance ?? { settled: 0, reserved: 0 };
    assert.ok(settled + reserved <= LIMIT, `${settled} + ${reserved} > ${LIMIT}`);
    mostReserved = Math.max(mostReserved, reserved);
    await sleep(1);
  }
  await Promise.all(exits);
  assert.ok(victim !== undefined, 'one process was killed');
  assert.ok(mostReserved > 5 * RESERVED_EACH && mostReserved <= LIMIT, `${mostReserved} reserved at once`);

  const expired = await ledger.expire(NOW_MS + 120_000);
  const [balance] = await ledger.readBalances({ nowMs: NOW_MS + 120_000 });
  const lines = children.flatMap((child) => child.lines());
  const left = new Set(expired.map(({ id }) => id));
  assert.ok(
    [...left].every((id) => id.startsWith(`${victim}-`)),
    'only the dead process left something',
  );
  // A settlement may be on the disk though the process died before it could say so; a grant in no list was settled.
  const settled = lines
    .filter((line) => line.startsWith('granted'))
    .filter((line) => !left.has(line.slice(8)));
  assert.deepEqual(
    { settled: balance?.settled, reserved: balance?.reserved },
    { settled: settled.length * USED_EACH + left.size * RESERVED_EACH, reserved: 0 },
  );
  for (const line of lines.filter((said) => said.startsWith('settled')))
    assert.ok(!left.has(line.slice(8)), `${line} and expired all the same`);
  await ledger.stop();
  rmSync(stateDir, { recursive: true });
});

interface Child {
  readonly process: ChildProcess;
  readonly lines: () => string[];
}

function startChild(
  stateDir: string,
  name: string,
  onGranted: (child: { process: ChildProcess; granted: number }) => void,
): Child {
  const numbers = [334, RESERVED_EACH, USED_EACH, LIMIT].map(String);
  const child = spawn(process.execPath, [CHILD, stateDir, name, ...numbers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const lines = () => text.split('\n').filter((line) => line !== '');
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    onGranted({ process: child, granted: lines().filter((line) => line.startsWith('granted')).length });
  });
  return { process: child, lines };
}
