import * as fs from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { KeptFlip } from '../../ports/switches.ts';
import { isSwitchKind, type Flip } from '../../road/switching.ts';

const BUSY_MS = 5_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS flips (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    actor TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL, recorded INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS flips_by_switch ON flips (kind, name, id);
  CREATE INDEX IF NOT EXISTS flips_unrecorded ON flips (id) WHERE recorded = 0;
`;

/** The file of the switches: every flip that ever was. The last one of a switch says how it stands. */
export class SwitchStore {
  readonly #file: string;
  readonly #inode: bigint;
  readonly #db: DatabaseSync;
  readonly #version: StatementSync;

  /** Throws where the file cannot be opened, or is no file of switches. */
  constructor(file: string) {
    this.#file = file;
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS });
    try {
      // FULL: a switch that was turned off stays off through a power cut.
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
      this.#version = this.#db.prepare('PRAGMA data_version');
      this.#inode = inodeOf(file);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Changes when another connection has written. Throws where the file is gone, or is another one by now. */
  readVersion(): number {
    if (inodeOf(this.#file) !== this.#inode) throw new Error(`${this.#file} was replaced`);
    return Number(this.#version.get()?.['data_version']);
  }

  readOff(): KeptFlip[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM flips WHERE id IN (SELECT max(id) FROM flips GROUP BY kind, name) AND state = 'off'
         ORDER BY kind, name`,
      )
      .all();
    return rows.map(readFlip);
  }

  readUnrecorded(beforeMs: number): KeptFlip[] {
    const rows = this.#db
      .prepare('SELECT * FROM flips WHERE recorded = 0 AND at_ms < ? ORDER BY id')
      .all(beforeMs);
    return rows.map(readFlip);
  }

  write(flip: Flip, { recorded }: { readonly recorded: boolean }): KeptFlip {
    const { kind, name, state, actor, reason, atMs } = flip;
    const { lastInsertRowid } = this.#db
      .prepare(
        'INSERT INTO flips (kind, name, state, actor, reason, at_ms, recorded) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(kind, name, state, actor, reason, Math.trunc(atMs), recorded ? 1 : 0);
    return { ...flip, id: Number(lastInsertRowid) };
  }

  markRecorded(id: number): void {
    this.#db.prepare('UPDATE flips SET recorded = 1 WHERE id = ?').run(id);
  }

  close(): void {
    this.#db.close();
  }
}

type Row = Record<string, unknown>;

/** A row that this version does not understand must not count as on. */
function readFlip(row: Row): KeptFlip {
  const { kind, state } = row;
  if (typeof kind !== 'string' || !isSwitchKind(kind) || (state !== 'off' && state !== 'on')) {
    throw new Error(`the switches hold a kind that is not known here: ${String(kind)}`);
  }
  return {
    id: Number(row['id']),
    kind,
    name: String(row['name']),
    state,
    actor: String(row['actor']),
    reason: String(row['reason']),
    atMs: Number(row['at_ms']),
  };
}

function inodeOf(file: string): bigint {
  return fs.statSync(file, { bigint: true }).ino;
}
