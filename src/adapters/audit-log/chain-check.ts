import type { LinePlace } from './attempts.ts';
import type { Claim } from './claim.ts';
import { NO_HASH, type Line } from './line.ts';
import { Frontier } from './merkle.ts';
import { Missing } from './missing.ts';
import type { Problem, ProblemKind } from './problem.ts';

interface Head {
  readonly seq: number;
  /** `undefined` where the line was damaged: whatever the next one says of it has to be taken as it is. */
  readonly hash: string | undefined;
  readonly place: LinePlace;
}

/**
 * Follows one writer's chain from line to line, and holds it against what others claim about it. After a damage it
 * goes on, so that one edit is one problem, at its place, and not a flood of them.
 */
export class ChainCheck {
  readonly #writer: string;
  readonly #report: (problem: Problem) => void;
  readonly #claims: Claim[];
  readonly #final: Claim | undefined;
  readonly #tree = new Frontier();
  readonly #missing = new Missing();
  #head: Head | undefined;
  /** A line that does not fit the one before; the line after tells which of the two was changed. */
  #misfit: { readonly line: Head; readonly before: Head } | undefined;
  /** Lines are missing or unreadable, so that roots cannot be computed any more. */
  #isBroken = false;
  #nextClaim = 0;

  constructor(options: { writer: string; claims: readonly Claim[]; report: (problem: Problem) => void }) {
    this.#writer = options.writer;
    this.#report = options.report;
    this.#claims = options.claims.toSorted((a, b) => a.size - b.size);
    this.#final = this.#claims.find((claim) => claim.isFinal);
  }

  /** Lines up to the highest that was seen. */
  get lines(): number {
    return this.#head === undefined ? 0 : this.#head.seq + 1;
  }

  /** Takes the next line of the files; `undefined` where it cannot be read or its own hash is wrong. */
  see(line: Line | undefined, place: LinePlace): void {
    if (line === undefined) this.#seeDamaged(place);
    else if (line.seq === this.lines) this.#seeNext(line, place);
    else if (line.seq > this.lines) this.#seeAhead(line, place);
    else this.#seeBehind(line, place);
  }

  /** The lines before the next one stood in a segment that is gone, which is reported already. */
  forgetGap(): void {
    this.#head = undefined;
    this.#isBroken = true;
  }

  finish(end: { file: string }): void {
    this.#settleMisfit(undefined);
    for (const { from, to, place } of this.#missing.ranges) {
      this.#complain(
        'removed_lines',
        place,
        `before this line, the lines with seq ${from} to ${to} are gone`,
      );
    }
    const short = this.#claims.filter((claim) => claim.size > this.lines).at(-1);
    if (short === undefined) return;
    const detail = `${short.source} covers ${short.size} lines of ${this.#writer}, but only ${this.lines} are there`;
    const last = this.#head?.place;
    this.#report({
      kind: 'truncated_tail',
      file: end.file,
      ...(last && { line: last.line, seq: last.seq }),
      detail,
    });
  }

  #seeNext(line: Line, place: LinePlace): void {
    const before = this.#head;
    const fits = line.prev === (before === undefined ? NO_HASH : (before.hash ?? line.prev));
    const head = { seq: line.seq, hash: line.hash, place };
    const wasMisfit = this.#misfit !== undefined;
    this.#settleMisfit(fits);
    // A replaced line fits neither neighbour: the one after it is not to blame as well.
    if (!fits && !wasMisfit) this.#misfit = { line: head, before: before ?? head };
    this.#accept(head);
  }

  #seeAhead(line: Line, place: LinePlace): void {
    this.#settleMisfit(undefined);
    if (this.#head !== undefined || !this.#isBroken) {
      this.#missing.add({ from: this.lines, to: line.seq - 1, place });
    }
    this.#isBroken = true;
    this.#accept({ seq: line.seq, hash: line.hash, place });
  }

  #seeBehind(line: Line, place: LinePlace): void {
    if (this.#missing.take(line.seq)) {
      this.#complain(
        'reordered_lines',
        place,
        `the line with seq ${line.seq} stands behind the one with seq ${this.lines - 1}`,
      );
    } else {
      this.#complain('duplicated_line', place, `a line with seq ${line.seq} stood before`);
    }
  }

  #seeDamaged(place: LinePlace): void {
    this.#settleMisfit(undefined);
    this.#isBroken = true;
    this.#accept({ seq: this.lines, hash: undefined, place: { ...place, seq: this.lines } });
  }

  #accept(head: Head): void {
    this.#head = head;
    if (!this.#isBroken && head.hash !== undefined) this.#tree.add(head.hash);
    for (;;) {
      const claim = this.#claims[this.#nextClaim];
      if (claim === undefined || claim.size > this.lines) break;
      this.#nextClaim += 1;
      if (claim.size === this.lines) this.#checkClaim(claim, head);
    }
    if (this.lines - 1 === this.#final?.size) {
      this.#complain(
        'foreign_line',
        head.place,
        `${this.#final.source} says that this writer ended with ${this.#final.size} lines`,
      );
    }
  }

  #checkClaim(claim: Claim, { hash, place }: Head): void {
    if (this.#misfit !== undefined || hash === undefined) return;
    if (claim.head !== hash) {
      this.#complain(
        'wrong_root',
        place,
        `${claim.source} knew this line with another hash: it, or lines before it, were rewritten`,
      );
    } else if (claim.root !== undefined && !this.#isBroken && claim.root !== this.#tree.root()) {
      this.#complain('wrong_root', place, `${claim.source} has another root over the lines up to here`);
    }
  }

  /** `fits`: whether the line after the misfit does; `undefined` where there is none to tell. */
  #settleMisfit(fits: boolean | undefined): void {
    const misfit = this.#misfit;
    if (misfit === undefined) return;
    this.#misfit = undefined;
    const { place } = fits === false ? misfit.line : misfit.before;
    const detail =
      fits === false
        ? 'the line fits neither the one before nor the one after: it was replaced'
        : 'the next line carries another hash of this line: it was changed and hashed anew';
    this.#complain('edited_line', place, detail);
    this.#isBroken = true;
  }

  #complain(kind: ProblemKind, { file, line, seq }: LinePlace, detail: string): void {
    this.#report({ kind, file, line, seq, detail });
  }
}
