import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../adapters/clock/system.ts';
import { openLocalSwitches } from '../adapters/switches/local.ts';
import type { AdminRecord } from '../road/record.ts';
import type { Flip } from '../road/switching.ts';
import { flipSwitch, recordPending } from './flip-switch.ts';

const flipOf = (state: 'off' | 'on', atMs: number): Flip => ({
  kind: 'route',
  name: 'sonnet',
  state,
  actor: 'os:olga',
  reason: 'a test',
  atMs,
});

/** Switches, and a log that may be away. */
function openDesk() {
  const stateDir = mkdtempSync(join(tmpdir(), 'goldenpath-flip-'));
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  const noted: AdminRecord[] = [];
  const wasOff: boolean[] = [];
  const log = { isAway: false };
  return {
    switches,
    noted,
    wasOff,
    log,
    isOff: () => switches.read()?.has('route', 'sonnet') === true,
    note: async (record: AdminRecord) => {
      wasOff.push(switches.read()?.has('route', 'sonnet') === true);
      if (log.isAway) throw new Error('no space left on device');
      noted.push(record);
    },
    [Symbol.asyncDispose]: async () => {
      await switches.stop();
      rmSync(stateDir, { recursive: true });
    },
  };
}

test('off is in force before it is recorded, and on is recorded before it is in force', async () => {
  await using desk = openDesk();
  await flipSwitch(flipOf('off', 1), desk.switches, desk.note);
  await flipSwitch(flipOf('on', 2), desk.switches, desk.note);
  assert.deepEqual(desk.wasOff, [true, true]);
  assert.deepEqual(
    desk.noted.map(({ action, atMs, actor, reason }) => [action, atMs, actor, reason]),
    [
      ['switch.off', 1, 'os:olga', 'a test'],
      ['switch.on', 2, 'os:olga', 'a test'],
    ],
  );
  assert.equal(desk.isOff(), false);
});

test('what cannot be recorded is off all the same, and is recorded once that can be', async () => {
  await using desk = openDesk();
  desk.log.isAway = true;
  const outcome = await flipSwitch(flipOf('off', 1), desk.switches, desk.note);
  assert.equal(outcome.state, 'flipped');
  assert.match(outcome.unrecorded ?? '', /no space left/);
  assert.equal(desk.isOff(), true);
  await assert.rejects(recordPending(desk.switches, desk.note, 10), /no space left/);
  desk.log.isAway = false;
  await recordPending(desk.switches, desk.note, 10);
  await recordPending(desk.switches, desk.note, 10);
  assert.deepEqual(
    desk.noted.map(({ action }) => action),
    ['switch.off'],
  );
});

test('what cannot be recorded does not come back', async () => {
  await using desk = openDesk();
  await flipSwitch(flipOf('off', 1), desk.switches, desk.note);
  desk.log.isAway = true;
  await assert.rejects(flipSwitch(flipOf('on', 2), desk.switches, desk.note), /no space left/);
  assert.equal(desk.isOff(), true);
});

test('an unrecorded off is recorded before its on', async () => {
  await using desk = openDesk();
  desk.log.isAway = true;
  await flipSwitch(flipOf('off', 1), desk.switches, desk.note);
  desk.log.isAway = false;
  await flipSwitch(flipOf('on', 2), desk.switches, desk.note);
  assert.deepEqual(
    desk.noted.map(({ action }) => action),
    ['switch.off', 'switch.on'],
  );
});

test('what is on is not turned on again', async () => {
  await using desk = openDesk();
  assert.equal((await flipSwitch(flipOf('on', 1), desk.switches, desk.note)).state, 'unchanged');
  assert.deepEqual(desk.noted, []);
});
