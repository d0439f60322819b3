import { makeViews } from '../text/views.ts';
import { STRIDE_UNITS, windowEndingAt } from '../text/windows.ts';
import type { ClassifiedPolicy } from './classified.ts';
import type { TextOrigin } from './policies.ts';

/** Judges a text window by window while it arrives; a text's score is the worst of its windows'. */
export class WindowJudge {
  /** What stands before this has been judged, with what stands around it as far as it was there. */
  finalTo = 0;
  isBlocked = false;
  /** By policy: the worst scores so far. */
  readonly worst: number[][];
  readonly #policies: readonly ClassifiedPolicy[];
  readonly #origin: TextOrigin;
  #text = '';
  #base = 0;
  #readTo = 0;

  constructor(policies: readonly ClassifiedPolicy[], origin: TextOrigin) {
    this.#policies = policies;
    this.#origin = origin;
    this.worst = policies.map(({ classifier }) => classifier.labels.map(() => 0));
    if (policies.length === 0) this.finalTo = Infinity;
  }

  read(chunk: string, { isLast }: { isLast: boolean }): void {
    if (this.#policies.length === 0) return;
    this.#text += chunk;
    this.#readTo += chunk.length;
    // A window that ends where the text may end is the last one.
    while (this.finalTo + STRIDE_UNITS < this.#readTo) this.#judge(this.finalTo + STRIDE_UNITS);
    if (isLast && this.#readTo > this.finalTo) this.#judge(this.#readTo);
  }

  #judge(at: number): void {
    const { start, end } = windowEndingAt(at);
    const views = makeViews(this.#text.slice(start - this.#base, end - this.#base));
    this.#policies.forEach((policy, i) => {
      const worst = this.worst[i] ?? [];
      policy.classifier.judge(views, this.#origin).forEach((score, label) => {
        worst[label] = Math.max(worst[label] ?? 0, score);
      });
      this.isBlocked ||= policy.isBlocked(worst);
    });
    this.finalTo = end;
    const keepFrom = windowEndingAt(end + STRIDE_UNITS).start;
    if (keepFrom <= this.#base) return;
    this.#text = this.#text.slice(keepFrom - this.#base);
    this.#base = keepFrom;
  }
}
