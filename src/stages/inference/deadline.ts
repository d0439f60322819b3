/** A signal that follows the caller's and also aborts when a wait, or the whole, takes too long. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Starts a wait: the time that passes while the caller reads slowly is not the model's. */
  arm(ms: number): void;
  disarm(): void;
  /** Which limit was passed, or undefined. */
  expired(): string | undefined;
  close(): void;
}

export function openDeadline(input: { readonly signal: AbortSignal; readonly totalMs: number }): Deadline {
  const controller = new AbortController();
  let expired: string | undefined;
  let wait: NodeJS.Timeout | undefined;
  const expire = (limit: string) => {
    expired ??= limit;
    controller.abort();
  };
  const leave = () => controller.abort();
  if (input.signal.aborted) leave();
  else input.signal.addEventListener('abort', leave, { once: true });
  const total = setTimeout(expire, input.totalMs, 'total');
  return {
    signal: controller.signal,
    arm: (ms) => {
      wait = setTimeout(expire, ms, `${Math.round(ms)} ms wait`);
    },
    disarm: () => clearTimeout(wait),
    expired: () => expired,
    close: () => {
      clearTimeout(wait);
      clearTimeout(total);
      input.signal.removeEventListener('abort', leave);
    },
  };
}
