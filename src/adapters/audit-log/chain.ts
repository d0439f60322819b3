import { Frontier } from './merkle.ts';
import { formatLine, NO_HASH } from './line.ts';

/** The hash chain of one writer: every line holds the hash of the line before, and is a leaf of a Merkle tree. */
export class Chain {
  readonly #tree = new Frontier();
  #head = NO_HASH;

  /** Lines so far. */
  get lines(): number {
    return this.#tree.size;
  }

  /** Hash of the last line. */
  get head(): string {
    return this.#head;
  }

  /** Root of the Merkle tree over the lines so far. */
  root(): string {
    return this.#tree.root();
  }

  /** Adds a record and returns its line. */
  append(recordJson: string): string {
    const line = formatLine({ seq: this.#tree.size, prev: this.#head, recordJson });
    this.#tree.add(line.hash);
    this.#head = line.hash;
    return line.text;
  }
}
