import type { Flip, SwitchKind } from '../road/switching.ts';

/** What is off at one moment; another object after every change. */
export interface SwitchedOff {
  readonly size: number;
  has(kind: SwitchKind, name: string): boolean;
}

/** A flip as it is kept. */
export interface KeptFlip extends Flip {
  readonly id: number;
}

/** Kill switches, shared by every process: a flip is in force everywhere within a second. */
export interface Switches {
  /** What is off now, at no cost. Undefined when that has not been known for a second: then nothing may pass. */
  read(): SwitchedOff | undefined;
  /** Tells of every change, also that it is not known any more. Returns how to stop that. */
  watch(onChange: () => void): () => void;
  /**
   * Keeps a flip: in force here at once, in every other process within a second, and durably. Rejects where it cannot
   * be kept. `recorded`: it stands in the audit log already.
   */
  flip(flip: Flip, state: { readonly recorded: boolean }): Promise<KeptFlip>;
  /** The flips that are off, in the order of kind and name. */
  list(): Promise<readonly KeptFlip[]>;
  /** Flips before this time that no audit log has yet. */
  listUnrecorded(beforeMs: number): Promise<readonly KeptFlip[]>;
  markRecorded(id: number): Promise<void>;
  /** Why it is not known what is off, or undefined when it is. */
  fault(): string | undefined;
  stop(): Promise<void>;
}
