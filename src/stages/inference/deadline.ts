import type { Clock } from '../../ports/clock.ts';

/** A signal that follows the caller's and also aborts when a wait, or the whole, takes too long. */
export class Deadline {
  readonly #caller: AbortSignal;
  readonly #clock: Pick<Clock, 'monotonicUs'>;
  readonly #controller = new AbortController();
  readonly #totalAtMs: number;
  #waitMs = 0;
  #waitAtMs = Infinity;
  #giveUp: ((error: Error) => void) | undefined;
  #expired: string | undefined;
  /** One for both limits: it looks again when it rings too early, which costs less than one for each wait. */
  #timer: NodeJS.Timeout | undefined;
  #ringsAtMs = Infinity;

  constructor(input: {
    readonly signal: AbortSignal;
    readonly totalMs: number;
    readonly clock: Pick<Clock, 'monotonicUs'>;
  }) {
    this.#caller = input.signal;
    this.#clock = input.clock;
    this.#totalAtMs = this.#nowMs() + input.totalMs;
    if (input.signal.aborted) this.#abort();
    else input.signal.addEventListener('abort', this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Waits for a step of the model, at most this long. The time between two waits is the caller's, who may
   * read slowly. Rejects as soon as the signal aborts, whether or not the model heeds it.
   */
  wait<Value>(step: Promise<Value>, ms: number): Promise<Value> {
    this.#waitMs = ms;
    this.#waitAtMs = this.#nowMs() + ms;
    this.#setTimer();
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      // What was given up on may still fail, and nobody is there to hear it: so there is a handler for that, too.
      step.then(
        (value) => {
          this.#waitAtMs = Infinity;
          resolve(value);
        },
        (error: unknown) => {
          this.#waitAtMs = Infinity;
          reject(error);
        },
      );
      if (this.signal.aborted) this.#abort();
    });
  }

  /** Which limit was passed, or undefined. */
  expired(): string | undefined {
    return this.#expired;
  }

  /** Ends the clocks; aborts the signal too where the model is to be let go. */
  close(how: 'finished' | 'cut'): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#abort);
    if (how === 'cut') this.#abort();
  }

  readonly #abort = (): void => {
    this.#controller.abort();
    this.#giveUp?.(new Error('aborted'));
  };

  #setTimer(): void {
    const dueMs = Math.min(this.#waitAtMs, this.#totalAtMs);
    if (this.#ringsAtMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#ringsAtMs = dueMs;
    this.#timer = setTimeout(ring, Math.ceil(dueMs - this.#nowMs()), this);
  }

  /** The timer rang, for a limit of now or of before. */
  ring(): void {
    this.#ringsAtMs = Infinity;
    const nowMs = this.#nowMs();
    if (nowMs >= this.#waitAtMs && this.#waitAtMs < this.#totalAtMs)
      this.#expire(`${Math.round(this.#waitMs)} ms wait`);
    else if (nowMs >= this.#totalAtMs) this.#expire('total');
    else this.#setTimer();
  }

  #expire(limit: string): void {
    this.#expired ??= limit;
    this.#abort();
  }

  #nowMs(): number {
    return this.#clock.monotonicUs() / 1000;
  }
}

const ring = (deadline: Deadline) => deadline.ring();
