import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Switches } from '../../ports/switches.ts';
import { systemClock } from '../clock/system.ts';
import { registerSwitchesConformance } from './conformance.ts';
import { openLocalSwitches } from './local.ts';

registerSwitchesConformance('local', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-switches-'));
  const opened: Switches[] = [];
  const folder = join(stateDir, 'switches');
  return {
    open: async () => {
      const switches = openLocalSwitches({ stateDir, clock: systemClock });
      opened.push(switches);
      return switches;
    },
    breakStore: async () => renameSync(folder, `${folder}.away`),
    mendStore: async () => renameSync(`${folder}.away`, folder),
    dispose: async () => {
      await Promise.all(opened.map((switches) => switches.stop()));
      rmSync(stateDir, { recursive: true });
    },
  };
});

const FLIP = { kind: 'route', name: 'a', state: 'off', actor: 'os:olga', reason: 'r', atMs: 1 } as const;

test('a file that is taken away is not replaced by one that says that nothing is off', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-switches-'));
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  await switches.flip(FLIP, { recorded: true });
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(stateDir, `switches/switches.sqlite${suffix}`), { force: true });
  await sleep(1_400);
  assert.equal(switches.read(), undefined);
  assert.match(switches.fault() ?? '', /is gone/);
  await switches.stop();
  rmSync(stateDir, { recursive: true });
});

test('a file that is none, or holds what is not understood, is not opened', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-switches-'));
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  await switches.flip(FLIP, { recorded: true });
  await switches.stop();
  const file = join(stateDir, 'switches/switches.sqlite');
  const db = new DatabaseSync(file);
  db.exec("UPDATE flips SET kind = 'planet'");
  db.close();
  assert.throws(() => openLocalSwitches({ stateDir, clock: systemClock }), /a kind that is not known here/);
  writeFileSync(file, 'no database at all, but long enough to be taken for one'.repeat(100));
  assert.throws(() => openLocalSwitches({ stateDir, clock: systemClock }));
  rmSync(stateDir, { recursive: true });
});

test('a process that was held up looks before it refuses', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-switches-'));
  let nowUs = 0;
  const switches = openLocalSwitches({ stateDir, clock: { monotonicUs: () => nowUs } });
  nowUs += 60_000_000;
  assert.equal(switches.read()?.size, 0);
  await switches.stop();
  rmSync(stateDir, { recursive: true });
});
