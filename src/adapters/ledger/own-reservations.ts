import type { NewReservation } from './book.ts';
import type { Reservation } from './reservation.ts';
import { Seats } from './seats.ts';
import type { Store } from './store.ts';

interface Own extends NewReservation {
  /** Whether the tables have it. */
  isStored: boolean;
}

/**
 * The reservations that this process made, which it knows by heart. Those of other processes, and expired ones, are
 * looked up in the tables, which is rare.
 */
export class OwnReservations {
  readonly #store: Store;
  readonly #open = new Seats<Own>();
  /** Ended ones that the tables still have. */
  readonly #endedStored = new Set<string>();
  /** What this transaction changed in memory, until it is committed. */
  #begun: string[] = [];
  #ended: [id: string, own: Own][] = [];
  #disowned: [id: string, own: Own][] = [];
  #interventions = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The tables have all that was begun and none that was ended, and another process may have ended some of them. */
  notice(interventions: number): void {
    this.#endedStored.clear();
    for (const [, own] of this.#open) own.isStored = true;
    if (interventions === this.#interventions) return;
    const open = this.#store.readOpen();
    for (const [id] of this.#open) if (!open.has(id)) this.#open.delete(id);
    this.#interventions = interventions;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  begin(id: string, reservation: NewReservation): void {
    this.#open.set(id, { ...reservation, isStored: false });
    this.#begun.push(id);
  }

  /** Ends a reservation, if it is one of this process's, and says what it was. */
  end(id: string): Reservation | undefined {
    const own = this.#open.get(id);
    if (own === undefined) return undefined;
    this.#open.delete(id);
    this.#ended.push([id, own]);
    if (own.isStored) this.#endedStored.add(id);
    return own;
  }

  /** Ends a reservation of another process, or an expired one: in the tables, at once. */
  endElsewhere(id: string): Reservation | undefined {
    if (this.#endedStored.has(id)) return undefined;
    const reservation = this.#store.takeReservation(id);
    if (reservation !== undefined) this.intervene();
    return reservation;
  }

  /** Says to all processes that reservations were ended which may be theirs. */
  intervene(): void {
    this.#interventions = this.#store.readMeta().interventions + 1;
    this.#store.writeInterventions(this.#interventions);
  }

  /** An expired reservation is from now on like another process's. */
  disown(id: string): void {
    const own = this.#open.get(id);
    if (own === undefined) return;
    this.#open.delete(id);
    this.#disowned.push([id, own]);
  }

  /** Writes to the tables what has begun and what has ended. */
  store(): void {
    // First, since an id may begin anew.
    for (const id of this.#endedStored) this.#store.deleteReservation(id);
    this.#endedStored.clear();
    for (const [id, own] of this.#open) {
      if (own.isStored) continue;
      this.#store.insertReservation(id, own);
      own.isStored = true;
    }
  }

  afterCommit(): void {
    this.#forgetChanges();
  }

  /** What the tables have is known again when it is next noticed. */
  afterRollback(): void {
    for (const [id, own] of this.#ended) this.#open.set(id, own);
    for (const [id, own] of this.#disowned) this.#open.set(id, own);
    for (const id of this.#begun) this.#open.delete(id);
    // Not the number that was written in vain: another process may write the same one.
    this.#interventions = -1;
    this.#forgetChanges();
  }

  #forgetChanges(): void {
    this.#begun = [];
    this.#ended = [];
    if (this.#disowned.length > 0) this.#disowned = [];
  }
}
