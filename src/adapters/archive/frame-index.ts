import * as fs from 'node:fs';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FrameHeader } from './frame.ts';
import { scanFrames } from './scan-frames.ts';
import { makeFolder } from '../local-state/files.ts';

const BUSY_TIMEOUT_MS = 10_000;

/** Where a frame stands. */
export interface FramePlace {
  /** Relative to the archive's folder. */
  readonly file: string;
  readonly offset: number;
  readonly frameBytes: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files (file TEXT PRIMARY KEY, offset INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS frames (
    request_id TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL, frame_bytes INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (request_id, file, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS frames_by_file ON frames (file);
`;

/** Finds frames by request id. Only a shortcut: it may be deleted at any time and is then built again. */
export class FrameIndex {
  readonly #archiveDir: string;
  readonly #db: DatabaseSync;

  constructor({ archiveDir, indexFile }: { archiveDir: string; indexFile: string }) {
    this.#archiveDir = archiveDir;
    makeFolder(path.dirname(indexFile), 0o750);
    this.#db = new DatabaseSync(indexFile, { timeout: BUSY_TIMEOUT_MS });
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    this.#db.exec(SCHEMA);
  }

  /** Where the request's frames stand, after a look at what was written since. */
  find(requestId: string): FramePlace[] {
    this.#catchUp();
    const rows = this.#db
      .prepare('SELECT file, offset, frame_bytes FROM frames WHERE request_id = ? ORDER BY file, offset')
      .all(requestId);
    return rows.map((row) => ({
      file: String(row['file']),
      offset: Number(row['offset']),
      frameBytes: Number(row['frame_bytes']),
    }));
  }

  /** Forgets a file that was deleted; returns how many entries it had. */
  forget(file: string): number {
    this.#catchUp();
    const row = this.#db.prepare('SELECT sum(entries) AS entries FROM frames WHERE file = ?').get(file);
    this.#db.prepare('DELETE FROM frames WHERE file = ?').run(file);
    this.#db.prepare('DELETE FROM files WHERE file = ?').run(file);
    return Number(row?.['entries'] ?? 0);
  }

  close(): void {
    this.#db.close();
  }

  #catchUp(): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const file of listFrameFiles(this.#archiveDir)) {
        // Another process may have expired the file since it was listed.
        if (fs.existsSync(path.join(this.#archiveDir, file))) this.#catchUpFile(file);
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #catchUpFile(file: string): void {
    const from = Number(
      this.#db.prepare('SELECT offset FROM files WHERE file = ?').get(file)?.['offset'] ?? 0,
    );
    const insert = this.#db.prepare('INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?)');
    const end = scanFrames({ file: path.join(this.#archiveDir, file), from }, (frame) => {
      for (const [requestId, entries] of countByRequest(frame.header)) {
        insert.run(requestId, file, frame.offset, frame.frameBytes, entries);
      }
    });
    if (end !== from) this.#db.prepare('INSERT OR REPLACE INTO files VALUES (?, ?)').run(file, end);
  }
}

function countByRequest(header: FrameHeader): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { requestId } of header.entries) counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
  return counts;
}

/** The archive's files, relative to its folder: one folder for each day on which retention ends. */
export function listFrameFiles(archiveDir: string): string[] {
  if (!fs.existsSync(archiveDir)) return [];
  return fs
    .readdirSync(archiveDir)
    .sort()
    .flatMap((day) => fs.readdirSync(path.join(archiveDir, day)).map((name) => path.join(day, name)));
}
