import { ModelError } from '../../ports/model.ts';
import type { AnswerEvent } from '../../road/conversation.ts';
import type { Route } from '../../road/governed.ts';
import type { RecordedTry } from '../../road/record.ts';
import { Deadline } from './deadline.ts';
import type { Inference } from './inference.ts';

/** One try at one route: its deadlines, and what it tells the route's health and the record. Settled exactly once. */
export class RouteTry {
  readonly #route: Route;
  readonly #inference: Inference;
  readonly #deadline: Deadline;
  readonly #startedUs: number;
  #batches: AsyncIterator<readonly AnswerEvent[]> | undefined;
  #firstByteMs: number | undefined;
  #outcome: 'answered' | 'failed' | undefined;

  constructor(route: Route, inference: Inference) {
    this.#route = route;
    this.#inference = inference;
    this.#startedUs = inference.clock.monotonicUs();
    const leftMs = Math.max(0, (inference.deadlineUs - this.#startedUs) / 1000);
    this.#deadline = new Deadline({
      signal: inference.signal,
      totalMs: Math.min(route.timeouts.totalMs, leftMs),
      clock: inference.clock,
    });
  }

  /** Whether its first byte was there: what fails before it may be tried again. */
  hasBegun(): boolean {
    return this.#firstByteMs !== undefined;
  }

  /** Whether the finish has come: then there is no next batch. */
  isFinished(): boolean {
    return this.#outcome !== undefined;
  }

  /** The next batch of events. Throws a ModelError, or what it was when the caller left. */
  async next(): Promise<readonly AnswerEvent[]> {
    const { firstByteMs, idleMs } = this.#route.timeouts;
    try {
      this.#batches ??= this.#ask();
      const waitMs = this.#firstByteMs === undefined ? firstByteMs : idleMs;
      const step = await this.#deadline.wait(this.#batches.next(), waitMs);
      if (step.done === true) throw new ModelError('malformed', 'the answer ended without a finish');
      this.#arrived();
      if (step.value.at(-1)?.type === 'finish') this.#succeed();
      return step.value;
    } catch (cause) {
      if (this.#inference.signal.aborted) throw cause;
      throw this.#fail(cause);
    }
  }

  /** Lets the connection go; a try that was not settled by then was cut off by the caller. */
  close(): void {
    const isCut = this.#outcome === undefined;
    this.#deadline.close(isCut ? 'cut' : 'finished');
    if (isCut) {
      this.#inference.health.inconclusive(this.#route);
      const why = 'cancelled: the caller left, or the answer was cut off';
      this.#settle({ outcome: 'failed', cause: why, mayCost: true });
    }
    // Not awaited: a provider that hangs must not hold the attempt open.
    this.#batches?.return?.()?.catch(() => undefined);
  }

  #ask(): AsyncIterator<readonly AnswerEvent[]> {
    const { providers, prompt, intent, delivery } = this.#inference;
    const answer = providers[this.#route.provider].infer({
      prompt: prompt.prompt,
      route: this.#route,
      requestId: intent.requestId,
      delivery,
      signal: this.#deadline.signal,
    });
    return answer[Symbol.asyncIterator]();
  }

  #arrived(): void {
    if (this.#firstByteMs !== undefined) return;
    this.#firstByteMs = (this.#inference.clock.monotonicUs() - this.#startedUs) / 1000;
    this.#inference.onRoute(this.#route);
  }

  #succeed(): void {
    this.#inference.health.succeeded(this.#route, this.#firstByteMs ?? 0);
    this.#settle({ outcome: 'answered' });
  }

  #fail(cause: unknown): ModelError {
    const limit = this.#deadline.expired();
    const error =
      limit === undefined ? toModelError(cause) : new ModelError('deadline', `no answer in time (${limit})`);
    if (error.kind === 'rejected') this.#inference.health.inconclusive(this.#route);
    else this.#inference.health.failed(this.#route);
    const mayCost = error.kind === 'deadline' || error.kind === 'malformed';
    this.#settle({
      outcome: 'failed',
      cause: `${error.kind}: ${error.message}`,
      ...(mayCost && { mayCost }),
    });
    return error;
  }

  #settle(end: Pick<RecordedTry, 'outcome' | 'cause' | 'mayCost'>): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = end.outcome;
    const tookUs = Math.round(this.#inference.clock.monotonicUs() - this.#startedUs);
    this.#inference.onTry({ route: this.#route.name, tookUs, ...end });
  }
}

function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  // Its message may hold anything, so only its name goes on the record.
  return new ModelError('unavailable', cause instanceof Error ? cause.name : 'unknown failure', { cause });
}
