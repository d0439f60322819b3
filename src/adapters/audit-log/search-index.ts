import * as fs from 'node:fs';
import * as path from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { AskedRequest } from '../../road/act.ts';
import type { ClosedRecord, Intent } from '../../road/record.ts';
import { describeFilter, type AttemptFilter } from './attempt-filter.ts';
import { describeSums, readSum, type CostKey, type CostSum } from './cost-sums.ts';
import { readUnverified } from './line.ts';
import { listSegments, listWriters, scanLines } from './read-log.ts';
import { makeFolder } from '../local-state/files.ts';

/** Raised when the tables change: an index of another version is thrown away and built again. */
const VERSION = 4;
const BUSY_TIMEOUT_MS = 60_000;

const SCHEMA = `
  CREATE TABLE segments (file TEXT PRIMARY KEY, offset INTEGER NOT NULL, lines INTEGER NOT NULL) STRICT;
  CREATE TABLE attempts (
    request_id TEXT PRIMARY KEY, started_at_ms INTEGER NOT NULL, tenant TEXT, subject TEXT, capability TEXT,
    workflow TEXT, route TEXT, outcome TEXT, code TEXT, feature TEXT, input_tokens INTEGER, output_tokens INTEGER,
    cost_micro_usd INTEGER, guard_micro_usd INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attempts_by_time ON attempts (started_at_ms);
  CREATE INDEX attempts_by_subject ON attempts (subject, started_at_ms);
  CREATE INDEX attempts_by_tenant ON attempts (tenant, started_at_ms);
  CREATE TABLE lines (
    request_id TEXT NOT NULL, kind TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL,
    length INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (request_id, file, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE feedback (
    request_id TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL, at_ms INTEGER NOT NULL, score REAL NOT NULL,
    PRIMARY KEY (request_id, file, offset)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

/** Where a line of the log stands. */
export interface IndexedLine {
  readonly kind: string;
  /** Relative to the log's folder. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** From 1. */
  readonly line: number;
}

/**
 * Finds lines by what their attempts are about. Only a shortcut into the segments, which it follows: the gateway
 * never writes it, and it may be deleted at any time.
 */
export class SearchIndex {
  readonly #auditDir: string;
  readonly #db: DatabaseSync;

  constructor({ auditDir, indexFile }: { auditDir: string; indexFile: string }) {
    this.#auditDir = auditDir;
    makeFolder(path.dirname(indexFile), 0o750);
    this.#db = openDatabase(indexFile);
  }

  /** Reads what was written since the last time. One process at a time; the others wait for it. */
  catchUp(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const statements = prepareStatements(this.#db);
      for (const writer of listWriters(this.#auditDir)) {
        for (const file of listSegments(path.join(this.#auditDir, writer)))
          this.#catchUpSegment(file, statements);
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Ids of the attempts that match, newest first. */
  findAttempts(filter: AttemptFilter): IterableIterator<string> {
    const { where, values } = describeFilter(filter);
    const rows = this.#db
      .prepare(`SELECT request_id FROM attempts ${where} ORDER BY started_at_ms DESC, request_id`)
      .iterate(...values);
    return rows.map((row) => String(row['request_id']));
  }

  /** Who made a request, and to what; undefined where it was nobody who proved who they are. */
  findAsked(requestId: string): AskedRequest | undefined {
    const row = this.#db
      .prepare('SELECT tenant, subject, capability FROM attempts WHERE request_id = ?')
      .get(requestId);
    const { tenant, subject, capability } = row ?? {};
    if (typeof tenant !== 'string' || typeof subject !== 'string') return undefined;
    return { requestId, tenant, subject, capability: typeof capability === 'string' ? capability : '' };
  }

  /** What attempts cost, by what they have in common; the dearest first, days in their order. */
  sumCosts(filter: AttemptFilter, by: CostKey): CostSum[] {
    const { where, values } = describeFilter(filter);
    return this.#db
      .prepare(describeSums(by, where))
      .all(...values)
      .map(readSum);
  }

  /** The lines that speak of a request, in the order of the log. */
  findLines(requestId: string): IndexedLine[] {
    const rows = this.#db
      .prepare('SELECT * FROM lines WHERE request_id = ? ORDER BY file, offset')
      .all(requestId);
    return rows.map((row) => ({
      kind: String(row['kind']),
      file: String(row['file']),
      offset: Number(row['offset']),
      length: Number(row['length']),
      line: Number(row['line']),
    }));
  }

  close(): void {
    this.#db.close();
  }

  #catchUpSegment(file: string, statements: Statements): void {
    const name = path.relative(this.#auditDir, file);
    const known = statements.segment.get(name);
    const from = Number(known?.['offset'] ?? 0);
    if (fs.statSync(file).size === from) return;
    let count = Number(known?.['lines'] ?? 0);
    const { end } = scanLines({ file, from }, ({ bytes, offset }) => {
      count += 1;
      const line = readUnverified(bytes);
      if (typeof line === 'string') return;
      const { record } = line;
      if (record.kind !== 'opened' && record.kind !== 'closed' && record.kind !== 'admin') return;
      if (record.requestId !== undefined)
        statements.addLine.run(record.requestId, record.kind, name, offset, bytes.length, count);
      if (record.kind === 'admin' && record.feedback !== undefined && record.requestId !== undefined)
        statements.addFeedback.run(record.requestId, name, offset, record.atMs, record.feedback.score);
      if (record.kind === 'closed') statements.addClosed.run(...describeAttempt(record));
      if (record.kind === 'opened') statements.addOpened.run(...describeAttempt(record));
    });
    statements.setSegment.run(name, end, count);
  }
}

interface Statements {
  readonly segment: StatementSync;
  readonly setSegment: StatementSync;
  readonly addLine: StatementSync;
  readonly addOpened: StatementSync;
  readonly addClosed: StatementSync;
  readonly addFeedback: StatementSync;
}

function prepareStatements(db: DatabaseSync): Statements {
  const columns = `(${Array.from({ length: ATTEMPT_COLUMNS }, () => '?').join(', ')})`;
  return {
    segment: db.prepare('SELECT offset, lines FROM segments WHERE file = ?'),
    setSegment: db.prepare('INSERT OR REPLACE INTO segments VALUES (?, ?, ?)'),
    addLine: db.prepare('INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?, ?, ?)'),
    // Writers are read one after the other, so a closed record may be seen before its intent: it stays.
    addOpened: db.prepare(`INSERT OR IGNORE INTO attempts VALUES ${columns}`),
    addClosed: db.prepare(`INSERT OR REPLACE INTO attempts VALUES ${columns}`),
    addFeedback: db.prepare('INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)'),
  };
}

const ATTEMPT_COLUMNS = 14;

function describeAttempt(record: Intent | ClosedRecord): SQLInputValue[] {
  const { requestId, startedAtMs, caller, capability, route } = record;
  const closed: Partial<ClosedRecord> = record.kind === 'closed' ? record : {};
  const { outcome, refusal, usage, costMicroUsd, guardMicroUsd } = closed;
  const who = [caller?.tenant, caller?.subject, capability, caller?.workflow, route, outcome, refusal?.code];
  const spent = [usage?.inputTokens, usage?.outputTokens, costMicroUsd, guardMicroUsd];
  const optional = [...who, record.feature, ...spent];
  return [requestId, Math.trunc(startedAtMs), ...optional.map((value) => value ?? null)];
}

function openDatabase(file: string): DatabaseSync {
  try {
    return prepareDatabase(file);
  } catch {
    // Damaged, or of another version: everything in it stands in the log.
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(`${file}${suffix}`, { force: true });
    return prepareDatabase(file);
  }
}

function prepareDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN IMMEDIATE');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    const isNew = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'] === 0;
    if (isNew) db.exec(SCHEMA);
    else if (version !== VERSION) throw new Error(`the index has version ${version}`);
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
