import type { Clock } from '../ports/clock.ts';
import type { Evidence } from '../ports/evidence.ts';
import type { Switches } from '../ports/switches.ts';
import { recordPending } from './flip-switch.ts';

const EVERY_MS = 5_000;

/** Records what was switched off while it could not be recorded, now and every few seconds. Returns how to stop that. */
export function startPendingFlips(parts: {
  readonly switches: Switches;
  readonly evidence: Evidence;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): { close(): void } {
  const { switches, evidence, clock, onError } = parts;
  let isBusy = false;
  const look = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      // What is younger is being recorded by whoever turned it.
      await recordPending(switches, (record) => evidence.note(record), clock.nowMs() - EVERY_MS);
    } catch (error) {
      onError(error);
    } finally {
      isBusy = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return { close: () => clearInterval(timer) };
}
