import type { AddressRate } from '../../road/edge-rules.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface LimiterBounds {
  /** So many visitors have a window of their own. */
  readonly addresses: number;
  /** What comes beyond them shares so many windows. */
  readonly shared: number;
}

const BOUNDS: LimiterBounds = { addresses: 50_000, shared: 16_384 };

/**
 * Counts the requests of each address, in bounded memory. A flood of distinct addresses cannot wash out the count of
 * any: newcomers beyond the bound share windows, so that they get less than the limit rather than more.
 */
export class AddressLimiter {
  readonly #bounds: LimiterBounds;
  readonly #salt: number;
  /** Visitors since the last turn, and those of the turn before who did not come again. */
  #recent = new Map<string, SlidingWindow>();
  #before = new Map<string, SlidingWindow>();
  #shared = new Map<number, SlidingWindow>();
  #turnedMs = Number.NEGATIVE_INFINITY;

  /** `salt`: a number in [0, 1), so that nobody can choose whom they share a window with. */
  constructor(salt: number, bounds = BOUNDS) {
    this.#salt = Math.floor(salt * 2 ** 32);
    this.#bounds = bounds;
  }

  /** How many windows are kept. */
  get size(): number {
    return this.#recent.size + this.#before.size + this.#shared.size;
  }

  /** Counts a request, or says after how many milliseconds there is room for it. */
  take(address: string, nowMs: number, rate: AddressRate): number | undefined {
    this.#turn(nowMs, rate.windowMs);
    return this.#windowOf(address, nowMs, rate.windowMs).take(nowMs, rate);
  }

  /** Who has not come for a whole window has nothing left that counts, and is forgotten. */
  #turn(nowMs: number, windowMs: number): void {
    if (nowMs - this.#turnedMs < windowMs) return;
    this.#before = nowMs - this.#turnedMs < 2 * windowMs ? this.#recent : new Map();
    this.#recent = new Map();
    for (const [slot, window] of this.#shared) if (window.isIdle(nowMs, windowMs)) this.#shared.delete(slot);
    this.#turnedMs = nowMs;
  }

  #windowOf(address: string, nowMs: number, windowMs: number): SlidingWindow {
    const recent = this.#recent.get(address);
    if (recent !== undefined) return recent;
    const known = this.#before.get(address);
    if (known === undefined) {
      const slot = this.#slotOf(address);
      const shared = this.#shared.get(slot);
      // Also when there is room again: what it was counted for here still counts.
      if (shared?.isIdle(nowMs, windowMs) === false) return shared;
      if (this.#recent.size + this.#before.size >= this.#bounds.addresses) {
        const opened = shared ?? new SlidingWindow();
        this.#shared.set(slot, opened);
        return opened;
      }
    }
    const window = known ?? new SlidingWindow();
    this.#before.delete(address);
    this.#recent.set(address, window);
    return window;
  }

  #slotOf(address: string): number {
    let hash = this.#salt;
    for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193);
    return (hash >>> 0) % this.#bounds.shared;
  }
}
