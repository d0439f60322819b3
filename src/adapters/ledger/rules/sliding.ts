import type { SlidingRule } from '../../../ports/ledger.ts';
import {
  addExactly,
  type Correction,
  type Misfit,
  type NewestSlot,
  type OlderSlots,
  type SlidingState,
  type Slot,
  type StoredState,
} from './scope-state.ts';

/**
 * A window is counted in so many slots, and one that is partly in the window counts whole. So no window ever exceeds
 * its limit, and what was used comes back at most one slot late: a second, where the window is a minute.
 */
const SLOTS_PER_WINDOW = 60;

export function slotMsOf(windowMs: number): number {
  return Math.ceil(windowMs / SLOTS_PER_WINDOW);
}

export function reserveSliding(
  state: SlidingState | undefined,
  rule: SlidingRule,
  amount: number,
  nowMs: number,
): SlidingState | Misfit {
  const { limit, windowMs } = rule;
  const seenMs = state === undefined ? nowMs : Math.max(nowMs, state.seenMs);
  const newest = forgetOld(state?.newest, windowMs, seenMs);
  const left = limit - settledIn(newest) - reservedIn(newest);
  if (amount > left) {
    const freeAtMs = findFreeTimeMs(newest, windowMs, amount - left);
    return {
      kind: 'misfit',
      remaining: Math.max(0, left),
      retryAfterMs: amount > limit || freeAtMs === undefined ? undefined : freeAtMs - nowMs,
    };
  }
  return { kind: 'sliding', rule, seenMs, newest: countIn(newest, slotAt(seenMs, windowMs), 0, amount) };
}

/**
 * What was reserved is corrected where it was counted, and is forgotten with its slot. More than that is counted now:
 * later is the side on which no window is exceeded unseen.
 */
export function correctSliding(
  state: SlidingState | undefined,
  rule: SlidingRule,
  { taken, slot, from, actual, nowMs }: Correction,
): SlidingState {
  const { windowMs } = rule;
  const seenMs = state === undefined ? nowMs : Math.max(nowMs, state.seenMs);
  const kept = Math.min(taken, actual);
  let newest = forgetOld(state?.newest, windowMs, seenMs);
  newest =
    from === 'reserved' ? changeSlot(newest, slot, kept, -taken) : changeSlot(newest, slot, kept - taken, 0);
  if (actual > kept) newest = countIn(newest, slotAt(seenMs, windowMs), actual - kept, 0);
  return { kind: 'sliding', rule: state === undefined ? rule : state.rule, seenMs, newest };
}

/** The slot in which a reservation was counted that made this state. */
export function slotOfSliding({ rule, seenMs }: SlidingState): number {
  return slotAt(seenMs, rule.windowMs);
}

/** What is counted in the window that ends now. */
export function readSliding(state: SlidingState, nowMs: number): { settled: number; reserved: number } {
  const newest = forgetOld(state.newest, state.rule.windowMs, Math.max(nowMs, state.seenMs));
  return { settled: settledIn(newest), reserved: reservedIn(newest) };
}

export function storeSliding({ rule, seenMs, newest }: SlidingState): StoredState {
  const { limit, windowMs } = rule;
  const idleAtMs = newest === undefined ? seenMs : Math.max(seenMs, leavesAtMs(newest, windowMs));
  const slots = newest === undefined ? [] : [...newest.older.slots, newest];
  return {
    limit,
    settled: 0,
    reserved: 0,
    seenMs,
    perSecond: 0,
    idleAtMs,
    slots: slots.flatMap(({ number, settled, reserved }) => [number, settled, reserved]),
  };
}

export function restoreSliding({ limit, seenMs, slots }: StoredState, window: string): SlidingState {
  const all: Slot[] = [];
  for (let index = 0; index < slots.length; index += 3) {
    const [number = 0, settled = 0, reserved = 0] = slots.slice(index, index + 3);
    all.push({ number, settled, reserved });
  }
  const rule = { kind: 'sliding', limit, windowMs: Number(window) } as const;
  return { kind: 'sliding', rule, seenMs, newest: joinSlots(all) };
}

