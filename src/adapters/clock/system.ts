import type { Clock } from '../../ports/clock.ts';

/** The machine's own time and chance. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicUs: () => performance.now() * 1000,
  random: () => Math.random(),
};
