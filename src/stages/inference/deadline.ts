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
  const expireWait = (ms: number) => expire(`${Math.round(ms)} ms wait`);
  if (input.signal.aborted) abort();
  else input.signal.addEventListener('abort', abort, { once: true });
  const total = setTimeout(expire, input.totalMs, 'total');
  return {
    signal: controller.signal,
    wait: (step, ms) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(expireWait, ms, ms);
        const settle = (settled: () => void) => {
          clearTimeout(timer);
          giveUp = undefined;
          settled();
        };
        giveUp = () => settle(() => reject(new Error('aborted')));
        // What was given up on may still fail, and nobody is there to hear it: so there is a handler for that, too.
        step.then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        );
        if (controller.signal.aborted) giveUp();
      }),
    expired: () => expired,
    close: (how) => {
      clearTimeout(total);
      input.signal.removeEventListener('abort', abort);
      if (how === 'cut') abort();
    },
  };
}
