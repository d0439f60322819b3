import type { Alert } from '../road/alert.ts';

/** One way to tell somebody outside. */
export interface AlertChannel {
  /** Resolves when the other side has taken the alert. Rejects with an AlertRefusedError where another try is in vain. */
  deliver(alert: Alert, signal: AbortSignal): Promise<void>;
}

/** The other side will never take this alert. */
export class AlertRefusedError extends Error {
  override readonly name = 'AlertRefusedError';
}

/** The other side asks to be left alone for a while. */
export class AlertDelayedError extends Error {
  override readonly name = 'AlertDelayedError';
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
