import { DatabaseSync } from 'node:sqlite';

/** A lock that is held until it is released or its process dies. */
export interface ProcessLock {
  release(): void;
}

/**
 * Takes a lock between processes, or returns `undefined` when another one holds it after `waitMs`.
 *
 * Node has no flock, and a file with a process id in it lies after kill -9 once the id is used again, or when two
 * containers share the folder. SQLite locks its files through the kernel, which lets go of them at the moment the
 * process is gone: an exclusive transaction on an empty database that nobody ever writes is a lock.
 */
export function takeLock(file: string, { waitMs }: { waitMs: number }): ProcessLock | undefined {
  const db = new DatabaseSync(file, { timeout: waitMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => db.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
