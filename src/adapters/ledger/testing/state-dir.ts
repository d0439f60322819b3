import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

const MEMORY = '/dev/shm';

/** An empty state folder; in memory where there is such a file system, because thousands are made. */
export function makeStateDir(): string {
  return mkdtempSync(path.join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'goldenpath-ledger-'));
}
