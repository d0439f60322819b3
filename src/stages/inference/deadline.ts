/** A signal that follows the caller's and also aborts when a wait, or the whole, takes too long. */
export interface Deadline {
  readonly signal: AbortSignal;
  /**
   * Waits for a step of the model, at most this long. The time between two waits is the caller's, who may
   * read slowly. Rejects as soon as the signal aborts, whether or not the model heeds it.
   */
  wait<Value>(step: Promise<Value>, ms: number): Promise<Value>;
  /** Which limit was passed, or undefined. */
  expired(): string | undefined;
  /** Ends the clocks; aborts the signal too where the model is to be let go. */
  close(how: 'finished' | 'cut'): void;
}

export function openDeadline(input: { readonly signal: AbortSignal; readonly totalMs: number }): Deadline {
  const controller = new AbortController();
  let expired: string | undefined;
  let giveUp: (() => void) | undefined;
  const abort = () => {
    controller.abort();
    giveUp?.();
  };
  const expire = (limit: string) => {
    expired ??= limit;
    abort();
  };
  if (input.signal.aborted) abort();
  else input.signal.addEventListener('abort', abort, { once: true });
  const total = setTimeout(expire, input.totalMs, 'total');
  return {
    signal: controller.signal,
    wait: async (step, ms) => {
      const timer = setTimeout(expire, ms, `${Math.round(ms)} ms wait`);
      const aborted = new Promise<never>((_resolve, reject) => {
        giveUp = () => reject(new Error('aborted'));
        if (controller.signal.aborted) giveUp();
      });
      try {
        // What was given up on may still fail, and nobody is there to hear it: `race` has a handler on both.
        return await Promise.race([step, aborted]);
      } finally {
        clearTimeout(timer);
        giveUp = undefined;
      }
    },
    expired: () => expired,
    close: (how) => {
      clearTimeout(total);
      input.signal.removeEventListener('abort', abort);
      if (how === 'cut') abort();
    },
  };
}
