/**
 * A Map whose values sit beside it. A Map that things come and go in makes itself a new table time and again, and the old
 * one, until it is found, keeps all that it held from the garbage collector: here that is numbers.
 */
export class Seats<Value> {
  readonly #seatOf = new Map<string, number>();
  readonly #seats: (Value | undefined)[] = [];
  readonly #free: number[] = [];

  has(id: string): boolean {
    return this.#seatOf.has(id);
  }

  get(id: string): Value | undefined {
    const seat = this.#seatOf.get(id);
    return seat === undefined ? undefined : this.#seats[seat];
  }

  set(id: string, value: Value): void {
    const seat = this.#seatOf.get(id) ?? this.#free.pop() ?? this.#seats.length;
    this.#seatOf.set(id, seat);
    this.#seats[seat] = value;
  }

  delete(id: string): void {
    const seat = this.#seatOf.get(id);
    if (seat === undefined) return;
    this.#seatOf.delete(id);
    this.#seats[seat] = undefined;
    this.#free.push(seat);
  }

  *[Symbol.iterator](): Generator<[id: string, value: Value]> {
    for (const [id, seat] of this.#seatOf) {
      const value = this.#seats[seat];
      if (value !== undefined) yield [id, value];
    }
  }
}
