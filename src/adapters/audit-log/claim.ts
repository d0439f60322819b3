/** What somebody else said about a writer: a signed checkpoint, an anchor, or the first line of a later writer. */
export interface Claim {
  readonly writer: string;
  /** Lines that it had then. */
  readonly size: number;
  /** Hash of the last of them. */
  readonly head: string;
  /** Root of the tree over them, where the claim is a checkpoint. */
  readonly root?: string;
  /** Nothing may follow: the writer's process was gone. */
  readonly isFinal: boolean;
  /** Who says so, for people. */
  readonly source: string;
}
