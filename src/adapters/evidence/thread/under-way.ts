import { MAX_UNDER_WAY } from './shared-channel.ts';

/**
 * Operations that the thread has, by their number, which counts them from 0 as the thread does. Not a Map: each time that
 * one makes itself a new table, the old one keeps what it held from the garbage collector's quick look.
 */
export class UnderWay<Operation> {
  readonly #slots: (Operation | undefined)[] = [];
  #oldest = 0;
  #next = 0;
  size = 0;

  isFull(): boolean {
    return this.#next - this.#oldest >= MAX_UNDER_WAY;
  }

  add(operation: Operation): void {
    this.#slots[this.#next++ % MAX_UNDER_WAY] = operation;
    this.size += 1;
  }

  take(number: number): Operation | undefined {
    const operation = this.#slots[number % MAX_UNDER_WAY];
    if (operation === undefined) return undefined;
    this.#slots[number % MAX_UNDER_WAY] = undefined;
    this.size -= 1;
    while (this.#oldest < this.#next && this.#slots[this.#oldest % MAX_UNDER_WAY] === undefined)
      this.#oldest += 1;
    return operation;
  }

  /** Visits the numbers of all, the oldest first; one may be taken meanwhile. */
  visit(visitor: (number: number) => void): void {
    for (let number = this.#oldest; number < this.#next; number += 1)
      if (this.#slots[number % MAX_UNDER_WAY] !== undefined) visitor(number);
  }

  list(): Operation[] {
    return this.#slots.filter((operation) => operation !== undefined);
  }

  takeAll(): Operation[] {
    const all = this.list();
    this.#slots.length = 0;
    [this.#oldest, this.size] = [this.#next, 0];
    return all;
  }
}
