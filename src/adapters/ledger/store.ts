import type { DatabaseSync } from 'node:sqlite';
import type { NewReservation } from './book.ts';
import { parseKey } from './charges.ts';
import { decodeTaken, encodeTaken, type Reservation } from './reservation.ts';
import { restoreState, storeState } from './rules/rules.ts';
import { NO_SLOTS, type ScopeState } from './rules/scope-state.ts';
import { prepareStatements, type Statements } from './statements.ts';

/** A reservation whose time is over, open or remembered. */
export interface DueReservation extends Reservation {
  readonly id: string;
}

/** The ledger's file. Knows SQL, and nothing of what is counted. Every method may throw what SQLite throws. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#statements = prepareStatements(db);
  }

  begin(): void {
    this.#statements.begin.run();
  }

  /** Everything that is read until the commit is of one moment. Waits for nobody. */
  beginRead(): void {
    this.#statements.beginRead.run();
  }

  commit(): void {
    this.#statements.commit.run();
  }

  /** SQLite itself has rolled back after some errors. */
  rollback(): void {
    if (this.#db.isTransaction) this.#statements.rollback.run();
  }

  close(): void {
    this.#db.close();
  }

  /** Changes when another connection has written. */
  readVersion(): number {
    return numberAt(this.#statements.version.get(), 0);
  }

  readMeta(): { watermarkMs: number; interventions: number } {
    const row = this.#statements.meta.get();
    return { watermarkMs: numberAt(row, 0), interventions: numberAt(row, 1) };
  }

  writeWatermarkMs(watermarkMs: number): void {
    this.#statements.setWatermark.run(watermarkMs);
  }

  writeInterventions(interventions: number): void {
    this.#statements.setInterventions.run(interventions);
  }

  /** Writes without changing anything, to see whether that works. */
  touch(): void {
    this.#statements.touch.run();
  }

  readScope(key: string): ScopeState | undefined {
    const row = this.#statements.scope.get(key);
    return row === undefined ? undefined : toState(key, row);
  }

  writeScope(key: string, state: ScopeState | undefined): void {
    if (state === undefined) {
      this.#statements.deleteScope.run(key);
      return;
    }
    const { limit, settled, reserved, seenMs, perSecond, idleAtMs = null, slots } = storeState(state);
    const text = slots.length === 0 ? null : slots.join(' ');
    this.#statements.setScope.run(key, limit, settled, reserved, seenMs, perSecond, idleAtMs, text);
  }

  /** A stretch of the scopes after `afterKey`, and which of them are idle at a time. */
  scanIdle(request: { afterKey: string; nowMs: number; atMost: number }): { key: string; idle: boolean }[] {
    return this.#statements.idle
      .all(request.nowMs, request.afterKey, request.atMost)
      .map((row) => ({ key: String(valueAt(row, 0)), idle: valueAt(row, 1) === 1 }));
  }

  *readScopes(prefix: string): Generator<{ key: string; state: ScopeState }> {
    for (const row of this.#statements.scopes.iterate(prefix, prefix)) {
      const key = String(valueAt(row, 7));
      yield { key, state: toState(key, row) };
    }
  }

  insertReservation(id: string, reservation: NewReservation): void {
    this.#statements.insert.run(id, reservation.dueMs, encodeTaken(reservation));
  }

  /** Ids of all reservations that have not expired. */
  readOpen(): Set<string> {
    return new Set(this.#statements.open.all().map((row) => String(valueAt(row, 0))));
  }

  readReservation(id: string): Reservation | undefined {
    const row = this.#statements.reservation.get(id);
    return row === undefined ? undefined : toReservation(row);
  }

  /** Removes a reservation, open or expired. */
  takeReservation(id: string): Reservation | undefined {
    const row = this.#statements.take.get(id);
    return row === undefined ? undefined : toReservation(row);
  }

  readJournal(): string[] {
    return this.#statements.journal.all().map((row) => String(valueAt(row, 0)));
  }

  appendJournal(lines: string): void {
    this.#statements.appendJournal.run(lines);
  }

  clearJournal(): void {
    this.#statements.clearJournal.run();
  }

  findDue(nowMs: number, atMost: number): DueReservation[] {
    return this.#statements.due
      .all(nowMs, atMost)
      .map((row) => ({ ...toReservation(row), id: String(valueAt(row, 2)) }));
  }

  markExpired(id: string, forgetAtMs: number): void {
    this.#statements.markExpired.run(forgetAtMs, id);
  }

  deleteReservation(id: string): void {
    this.#statements.deleteReservation.run(id);
  }
}

/** A column of a row that came as an array, which the types do not know. */
function valueAt(row: unknown, column: number): unknown {
  return Array.isArray(row) ? row[column] : undefined;
}

function numberAt(row: unknown, column: number): number {
  const value = valueAt(row, column);
  if (typeof value !== 'number') throw new Error('the ledger holds something that it did not write');
  return value;
}

function toState(key: string, row: unknown): ScopeState {
  const idleAt = valueAt(row, 5);
  const slots = valueAt(row, 6);
  const stored = {
    limit: numberAt(row, 0),
    settled: numberAt(row, 1),
    reserved: numberAt(row, 2),
    seenMs: numberAt(row, 3),
    perSecond: numberAt(row, 4),
    idleAtMs: typeof idleAt === 'number' ? idleAt : undefined,
    slots: typeof slots === 'string' ? slots.split(' ').map(Number) : NO_SLOTS,
  };
  return restoreState(stored, parseKey(key));
}

function toReservation(row: unknown): Reservation {
  return {
    state: numberAt(row, 0) === 0 ? 'open' : 'expired',
    ...decodeTaken(String(valueAt(row, 1))),
  };
}
