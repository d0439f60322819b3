import { formatLine, NO_HASH } from './line.ts';

/** The hash chain of one writer: every line holds the hash of the line before. */
export class Chain {
  #lines = 0;
  #head = NO_HASH;

  /** Lines so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Hash of the last line. */
  get head(): string {
    return this.#head;
  }

  /** Adds a record and returns its line. */
  append(recordJson: string): string {
    const line = formatLine({ seq: this.#lines, prev: this.#head, recordJson });
    this.#lines += 1;
    this.#head = line.hash;
    return line.text;
  }
}
