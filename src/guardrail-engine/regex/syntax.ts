import type { CharSet } from './charset.ts';

/** A condition on one neighbour of a position; `edge` says whether the text's beginning or end satisfies it. */
export type Neighbour = { set: CharSet; edge: boolean };

/** A parsed regular expression. An assertion holds where both neighbours of a position satisfy it. */
export type RegexNode =
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; nodes: readonly RegexNode[] }
  | { kind: 'choice'; nodes: readonly RegexNode[] }
  | { kind: 'repeat'; node: RegexNode; min: number; max: number }
  | { kind: 'assertion'; behind: Neighbour; ahead: Neighbour };

export type AssertionNode = Extract<RegexNode, { kind: 'assertion' }>;

/** Matches the empty text. */
export const EMPTY: RegexNode = { kind: 'sequence', nodes: [] };

/** Matches nothing at all. */
export const NOTHING: RegexNode = { kind: 'choice', nodes: [] };

/** A pattern that this engine does not run; the message names the construct and where it stands. */
export class RegexRefusedError extends Error {
  readonly construct: string;
  readonly offset: number;
  readonly fix: string | undefined;

  constructor(refusal: { construct: string; offset: number; because: string; fix?: string }) {
    super(`${refusal.construct} at offset ${refusal.offset}: ${refusal.because}`);
    this.name = 'RegexRefusedError';
    this.construct = refusal.construct;
    this.offset = refusal.offset;
    this.fix = refusal.fix;
  }
}
