import * as fs from 'node:fs';
import * as path from 'node:path';
import { syncFolder } from '../local-state/files.ts';

/** A key that was destroyed. */
export interface Tombstone {
  readonly tenant: string;
  readonly key: string;
  readonly atMs: number;
}

/**
 * The keys that were shredded, in one file that only grows: a process sees by its size, before it seals, whether
 * another one shredded something, and a key that comes back from a backup stays refused.
 */
export class Tombstones {
  readonly #file: string;
  #keys: ReadonlySet<string> = new Set();
  #knownBytes = -1;

  constructor(file: string) {
    this.#file = file;
    this.refresh();
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Learns what other processes shredded; says whether there was anything new. Costs one `stat`. */
  refresh(): boolean {
    const bytes = fs.statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes === this.#knownBytes) return false;
    if (bytes < this.#knownBytes) throw new Error(`${this.#file} has shrunk: shredded keys would come back`);
    this.#keys = new Set(this.read().map((stone) => stone.key));
    this.#knownBytes = bytes;
    return true;
  }

  /** Adds tombstones durably. */
  add(stones: readonly Tombstone[]): void {
    const lines = stones.map((stone) => JSON.stringify(stone));
    // The first line feed ends what a crash may have left torn.
    fs.writeFileSync(this.#file, `\n${lines.join('\n')}\n`, { flag: 'a', mode: 0o600, flush: true });
    syncFolder(path.dirname(this.#file));
  }

  read(): Tombstone[] {
    if (!fs.existsSync(this.#file)) return [];
    return fs.readFileSync(this.#file, 'utf8').split('\n').flatMap(parseTombstone);
  }
}

/** A torn line is none: its shred reported no success, and did not destroy anything yet. */
function parseTombstone(line: string): Tombstone[] {
  try {
    const stone: unknown = JSON.parse(line);
    return isTombstone(stone) ? [stone] : [];
  } catch {
    return [];
  }
}

function isTombstone(value: unknown): value is Tombstone {
  if (typeof value !== 'object' || value === null) return false;
  const stone = value as Partial<Tombstone>; // narrowing an object to read its fields
  return typeof stone.tenant === 'string' && typeof stone.key === 'string' && typeof stone.atMs === 'number';
}
