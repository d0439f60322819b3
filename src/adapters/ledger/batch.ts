import type { ExpiredReservation, ReserveResult, SettleRequest, Settlement } from '../../ports/ledger.ts';
import {
  bookLeftover,
  bookRelease,
  bookReservation,
  bookSettlement,
  describeSettlement,
  listUsed,
  type Books,
  type NewReservation,
  type ReserveOrder,
} from './book.ts';
import { Journal, replay } from './journal.ts';
import { OwnReservations } from './own-reservations.ts';
import type { Reservation } from './reservation.ts';
import type { ScopeState } from './rules/scope-state.ts';
import type { Store } from './store.ts';

/** Scopes that are remembered from one transaction to the next. Beyond that many, all are read anew. */
const MAX_REMEMBERED = 4096;
/** An expired reservation is remembered so long: its request may yet say what it really used. */
const KEEP_EXPIRED_MS = 24 * 60 * 60 * 1000;
const SWEEP_SCOPES = 2000;

/**
 * One transaction after the other. What is counted is remembered from one to the next, as long as no other process has
 * written meanwhile; what is booked is a line of the journal, and is written to the tables once in many transactions.
 * Who finds a journal writes its lines to the tables first.
 */
export class Batch implements Books {
  readonly #store: Store;
  readonly #own: OwnReservations;
  readonly #journalLines: number;
  readonly #journal = new Journal();
  readonly #scopes = new Map<string, ScopeState | undefined>();
  /** Scopes that stand in the tables as they once were. */
  readonly #unstored = new Set<string>();
  /** Whether this transaction writes the tables, because it has changed something there itself. */
  #stores = false;
  #hasBegun = false;
  #version: number | undefined;
  #watermarkMs = 0;
  #sweptKey = '';

  constructor(store: Store, limits: { readonly journalLines: number }) {
    this.#store = store;
    this.#journalLines = limits.journalLines;
    this.#own = new OwnReservations(store);
  }

  /** Throws where SQLite does. */
  begin(): void {
    this.#store.begin();
    this.#hasBegun = true;
    const version = this.#store.readVersion();
    if (version === this.#version) return;
    this.#scopes.clear();
    this.#unstored.clear();
    this.#journal.clear();
    const { watermarkMs, interventions } = this.#store.readMeta();
    this.#watermarkMs = watermarkMs;
    const texts = this.#store.readJournal();
    if (texts.length > 0) {
      replay(texts, this.#tables());
      this.#stores = true;
    }
    this.#own.notice(interventions);
    this.#version = version;
  }

  commit(): void {
    const isFull = this.#scopes.size > MAX_REMEMBERED || this.#journal.length > this.#journalLines;
    if (this.#stores || isFull) this.#storeAll();
    else {
      const lines = this.#journal.take();
      if (lines !== '') this.#store.appendJournal(lines);
    }
    this.#store.commit();
    this.#hasBegun = false;
    this.#stores = false;
    this.#own.afterCommit();
    if (this.#scopes.size > MAX_REMEMBERED) this.#scopes.clear();
  }

  rollback(): void {
    if (!this.#hasBegun) return; // another process holds the ledger, and nothing that is known has changed
    this.#hasBegun = false;
    this.#stores = false;
    this.#version = undefined;
    this.#own.afterRollback();
    this.#store.rollback();
  }

  /** Writes without changing anything, to see whether that works. */
  touch(): void {
    this.#store.touch();
  }

  /** Whether this process has booked what is not in the tables yet. */
  get isJournaled(): boolean {
    return this.#journal.length > 0;
  }

  /** Has this transaction write the tables. */
  store(): void {
    this.#stores = true;
  }

  /** Throws where this process holds the id already. */
  reserve(order: ReserveOrder): ReserveResult {
    if (this.#own.has(order.id)) throw new Error(`${order.id} is reserved already`);
    const result = bookReservation(this, order);
    if (result.ok) this.#journal.reserve(order);
    return result;
  }

  settle({ id, nowMs, actual }: SettleRequest): Settlement {
    const reservation = this.end(id);
    if (reservation === undefined) return { state: 'unknown', exceeded: [] };
    const used = listUsed(reservation, actual);
    this.#journal.settle(id, nowMs, used);
    return describeSettlement(reservation, bookSettlement(this, { reservation, used, nowMs }));
  }

  release(id: string, nowMs: number): void {
    const reservation = this.end(id);
    if (reservation === undefined) return;
    this.#journal.release(id, nowMs);
    bookRelease(this, reservation, nowMs);
  }

  /** Settles leftovers in full, at most so many, and forgets what is idle. */
  expire(nowMs: number, atMost: number): { expired: ExpiredReservation[]; more: boolean } {
    this.#stores = true;
    if (nowMs > this.#watermarkMs) {
      this.#watermarkMs = nowMs;
      this.#store.writeWatermarkMs(nowMs);
    }
    const timeMs = this.clampMs(nowMs);
    this.#own.store();
    const due = this.#store.findDue(timeMs, atMost);
    const expired: ExpiredReservation[] = [];
    for (const { id, ...reservation } of due) {
      if (reservation.state === 'expired') {
        this.#store.deleteReservation(id);
        continue;
      }
      expired.push(bookLeftover(this, id, reservation, timeMs));
      this.#store.markExpired(id, timeMs + KEEP_EXPIRED_MS);
      this.#own.disown(id);
    }
    if (expired.length > 0) this.#own.intervene();
    const more = due.length === atMost;
    if (!more) this.#sweepIdle(SWEEP_SCOPES);
    return { expired, more };
  }

  clampMs(nowMs: number): number {
    return Math.max(nowMs, this.#watermarkMs);
  }

  read(key: string): ScopeState | undefined {
    const known = this.#scopes.get(key);
    if (known !== undefined || this.#scopes.has(key)) return known;
    const state = this.#store.readScope(key);
    this.#scopes.set(key, state);
    return state;
  }

  write(key: string, state: ScopeState | undefined): void {
    this.#scopes.set(key, state);
    this.#unstored.add(key);
  }

  hold(id: string, reservation: NewReservation): void {
    this.#own.begin(id, reservation);
  }

  end(id: string): Reservation | undefined {
    const own = this.#own.end(id);
    if (own !== undefined) return own;
    const other = this.#own.endElsewhere(id);
    if (other !== undefined) this.#stores = true;
    return other;
  }

  /** Where every reservation is another process's. */
  #tables(): Books {
    return {
      clampMs: (nowMs) => this.clampMs(nowMs),
      read: (key) => this.read(key),
      write: (key, state) => this.write(key, state),
      hold: (id, reservation) => this.#store.insertReservation(id, reservation),
      end: (id) => this.#store.takeReservation(id),
    };
  }

  #storeAll(): void {
    for (const key of this.#unstored) this.#store.writeScope(key, this.#scopes.get(key));
    this.#unstored.clear();
    this.#own.store();
    this.#store.clearJournal();
    this.#journal.clear();
  }

  /** Deletes idle scopes of the next stretch, round and round, so that no call has to look at all of them. */
  #sweepIdle(atMost: number): void {
    const rows = this.#store.scanIdle({ afterKey: this.#sweptKey, nowMs: this.#watermarkMs, atMost });
    for (const { key, idle } of rows) {
      if (idle && !this.#unstored.has(key)) this.write(key, undefined);
    }
    this.#sweptKey = rows.length < atMost ? '' : (rows.at(-1)?.key ?? '');
  }
}
