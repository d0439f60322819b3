import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Switches } from '../../ports/switches.ts';
import type { Flip, Switch } from '../../road/switching.ts';

/** One store of an engine under test. */
export interface SwitchesUnderTest {
  /** Opens the switches, as a process does when it starts. Several may be open on the store at once. */
  readonly open: () => Promise<Switches>;
  /** Makes the store unreadable, as a lost disk does, and readable again. */
  readonly breakStore: () => Promise<void>;
  readonly mendStore: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const flipOf = (turned: Switch, state: 'off' | 'on', atMs = 1_000): Flip => ({
  ...turned,
  state,
  atMs,
  actor: 'os:olga',
  reason: 'a test',
});
const ROUTE: Switch = { kind: 'route', name: 'sonnet' };
const USER: Switch = { kind: 'user', name: 'acme/maya' };
const RECORDED = { recorded: true };
const UNRECORDED = { recorded: false };

/** Waits until something holds, no longer than the second in which a switch must be in force. */
async function withinASecond(holds: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + 1_000;
  while (!holds()) {
    assert.ok(performance.now() < untilMs, `${what} within a second`);
    await sleep(5);
  }
}

/** What every engine of the switches must do. `make` makes an empty store. */
export function registerSwitchesConformance(engine: string, make: () => Promise<SwitchesUnderTest>): void {
  const check = (name: string, run: (subject: SwitchesUnderTest) => Promise<void>) =>
    void test(name, async () => {
      const subject = await make();
      try {
        await run(subject);
      } finally {
        await subject.dispose();
      }
    });

  void describe(`the ${engine} switches`, () => {
    check('at first nothing is off', async ({ open }) => {
      const switches = await open();
      assert.equal(switches.read()?.size, 0);
      assert.deepEqual(await switches.list(), []);
      assert.equal(switches.fault(), undefined);
    });

    check('what is off is off here at once, and in other processes within a second', async ({ open }) => {
      const [here, there] = [await open(), await open()];
      let told = 0;
      there.watch(() => told++);
      await here.flip(flipOf(ROUTE, 'off'), UNRECORDED);
      assert.equal(here.read()?.has('route', 'sonnet'), true);
      await withinASecond(() => there.read()?.has('route', 'sonnet') === true, 'off there');
      assert.equal(told, 1, 'a change is told once');
      assert.equal(there.read()?.has('route', 'other'), false);
      assert.equal(there.read()?.has('capability', 'sonnet'), false, 'kinds are told apart');
      await there.flip(flipOf(ROUTE, 'on'), RECORDED);
      assert.equal(there.read()?.size, 0);
      await withinASecond(() => here.read()?.size === 0, 'on here');
    });

    check('whoever turns a switch is told as well, until it stops listening', async ({ open }) => {
      const switches = await open();
      let told = 0;
      const stop = switches.watch(() => told++);
      await switches.flip(flipOf(ROUTE, 'off'), UNRECORDED);
      assert.equal(told, 1);
      stop();
      await switches.flip(flipOf(ROUTE, 'on'), RECORDED);
      assert.equal(told, 1);
    });

    check('reading costs nothing: it is the same object until something changes', async ({ open }) => {
      const switches = await open();
      await switches.flip(flipOf(ROUTE, 'off'), UNRECORDED);
      const before = switches.read();
      await sleep(400);
      assert.equal(switches.read(), before);
    });

    check('a switch stays off for who starts later', async ({ open }) => {
      const first = await open();
      await first.flip(flipOf(USER, 'off'), UNRECORDED);
      await first.stop();
      assert.equal((await open()).read()?.has('user', 'acme/maya'), true);
    });

    check('lists what is off, by whom and why, and of several flips the last', async ({ open }) => {
      const switches = await open();
      await switches.flip(flipOf(USER, 'off', 1_000), RECORDED);
      await switches.flip(flipOf(ROUTE, 'off', 2_000), RECORDED);
      await switches.flip(flipOf(ROUTE, 'on', 3_000), RECORDED);
      await switches.flip({ ...flipOf(ROUTE, 'off', 4_000), reason: 'again' }, RECORDED);
      await switches.flip(flipOf({ kind: 'everything', name: '' }, 'off'), RECORDED);
      const shown = (await switches.list()).map(({ kind, name, atMs, reason }) => [kind, name, atMs, reason]);
      assert.deepEqual(shown, [
        ['everything', '', 1_000, 'a test'],
        ['route', 'sonnet', 4_000, 'again'],
        ['user', 'acme/maya', 1_000, 'a test'],
      ]);
    });

    check('keeps what no audit log has yet, until one has', async ({ open }) => {
      const switches = await open();
      const kept = await switches.flip(flipOf(ROUTE, 'off', 1_000), UNRECORDED);
      await switches.flip(flipOf(USER, 'off', 1_000), RECORDED);
      assert.deepEqual(await switches.listUnrecorded(1_000), []);
      assert.deepEqual(await switches.listUnrecorded(1_001), [kept]);
      await switches.markRecorded(kept.id);
      assert.deepEqual(await switches.listUnrecorded(1_001), []);
      assert.equal(switches.read()?.has('route', 'sonnet'), true);
    });

    check('when it cannot be known what is off, nobody is told that nothing is', async (subject) => {
      const switches = await subject.open();
      let told = 0;
      switches.watch(() => told++);
      await switches.flip(flipOf(ROUTE, 'off'), UNRECORDED);
      told = 0;
      await subject.breakStore();
      await sleep(1_300);
      assert.equal(switches.read(), undefined);
      assert.match(switches.fault() ?? '', /not known what is switched off/);
      assert.ok(told > 0, 'what is under way has to know');
      await assert.rejects(switches.flip(flipOf(ROUTE, 'on'), RECORDED));
      await subject.mendStore();
      await withinASecond(() => switches.read()?.has('route', 'sonnet') === true, 'known again');
      assert.equal(switches.fault(), undefined);
    });
  });
}
