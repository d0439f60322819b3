import type { ClosedRecord, Intent } from '../../road/record.ts';
import type { LogRecord } from './log-record.ts';
import type { Problem } from './problem.ts';

/** Where a line stands. */
export interface LinePlace {
  readonly writer: string;
  readonly file: string;
  readonly line: number;
  readonly seq: number;
}

/** Whether a model had a part in it, so that an intent must have been durable before. */
function needsIntent({ outcome, tries }: ClosedRecord): boolean {
  return outcome === 'answered' || outcome === 'abandoned' || (tries?.length ?? 0) > 0;
}

/**
 * Holds every attempt to its promise: opened at most once, closed exactly once. It keeps the places of the attempts
 * that are open and the ids of those that are closed, so that its memory grows with the log by one id an attempt.
 */
export class Attempts {
  readonly #report: (problem: Problem) => void;
  readonly #open = new Map<string, LinePlace>();
  /** Closed, though no intent was seen so far. */
  readonly #withoutIntent = new Map<string, LinePlace>();
  readonly #opened = new Set<string>();
  readonly #closed = new Set<string>();
  readonly #recovered = new Set<string>();

  constructor(report: (problem: Problem) => void) {
    this.#report = report;
  }

  get count(): number {
    return this.#closed.size + this.#open.size;
  }

  see(record: Intent | ClosedRecord | LogRecord, place: LinePlace): void {
    if (record.kind === 'opened') this.#seeOpened(record.requestId, place);
    else if (record.kind === 'closed') this.#seeClosed(record, place);
    else if (record.kind === 'log.recovered')
      for (const writer of record.writers) this.#recovered.add(writer);
  }

  /** Reports what can only be known once every writer was read; returns how many attempts are still open. */
  finish(): number {
    let stillOpen = 0;
    for (const [requestId, place] of this.#open) {
      if (this.#recovered.has(place.writer)) {
        this.#complain(
          'never_closed',
          place,
          `the attempt ${requestId} was opened, and a later writer recovered this one, but it was never closed`,
        );
      } else stillOpen += 1;
    }
    for (const [requestId, place] of this.#withoutIntent) {
      this.#complain(
        'inference_without_intent',
        place,
        `a model was asked for ${requestId}, but no intent stands in the log`,
      );
    }
    return stillOpen;
  }

  #seeOpened(requestId: string, place: LinePlace): void {
    if (this.#opened.has(requestId))
      this.#complain('opened_twice', place, `the attempt ${requestId} was opened before`);
    this.#opened.add(requestId);
    if (this.#closed.has(requestId)) this.#withoutIntent.delete(requestId);
    else this.#open.set(requestId, place);
  }

  #seeClosed(record: ClosedRecord, place: LinePlace): void {
    const { requestId } = record;
    if (this.#closed.has(requestId))
      this.#complain('closed_twice', place, `the attempt ${requestId} was closed before`);
    this.#closed.add(requestId);
    const wasOpen = this.#open.delete(requestId);
    if (!wasOpen && !this.#opened.has(requestId) && needsIntent(record))
      this.#withoutIntent.set(requestId, place);
  }

  #complain(kind: Problem['kind'], { file, line, seq }: LinePlace, detail: string): void {
    this.#report({ kind, file, line, seq, detail });
  }
}
