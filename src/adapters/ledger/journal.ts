import { bookRelease, bookReservation, bookSettlement, type Books, type ReserveOrder } from './book.ts';
import { makePlan, type Plan } from './plan.ts';

/**
 * What was booked since the tables were written, a line each: to write one text for a whole transaction costs a fraction
 * of what it costs to write every scope and reservation where it stands. Booking is pure, so that whoever books the lines
 * again, in their order and on the same tables, comes to the same.
 *
 *     P <number> <scopes and rules as JSON>          a plan, before it is first used
 *     R <id> <time> <due> <plan> <amounts>           reserved
 *     S <id> <time> <what was used of each limit>    settled
 *     X <id> <time>                                  released
 *
 * Fields are apart by tabs, numbers in a field by commas. An id has neither.
 */
export class Journal {
  #text = '';
  readonly #numbers = new Map<Plan, number>();
  /** Lines since the tables were written. */
  #lines = 0;

  get length(): number {
    return this.#lines;
  }

  reserve({ id, nowMs, dueMs, plan, amounts }: ReserveOrder): void {
    let number = this.#numbers.get(plan);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(plan, number);
      this.#add(`P\t${number}\t${JSON.stringify(plan.charged)}`);
    }
    this.#add(`R\t${id}\t${nowMs}\t${dueMs}\t${number}\t${amounts.join(',')}`);
  }

  settle(id: string, nowMs: number, used: readonly number[]): void {
    this.#add(`S\t${id}\t${nowMs}\t${used.join(',')}`);
  }

  release(id: string, nowMs: number): void {
    this.#add(`X\t${id}\t${nowMs}`);
  }

  /** The lines that were not taken yet. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** The tables say all of it. */
  clear(): void {
    this.#text = '';
    this.#lines = 0;
    this.#numbers.clear();
  }

  #add(line: string): void {
    this.#text += `${line}\n`;
    this.#lines += 1;
  }
}

/** Books again what the texts of a journal say. Throws where they are none. */
export function replay(texts: readonly string[], books: Books): void {
  const plans = new Map<string, Plan>();
  for (const text of texts) {
    for (const line of text.split('\n')) {
      if (line !== '') replayLine(line.split('\t'), { plans, books });
    }
  }
}

function replayLine(fields: readonly string[], to: { plans: Map<string, Plan>; books: Books }): void {
  const { plans, books } = to;
  const [what, id = '', second = '', third = '', fourth = '', fifth = ''] = fields;
  const nowMs = Number(second);
  if (what === 'P') {
    plans.set(id, makePlan(JSON.parse(second) as Plan['charged'])); // `Journal` wrote it
    return;
  }
  if (what === 'R') {
    const plan = plans.get(fourth);
    if (plan === undefined) throw new Error('the ledger holds a reservation whose limits it does not know');
    bookReservation(books, { id, nowMs, dueMs: Number(third), plan, amounts: readNumbers(fifth) });
    return;
  }
  const reservation = books.end(id);
  if (reservation === undefined) throw new Error(`the ledger holds the end of ${id}, and not its beginning`);
  if (what === 'S') bookSettlement(books, { reservation, used: readNumbers(third), nowMs });
  else if (what === 'X') bookRelease(books, reservation, nowMs);
  else throw new Error('the ledger holds a line that it did not write');
}

function readNumbers(field: string): number[] {
  return field === '' ? [] : field.split(',').map(Number);
}
