import type { SlidingRule } from '../../../ports/ledger.ts';
import { addExactly, type Correction, type Decision, type ScopeState } from './scope-state.ts';

/**
 * A window is counted in so many slots, and one that is partly in the window counts whole. So no window ever exceeds
 * its limit, and what was used comes back at most one slot late: a second, where the window is a minute.
 */
const SLOTS_PER_WINDOW = 60;

export function slotMsOf(windowMs: number): number {
  return Math.ceil(windowMs / SLOTS_PER_WINDOW);
}

export function reserveSliding(
  state: ScopeState | undefined,
  charge: { rule: SlidingRule; amount: number },
  nowMs: number,
): Decision {
  const { limit, windowMs } = charge.rule;
  const seenMs = Math.max(nowMs, state?.seenMs ?? nowMs);
  const slots = trimSlots(state?.slots ?? [], { windowMs, nowMs: seenMs });
  const { settled, reserved } = sumSlots(slots);
  const left = limit - settled - reserved;
  if (charge.amount > left) {
    const freeAtMs = findFreeTimeMs(slots, { windowMs, needed: charge.amount - left });
    return {
      fits: false,
      remaining: Math.max(0, left),
      retryAfterMs: charge.amount > limit || freeAtMs === undefined ? undefined : freeAtMs - nowMs,
    };
  }
  const slot = Math.floor(seenMs / slotMsOf(windowMs));
  addToSlot(slots, slot, { settled: 0, reserved: charge.amount });
  const next = makeState({ limit, seenMs, slots, windowMs });
  return { fits: true, next, remaining: left - charge.amount, slot };
}

/**
 * What was reserved is corrected where it was counted, and is forgotten with its slot. More than that is counted now:
 * later is the side on which no window is exceeded unseen.
 */
export function correctSliding(
  state: ScopeState | undefined,
  correction: Correction & { readonly windowMs: number; readonly limit: number },
): ScopeState {
  const { taken, actual, from, slot, windowMs } = correction;
  const seenMs = Math.max(correction.nowMs, state?.seenMs ?? correction.nowMs);
  const slots = trimSlots(state?.slots ?? [], { windowMs, nowMs: seenMs });
  const kept = Math.min(taken, actual);
  if (hasSlot(slots, slot)) {
    const change =
      from === 'reserved' ? { settled: kept, reserved: -taken } : { settled: kept - taken, reserved: 0 };
    addToSlot(slots, slot, change);
  }
  if (actual > kept)
    addToSlot(slots, Math.floor(seenMs / slotMsOf(windowMs)), { settled: actual - kept, reserved: 0 });
  return makeState({ limit: state?.limit ?? correction.limit, seenMs, slots, windowMs });
}

/** What is counted in the window that ends now. */
export function readSliding(
  state: ScopeState,
  at: { windowMs: number; nowMs: number },
): { settled: number; reserved: number } {
  return sumSlots(state.slots, findStart(state.slots, { ...at, nowMs: Math.max(at.nowMs, state.seenMs) }));
}

function makeState(parts: {
  limit: number;
  seenMs: number;
  slots: readonly number[];
  windowMs: number;
}): ScopeState {
  const { limit, seenMs, slots, windowMs } = parts;
  const lastSlot = slots[slots.length - 3];
  const idleAtMs =
    lastSlot === undefined ? seenMs : Math.max(seenMs, (lastSlot + 1) * slotMsOf(windowMs) + windowMs);
  return { limit, settled: 0, reserved: 0, seenMs, perSecond: 0, idleAtMs, slots };
}

/** A copy without the slots that are wholly outside the window, whose both ends count. */
function trimSlots(slots: readonly number[], at: { windowMs: number; nowMs: number }): number[] {
  return slots.slice(findStart(slots, at));
}

function findStart(slots: readonly number[], at: { windowMs: number; nowMs: number }): number {
  const firstSlot = Math.floor((at.nowMs - at.windowMs) / slotMsOf(at.windowMs));
  let start = 0;
  while (start < slots.length && (slots[start] ?? 0) < firstSlot) start += 3;
  return start;
}

function sumSlots(slots: readonly number[], from = 0): { settled: number; reserved: number } {
  let [settled, reserved] = [0, 0];
  for (let index = from; index < slots.length; index += 3) {
    settled = addExactly(settled, slots[index + 1] ?? 0);
    reserved += slots[index + 2] ?? 0;
  }
  return { settled, reserved };
}

function hasSlot(slots: readonly number[], slot: number): boolean {
  return findSlot(slots, slot) >= 0;
}

function findSlot(slots: readonly number[], slot: number): number {
  for (let index = slots.length - 3; index >= 0; index -= 3) if (slots[index] === slot) return index;
  return -1;
}

/** Changes `slots`, which is the caller's own copy. A slot that is not there is the newest: time never goes back. */
function addToSlot(slots: number[], slot: number, change: { settled: number; reserved: number }): void {
  const index = findSlot(slots, slot);
  if (index < 0) {
    slots.push(slot, change.settled, change.reserved);
    return;
  }
  const settled = addExactly(slots[index + 1] ?? 0, change.settled);
  const reserved = (slots[index + 2] ?? 0) + change.reserved;
  if (settled === 0 && reserved === 0) slots.splice(index, 3);
  else [slots[index + 1], slots[index + 2]] = [settled, reserved];
}

/** When enough slots will have left the window; undefined where even all of them are not enough. */
function findFreeTimeMs(
  slots: readonly number[],
  wanted: { windowMs: number; needed: number },
): number | undefined {
  let freed = 0;
  for (let index = 0; index < slots.length; index += 3) {
    freed += (slots[index + 1] ?? 0) + (slots[index + 2] ?? 0);
    if (freed >= wanted.needed)
      return ((slots[index] ?? 0) + 1) * slotMsOf(wanted.windowMs) + wanted.windowMs;
  }
  return undefined;
}
