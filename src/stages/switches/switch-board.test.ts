import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptFlip, SwitchedOff, Switches } from '../../ports/switches.ts';
import { proveDurableIntent, type OpenPath } from '../../road/proofs.ts';
import { isRefusal, RefusalError, type Refusal } from '../../road/refusal.ts';
import type { Asked } from '../../road/road.ts';
import {
  makeCaller,
  makeConversation,
  makeGrant,
  makeGuarded,
  makePrompt,
  makeRoute,
  NEVER,
} from '../../../test/support/facts.ts';
import { SwitchBoard } from './switch-board.ts';

/** Switches in memory; `undefined` stands for what cannot be known. */
function openBoard(...names: readonly string[]) {
  let off: ReadonlySet<string> | undefined = new Set(names);
  let tell = () => undefined as void;
  const read = (): SwitchedOff | undefined => {
    const known = off;
    return known && { size: known.size, has: (kind, name) => known.has(`${kind} ${name}`) };
  };
  const switches: Switches = {
    read,
    watch: (onChange) => {
      tell = onChange;
      return () => undefined;
    },
    flip: async (flip): Promise<KeptFlip> => ({ ...flip, id: 1 }),
    list: async () => [],
    listUnrecorded: async () => [],
    markRecorded: async () => undefined,
    fault: () => undefined,
    stop: async () => undefined,
  };
  const turn = (...now: readonly string[]) => {
    off = new Set(now);
    tell();
  };
  const lose = () => {
    off = undefined;
    tell();
  };
  return { board: new SwitchBoard(switches), turn, lose };
}

const codeOf = (result: unknown) => (isRefusal(result) ? result.code : undefined);

function openPath(board: SwitchBoard): OpenPath {
  const path = board.openPath(makeGrant(), makeConversation());
  assert.ok(!isRefusal(path));
  return path;
}

/** A question under way, and why it was cut. */
function ask(board: SwitchBoard): { asked: Asked; why: () => Refusal | undefined } {
  let why: Refusal | undefined;
  const asked: Asked = {
    path: openPath(board),
    guarded: makeGuarded(makePrompt([])),
    intent: proveDurableIntent('request-1'),
    delivery: 'stream',
    signal: NEVER,
    cut: (error) => (why ??= error.refusal),
    onTry: () => undefined,
    onRoute: () => undefined,
  };
  return { asked, why: () => why };
}

test('proceeds where nothing is off, or something else is', () => {
  for (const names of [[], ['tenant globex', 'route other', 'user acme/kim', 'source none']]) {
    const { board } = openBoard(...names);
    assert.equal(board.checkCaller(makeCaller()), undefined);
    assert.equal(openPath(board).passages, makeGrant().capability.context);
    const routes = [makeRoute()];
    assert.deepEqual(board.listOpen(routes), routes);
  }
});

test('refuses the first thing on the path that is off', () => {
  const { board, turn } = openBoard('everything ');
  assert.equal(codeOf(board.checkCaller(makeCaller())), 'switch.everything_off');
  turn('tenant acme', 'user acme/maya');
  assert.equal(codeOf(board.checkCaller(makeCaller())), 'switch.tenant_off');
  turn('guardrail support-baseline', 'capability support-assistant');
  assert.equal(codeOf(board.openPath(makeGrant(), makeConversation())), 'switch.capability_off');
  turn('tool look-up-order');
  const declared = makeConversation({ toolNames: ['look-up-order'] });
  assert.equal(codeOf(board.openPath(makeGrant(), declared)), 'switch.tool_off');
  assert.equal(codeOf(board.openPath(makeGrant(), makeConversation())), undefined, 'it was not declared');
});

test('leaves out routes and sources that are off, and refuses when none is left', () => {
  const [a, b] = [makeRoute({ name: 'a' }), makeRoute({ name: 'b' })];
  const { board, turn } = openBoard('route a', 'source returns');
  assert.deepEqual(board.listOpen([a, b]), [b]);
  const ids = openPath(board).passages.map(({ id }) => id);
  assert.ok(ids.length > 0 && !ids.includes('returns'), String(ids));
  turn('route a', 'route b', ...makeGrant().capability.context.map(({ id }) => `source ${id}`));
  assert.equal(codeOf(board.listOpen([a, b])), 'switch.route_off');
  assert.equal(codeOf(board.openPath(makeGrant(), makeConversation())), 'switch.source_off');
});

test('a capability without context needs no source', () => {
  const { board } = openBoard('source returns');
  assert.equal(codeOf(board.openPath(makeGrant({ context: [] }), makeConversation())), undefined);
});

test('cuts what is under way, once, and only what travels on it', () => {
  const { board, turn } = openBoard();
  const route = makeRoute({ name: 'a' });
  const [one, two] = [ask(board), ask(board)];
  board.follow(one.asked);
  const unfollow = board.follow(two.asked);
  assert.equal(board.mayTake(one.asked, route), true);
  turn('route a');
  assert.equal(one.why()?.code, 'switch.route_off');
  assert.equal(two.why(), undefined, 'it is on no route yet');
  assert.equal(board.mayTake(two.asked, route), false);
  turn('tenant globex');
  assert.equal(two.why(), undefined);
  unfollow();
  turn('everything ');
  assert.equal(two.why(), undefined, 'it is over');
});

test('a question whose path was switched off on its way to the model is not asked', () => {
  const { board, turn } = openBoard();
  const { asked } = ask(board);
  turn('prompt support-assistant@1');
  assert.throws(
    () => board.follow(asked),
    (error) => error instanceof RefusalError && error.refusal.code === 'switch.prompt_off',
  );
});

test('when it cannot be known what is off, nothing passes and nothing travels on', () => {
  const { board, lose } = openBoard();
  const { asked, why } = ask(board);
  board.follow(asked);
  lose();
  assert.equal(why()?.code, 'switch.unavailable');
  assert.equal(codeOf(board.checkCaller(makeCaller())), 'switch.unavailable');
  assert.equal(codeOf(board.checkOperator(makeCaller())), 'switch.unavailable');
  assert.equal(codeOf(board.openPath(makeGrant(), makeConversation())), 'switch.unavailable');
  assert.equal(codeOf(board.listOpen([makeRoute()])), 'switch.unavailable');
  assert.equal(board.mayTake(asked, makeRoute()), false);
  assert.throws(() => board.follow(asked), RefusalError);
});
