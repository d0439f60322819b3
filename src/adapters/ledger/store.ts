import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { decodeTaken, encodeTaken, type Reservation, type Taken } from './reservation.ts';
import { NO_SLOTS, type ScopeState } from './rules/scope-state.ts';

/** Raised when the tables change. */
const VERSION = 1;
const OPEN_TIMEOUT_MS = 10_000;

/** `meta` has one row; its watermark is the latest time at which the ledger forgot something. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS scopes (
    key TEXT PRIMARY KEY, counted_limit REAL NOT NULL, settled REAL NOT NULL, reserved REAL NOT NULL,
    seen_ms REAL NOT NULL, per_second REAL NOT NULL, idle_at_ms REAL, slots TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY, due_ms REAL NOT NULL, expired INTEGER NOT NULL, taken TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY, watermark_ms REAL NOT NULL) STRICT;
  INSERT OR IGNORE INTO meta VALUES (1, 0);
  PRAGMA user_version = ${VERSION};
`;

export interface DueReservation extends Reservation {
  readonly id: string;
}

/** The ledger's file. Knows SQL, and nothing of what is counted. Every method may throw what SQLite throws. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { timeout: OPEN_TIMEOUT_MS });
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      createTables(this.#db, file);
      // From here on nobody sleeps in SQLite: that would hold up every stream of the process.
      this.#db.exec('PRAGMA busy_timeout = 0');
      this.#statements = prepareStatements(this.#db);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  begin(): void {
    this.#statements.begin.get();
  }

  commit(): void {
    this.#statements.commit.get();
  }

  /** SQLite itself has rolled back after some errors. */
  rollback(): void {
    if (this.#db.isTransaction) this.#statements.rollback.get();
  }

  /** Changes when another connection has written. */
  readVersion(): number {
    return numberAt(this.#statements.version.get(), 0);
  }

  readWatermarkMs(): number {
    return numberAt(this.#statements.watermark.get(), 0);
  }

  writeWatermarkMs(watermarkMs: number): void {
    this.#statements.setWatermark.run(watermarkMs);
  }

  /** Writes without changing anything, to see whether that works. */
  touch(): void {
    this.#statements.touch.run();
  }

  readScope(key: string): ScopeState | undefined {
    const row = this.#statements.scope.get(key);
    return row === undefined ? undefined : readState(row);
  }

  writeScope(key: string, state: ScopeState | undefined): void {
    if (state === undefined) {
      this.#statements.deleteScope.run(key);
      return;
    }
    const { limit, settled, reserved, seenMs, perSecond, idleAtMs = null, slots } = state;
    const text = slots.length === 0 ? null : slots.join(' ');
    this.#statements.setScope.run(key, limit, settled, reserved, seenMs, perSecond, idleAtMs, text);
  }

  /** Whether the id was free. */
  insertReservation(id: string, dueMs: number, taken: readonly Taken[]): boolean {
    return this.#statements.insert.run(id, dueMs, encodeTaken(taken)).changes === 1;
  }

  /** Removes a reservation, open or expired. */
  takeReservation(id: string): Reservation | undefined {
    const row = this.#statements.take.get(id);
    return row === undefined ? undefined : readReservation(row);
  }

  findDue(nowMs: number, atMost: number): DueReservation[] {
    return this.#statements.due
      .all(nowMs, atMost)
      .map((row) => ({ id: String(valueAt(row, 2)), ...readReservation(row) }));
  }

  markExpired(id: string, forgetAtMs: number): void {
    this.#statements.markExpired.run(forgetAtMs, id);
  }

  deleteReservation(id: string): void {
    this.#statements.deleteReservation.run(id);
  }

  /** A stretch of the scopes after `afterKey`, and which of them are idle at a time. */
  scanIdle(request: { afterKey: string; nowMs: number; atMost: number }): { key: string; idle: boolean }[] {
    return this.#statements.idle
      .all(request.nowMs, request.afterKey, request.atMost)
      .map((row) => ({ key: String(valueAt(row, 0)), idle: valueAt(row, 1) === 1 }));
  }

  *readScopes(prefix: string): Generator<{ key: string; state: ScopeState }> {
    for (const row of this.#statements.scopes.iterate(prefix, prefix, prefix)) {
      yield { key: String(valueAt(row, 7)), state: readState(row) };
    }
  }

  close(): void {
    this.#db.close();
  }
}

function createTables(db: DatabaseSync, file: string): void {
  db.exec('BEGIN IMMEDIATE');
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > VERSION)
    throw new Error(`${file} was written by a newer Goldenpath: tables ${version}, known ${VERSION}`);
  db.exec(SCHEMA);
  db.exec('COMMIT');
}

function prepareStatements(db: DatabaseSync) {
  const columns = 'counted_limit, settled, reserved, seen_ms, per_second, idle_at_ms, slots';
  // Rows come as arrays: objects with named columns cost twice as much to make.
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    version: prepare('PRAGMA data_version'),
    watermark: prepare('SELECT watermark_ms FROM meta'),
    setWatermark: prepare('UPDATE meta SET watermark_ms = ?'),
    touch: prepare('UPDATE meta SET watermark_ms = watermark_ms'),
    scope: prepare(`SELECT ${columns} FROM scopes WHERE key = ?`),
    setScope: prepare('INSERT OR REPLACE INTO scopes VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    deleteScope: prepare('DELETE FROM scopes WHERE key = ?'),
    insert: prepare('INSERT OR IGNORE INTO reservations VALUES (?, ?, 0, ?)'),
    take: prepare('DELETE FROM reservations WHERE id = ? RETURNING expired, taken'),
    due: prepare('SELECT expired, taken, id FROM reservations WHERE due_ms <= ? LIMIT ?'),
    markExpired: prepare('UPDATE reservations SET expired = 1, due_ms = ? WHERE id = ?'),
    deleteReservation: prepare('DELETE FROM reservations WHERE id = ?'),
    idle: prepare(
      'SELECT key, idle_at_ms <= ? AND reserved = 0 FROM scopes WHERE key > ? ORDER BY key LIMIT ?',
    ),
    scopes: prepare(
      `SELECT ${columns}, key FROM scopes WHERE key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key`,
    ),
  };
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

function readState(row: unknown): ScopeState {
  const idleAt = valueAt(row, 5);
  const slots = valueAt(row, 6);
  return {
    limit: numberAt(row, 0),
    settled: numberAt(row, 1),
    reserved: numberAt(row, 2),
    seenMs: numberAt(row, 3),
    perSecond: numberAt(row, 4),
    idleAtMs: typeof idleAt === 'number' ? idleAt : undefined,
    slots: typeof slots === 'string' ? slots.split(' ').map(Number) : NO_SLOTS,
  };
}

function readReservation(row: unknown): Reservation {
  return {
    state: numberAt(row, 0) === 0 ? 'open' : 'expired',
    taken: decodeTaken(String(valueAt(row, 1))),
  };
}
