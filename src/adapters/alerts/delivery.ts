import { AlertDelayedError, AlertRefusedError, type AlertChannel } from '../../ports/alert-channel.ts';
import type { Alert } from '../../road/alert.ts';

export interface DeliveryTimes {
  /** One try. */
  readonly timeoutMs: number;
  /** Before the second try; doubled before each one after it. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly tries: number;
  /** What a stop waits for. */
  readonly stopMs: number;
  /** Alerts that wait for one destination. */
  readonly maxWaiting: number;
}

const TIMES: DeliveryTimes = {
  timeoutMs: 10_000,
  firstWaitMs: 1_000,
  longestWaitMs: 60_000,
  tries: 20,
  stopMs: 3_000,
  maxWaiting: 1_000,
};

/** What became of an alert at one destination. */
export interface Delivered {
  readonly alert: Alert;
  readonly destination: string;
  readonly outcome: 'delivered' | 'lost';
  readonly cause?: string;
}

interface Queue {
  readonly waiting: { readonly alert: Alert; readonly channel: AlertChannel }[];
  running: Promise<void>;
}

/**
 * Delivers alerts, to each destination in their order and in its own time: one that stalls holds up no other, and no
 * request. Tries again with longer and longer waits; what is lost is told.
 */
export class AlertDelivery {
  readonly #onOutcome: (delivered: Delivered) => void;
  readonly #random: () => number;
  readonly #times: DeliveryTimes;
  readonly #queues = new Map<string, Queue>();
  readonly #stop = new AbortController();

  constructor(options: {
    readonly onOutcome: (delivered: Delivered) => void;
    readonly random: () => number;
    readonly times?: Partial<DeliveryTimes>;
  }) {
    this.#onOutcome = options.onOutcome;
    this.#random = options.random;
    this.#times = { ...TIMES, ...options.times };
  }

  /** Returns at once. */
  send(alert: Alert, destination: string, channel: AlertChannel): void {
    let queue = this.#queues.get(destination);
    if (queue === undefined)
      this.#queues.set(destination, (queue = { waiting: [], running: Promise.resolve() }));
    if (this.#stop.signal.aborted || queue.waiting.length >= this.#times.maxWaiting) {
      const cause = this.#stop.signal.aborted ? 'the gateway is stopping' : 'too many alerts wait';
      this.#onOutcome({ alert, destination, outcome: 'lost', cause });
      return;
    }
    queue.waiting.push({ alert, channel });
    if (queue.waiting.length === 1) queue.running = this.#run(destination, queue);
  }

  /** Waits a moment for what is under way; the rest is lost, and told. */
  async stop(): Promise<void> {
    const running = Promise.all([...this.#queues.values()].map((queue) => queue.running));
    const timer = setTimeout(() => this.#stop.abort(), this.#times.stopMs);
    await running;
    clearTimeout(timer);
    this.#stop.abort();
  }

  async #run(destination: string, { waiting }: Queue): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const { alert, channel } = next;
      const cause = await this.#deliver(alert, channel);
      waiting.shift();
      this.#onOutcome(
        cause === undefined
          ? { alert, destination, outcome: 'delivered' }
          : { alert, destination, outcome: 'lost', cause },
      );
    }
  }

  /** Why it was lost, if it was. */
  async #deliver(alert: Alert, channel: AlertChannel): Promise<string | undefined> {
    const { timeoutMs, tries } = this.#times;
    for (let tried = 1; ; tried += 1) {
      if (this.#stop.signal.aborted) return 'the gateway is stopping';
      try {
        await channel.deliver(alert, AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stop.signal]));
        return undefined;
      } catch (error) {
        const cause = error instanceof Error ? error.message : 'unknown';
        if (error instanceof AlertRefusedError || tried >= tries) return cause;
        await this.#wait(error, tried);
      }
    }
  }

  /** Between half and all of the wait, so that many gateways do not come back at once. Ends with a stop. */
  async #wait(error: unknown, tried: number): Promise<void> {
    const { firstWaitMs, longestWaitMs } = this.#times;
    const backOffMs = firstWaitMs * 2 ** (tried - 1) * (0.5 + this.#random() / 2);
    const askedMs = error instanceof AlertDelayedError ? error.retryAfterMs : 0;
    const waitMs = Math.min(longestWaitMs, Math.max(backOffMs, askedMs));
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, waitMs).unref();
      signal.addEventListener('abort', end);
    });
  }
}
