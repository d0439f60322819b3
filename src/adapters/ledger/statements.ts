import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Raised when the tables change. */
const VERSION = 2;
const OPEN_TIMEOUT_MS = 10_000;
/** Only where the checkpointer does not come to it: 256 MiB. */
const LAST_RESORT_PAGES = 65_536;

/**
 * The journal says what was booked since the other tables were written. `meta` has one row: the latest time at which the
 * ledger forgot something, and how often a process ended reservations that may be another's.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS scopes (
    key TEXT PRIMARY KEY, counted_limit REAL NOT NULL, settled REAL NOT NULL, reserved REAL NOT NULL,
    seen_ms REAL NOT NULL, per_second REAL NOT NULL, idle_at_ms REAL, slots TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reservations (
    id TEXT PRIMARY KEY, due_ms REAL NOT NULL, expired INTEGER NOT NULL, taken TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, lines TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS meta (
    id INTEGER PRIMARY KEY, watermark_ms REAL NOT NULL, interventions INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO meta VALUES (1, 0, 0);
  PRAGMA user_version = ${VERSION};
`;

/** From tables 1, which wrote every reservation when it began, and listed in \`ended\` which were over. */
const FROM_1 = `
  ALTER TABLE reservations RENAME TO old;
  CREATE TABLE reservations (
    id TEXT PRIMARY KEY, due_ms REAL NOT NULL, expired INTEGER NOT NULL, taken TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO reservations SELECT id, due_ms, expired, taken FROM old WHERE NOT EXISTS
    (SELECT 1 FROM ended WHERE ' ' || seqs || ' ' LIKE '% ' || seq || ' %');
  DROP TABLE old;
  DROP TABLE ended;
`;

const SCOPE_COLUMNS = 'counted_limit, settled, reserved, seen_ms, per_second, idle_at_ms, slots';

/** Opens the ledger's file, and makes it where it is not there. */
export function openDatabase(file: string, { fileBytes }: { fileBytes: number }): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: OPEN_TIMEOUT_MS });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    db.exec(`PRAGMA wal_autocheckpoint = ${LAST_RESORT_PAGES}`);
    db.exec('BEGIN IMMEDIATE');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > VERSION)
      throw new Error(`${file} was written by a newer Goldenpath: tables ${version}, known ${VERSION}`);
    if (version === 1) db.exec(FROM_1);
    db.exec(SCHEMA);
    db.exec('COMMIT');
    const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
    db.exec(`PRAGMA max_page_count = ${Math.ceil(fileBytes / pageBytes)}`);
    // From here on nobody sleeps in SQLite: that would hold up every stream of the process.
    db.exec('PRAGMA busy_timeout = 0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the ledger's file to read it alone. Throws where there is none. */
export function openReadOnly(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: OPEN_TIMEOUT_MS });
}

export type Statements = ReturnType<typeof prepareStatements>;

/** Every statement of the ledger. */
export function prepareStatements(db: DatabaseSync) {
  // Rows come as arrays: objects with named columns cost twice as much to make.
  const prepare = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    beginRead: prepare('BEGIN'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    version: prepare('PRAGMA data_version'),
    meta: prepare('SELECT watermark_ms, interventions FROM meta'),
    touch: prepare('UPDATE meta SET watermark_ms = watermark_ms'),
    setWatermark: prepare('UPDATE meta SET watermark_ms = ?'),
    setInterventions: prepare('UPDATE meta SET interventions = ?'),
    scope: prepare(`SELECT ${SCOPE_COLUMNS} FROM scopes WHERE key = ?`),
    setScope: prepare('INSERT OR REPLACE INTO scopes VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    deleteScope: prepare('DELETE FROM scopes WHERE key = ?'),
    idle: prepare(
      'SELECT key, idle_at_ms <= ? AND reserved = 0 FROM scopes WHERE key > ? ORDER BY key LIMIT ?',
    ),
    scopes: prepare(
      `SELECT ${SCOPE_COLUMNS}, key FROM scopes
       WHERE key >= ? AND key < ? || char(1114111) ORDER BY key`,
    ),
    insert: prepare('INSERT OR REPLACE INTO reservations VALUES (?, ?, 0, ?)'),
    reservation: prepare('SELECT expired, taken FROM reservations WHERE id = ?'),
    take: prepare('DELETE FROM reservations WHERE id = ? RETURNING expired, taken'),
    due: prepare('SELECT expired, taken, id FROM reservations WHERE due_ms <= ? LIMIT ?'),
    open: prepare('SELECT id FROM reservations WHERE expired = 0'),
    markExpired: prepare('UPDATE reservations SET expired = 1, due_ms = ? WHERE id = ?'),
    deleteReservation: prepare('DELETE FROM reservations WHERE id = ?'),
    journal: prepare('SELECT lines FROM journal ORDER BY number'),
    appendJournal: prepare('INSERT INTO journal (lines) VALUES (?)'),
    // Without a condition, for then SQLite lets go of the pages as they are.
    clearJournal: prepare('DELETE FROM journal'),
  };
}
