import type { Reservation, Taken } from './reservation.ts';
import { Seats } from './seats.ts';
import type { Store } from './store.ts';

/** Ended reservations that are listed before they are deleted together. */
const PURGE_AFTER = 1024;
/** Ids of ended reservations that are remembered, twice: a second ending is common, and shall not search the store. */
const REMEMBERED_ENDINGS = 4096;

interface Own {
  readonly seq: number;
  readonly taken: readonly Taken[];
}

/**
 * The reservations that this process made: it knows them by heart, and writes that they began and that they ended.
 * Those of other processes, and expired ones, are looked up in the store, which is slow and rare.
 */
export class OwnReservations {
  readonly #store: Store;
  readonly #open = new Seats<Own>();
  #endedNow: number[] = [];
  #listed = 0;
  /** What this transaction changed in memory, until it is committed. */
  #begun: string[] = [];
  #ended: [id: string, own: Own][] = [];
  #disowned: [id: string, own: Own][] = [];
  #endings = new Set<string>();
  #olderEndings = new Set<string>();
  #interventions = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Another process may have ended reservations of this one. */
  notice(interventions: number): void {
    if (interventions === this.#interventions) return;
    const open = this.#store.readOpen();
    for (const [id, { seq }] of this.#open) if (open.get(seq) !== id) this.#open.delete(id);
    this.#interventions = interventions;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  begin(request: { id: string; dueMs: number; taken: readonly Taken[] }): void {
    const seq = this.#store.insertReservation(request);
    this.#open.set(request.id, { seq, taken: request.taken });
    this.#begun.push(request.id);
  }

  /** Ends a reservation of whichever process, and says what it was. */
  end(id: string): Reservation | undefined {
    const own = this.#open.get(id);
    if (own === undefined) return this.#wasEnded(id) ? undefined : this.#endElsewhere(id);
    this.#open.delete(id);
    this.#ended.push([id, own]);
    this.#endedNow.push(own.seq);
    return { state: 'open', taken: own.taken };
  }

  /** Says to all processes that reservations were ended which may be theirs. */
  intervene(): void {
    this.#interventions = this.#store.readMeta().interventions + 1;
    this.#store.writeInterventions(this.#interventions);
  }

  /** An expired reservation is from now on like another process's. */
  disown({ id, seq }: { id: string; seq: number }): void {
    const own = this.#open.get(id);
    if (own?.seq !== seq) return;
    this.#open.delete(id);
    this.#disowned.push([id, own]);
  }

  /** Writes what has ended. After that the store's reservations are the open and the expired ones. */
  purge(): void {
    this.#list();
    this.#store.purgeEnded();
    this.#listed = 0;
  }

  /** Writes what has ended, for others to see should this process die. */
  beforeCommit(): void {
    this.#list();
    if (this.#listed >= PURGE_AFTER) this.purge();
  }

  afterCommit(): void {
    for (const [id] of this.#ended) this.#remember(id);
    this.#forgetChanges();
  }

  afterRollback(): void {
    for (const [id, own] of this.#ended) this.#open.set(id, own);
    for (const [id, own] of this.#disowned) this.#open.set(id, own);
    for (const id of this.#begun) this.#open.delete(id);
    this.#endedNow = [];
    // Not the number that was written in vain: another process may write the same one.
    this.#interventions = -1;
    this.#forgetChanges();
  }

  #forgetChanges(): void {
    this.#begun = [];
    this.#ended = [];
    if (this.#disowned.length > 0) this.#disowned = [];
  }

  #endElsewhere(id: string): Reservation | undefined {
    this.purge();
    const reservation = this.#store.takeReservation(id);
    if (reservation !== undefined) this.intervene();
    return reservation;
  }

  #list(): void {
    if (this.#endedNow.length === 0) return;
    this.#store.endReservations(this.#endedNow);
    this.#listed += this.#endedNow.length;
    this.#endedNow = [];
  }

  #wasEnded(id: string): boolean {
    return this.#endings.has(id) || this.#olderEndings.has(id);
  }

  #remember(id: string): void {
    this.#endings.add(id);
    if (this.#endings.size < REMEMBERED_ENDINGS) return;
    this.#olderEndings = this.#endings;
    this.#endings = new Set();
  }
}