function slotAt(timeMs: number, windowMs: number): number {
  return Math.floor(timeMs / slotMsOf(windowMs));
}

/** When a slot is no longer in the window. */
function leavesAtMs({ number }: Slot, windowMs: number): number {
  return (number + 1) * slotMsOf(windowMs) + windowMs;
}

/** Without the slots that are wholly outside the window that ends at a time. Both ends of it count. */
function forgetOld(newest: NewestSlot | undefined, windowMs: number, timeMs: number): NewestSlot | undefined {
  if (newest === undefined) return undefined;
  const first = slotAt(timeMs - windowMs, windowMs);
  const { slots } = newest.older;
  const oldest = slots[0] ?? newest;
  if (oldest.number >= first) return newest;
  if (newest.number < first) return undefined;
  return withOlder(newest, sumUp(slots.filter(({ number }) => number >= first)));
}

/** Counts in a slot that is the newest, or becomes it: time never goes back. */
function countIn(
  newest: NewestSlot | undefined,
  number: number,
  settled: number,
  reserved: number,
): NewestSlot | undefined {
  if (newest === undefined) return { number, settled, reserved, older: NO_OLDER };
  if (newest.number === number) return changeNewest(newest, settled, reserved);
  const ended = { number: newest.number, settled: newest.settled, reserved: newest.reserved };
  return { number, settled, reserved, older: sumUp([...newest.older.slots, ended]) };
}

/** Changes what is counted in a slot, unless it is forgotten. */
function changeSlot(
  newest: NewestSlot | undefined,
  number: number,
  settled: number,
  reserved: number,
): NewestSlot | undefined {
  if (newest === undefined) return undefined;
  if (newest.number === number) return changeNewest(newest, settled, reserved);
  const slots = newest.older.slots.slice();
  const index = slots.findLastIndex((slot) => slot.number === number);
  const slot = slots[index];
  if (slot === undefined) return newest;
  const changed = {
    number,
    settled: addExactly(slot.settled, settled),
    reserved: slot.reserved + reserved,
  };
  if (changed.settled === 0 && changed.reserved === 0) slots.splice(index, 1);
  else slots[index] = changed;
  return withOlder(newest, sumUp(slots));
}

function changeNewest(newest: NewestSlot, settled: number, reserved: number): NewestSlot | undefined {
  const { number, older } = newest;
  const settledNow = addExactly(newest.settled, settled);
  const reservedNow = newest.reserved + reserved;
  if (settledNow === 0 && reservedNow === 0) return joinSlots(older.slots);
  return { number, settled: settledNow, reserved: reservedNow, older };
}

function withOlder({ number, settled, reserved }: Slot, older: OlderSlots): NewestSlot {
  return { number, settled, reserved, older };
}

/** The last of the slots, with the others. */
function joinSlots(slots: readonly Slot[]): NewestSlot | undefined {
  const last = slots.at(-1);
  return last === undefined ? undefined : withOlder(last, sumUp(slots.slice(0, -1)));
}

const NO_OLDER: OlderSlots = { slots: [], settled: 0, reserved: 0 };

function sumUp(slots: readonly Slot[]): OlderSlots {
  let [settled, reserved] = [0, 0];
  for (const slot of slots) {
    settled = addExactly(settled, slot.settled);
    reserved += slot.reserved;
  }
  return { slots, settled, reserved };
}

function settledIn(newest: NewestSlot | undefined): number {
  return newest === undefined ? 0 : addExactly(newest.older.settled, newest.settled);
}

function reservedIn(newest: NewestSlot | undefined): number {
  return newest === undefined ? 0 : newest.older.reserved + newest.reserved;
}

/** When enough slots will have left the window; undefined where even all of them are not enough. */
function findFreeTimeMs(
  newest: NewestSlot | undefined,
  windowMs: number,
  needed: number,
): number | undefined {
  if (newest === undefined) return undefined;
  let freed = 0;
  for (const slot of [...newest.older.slots, newest]) {
    freed += slot.settled + slot.reserved;
    if (freed >= needed) return leavesAtMs(slot, windowMs);
  }
  return undefined;
}
