import type { Clock } from '../../ports/clock.ts';

/**
 * A clock that never runs backward: it follows the machine's time forward, and where that is set back it goes on by the
 * monotonic one. So no window of a limit is entered twice, and no reservation expires early because of a leap back.
 */
export function createSteadyClock(clock: Clock): Clock {
  let aheadMs = clock.nowMs() - clock.monotonicUs() / 1000;
  return {
    ...clock,
    nowMs: () => {
      const sinceMs = clock.monotonicUs() / 1000;
      aheadMs = Math.max(aheadMs, clock.nowMs() - sinceMs);
      return Math.floor(aheadMs + sinceMs);
    },
  };
}
