import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isErrno, publishOnce, syncFolder } from '../local-state/files.ts';
import { folderOf, type KeyWrapper } from './keys.ts';

const KEY_BYTES = 32;
const NONCE_PREFIX_BYTES = 8;
const MAX_COUNTER = 2 ** 32;

/** A key that may seal, with nonces that never repeat under it. */
export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
  nextNonce(): Buffer;
}

interface KeyFile {
  readonly tenant: string;
  readonly id: string;
  readonly createdAtMs: number;
  readonly wrapped: string;
}

/** A key is in the tombstones, so what it sealed is gone for good. */
export const SHREDDED = Symbol('shredded');

/**
 * Data keys of tenants, wrapped, one file each. Tombstones stand in one file that only grows: a process sees by
 * its size, before it seals, whether another one shredded something, and a key that comes back from a backup
 * stays refused.
 */
export class TenantKeys {
  readonly #dir: string;
  readonly #tombstones: string;
  readonly #wrapper: KeyWrapper;
  readonly #sealing = new Map<string, SealingKey>();
  readonly #opening = new Map<string, KeyObject>();
  #shredded = new Set<string>();
  #tombstoneBytes = -1;

  constructor({ keysDir, wrapper }: { keysDir: string; wrapper: KeyWrapper }) {
    this.#dir = path.join(keysDir, 'archive');
    this.#tombstones = path.join(this.#dir, 'shredded.jsonl');
    this.#wrapper = wrapper;
    fs.mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    this.refresh();
    this.#finishShreds();
  }

  /** Learns what other processes shredded. To be called before sealing; costs one `stat`. */
  refresh(): void {
    const size = fs.statSync(this.#tombstones, { throwIfNoEntry: false })?.size ?? 0;
    if (size === this.#tombstoneBytes) return;
    if (size < this.#tombstoneBytes)
      throw new Error(`${this.#tombstones} has shrunk: shredded keys would come back`);
    this.#shredded = new Set(this.#readTombstones().map((stone) => stone.key));
    this.#sealing.clear();
    this.#opening.clear();
    this.#tombstoneBytes = size;
  }

  /** The tenant's key for new entries; made where there is none. */
  sealingKey(tenant: string, nowMs: number): SealingKey {
    const known = this.#sealing.get(tenant);
    if (known !== undefined) return known;
    const [newest] = this.#liveKeys(tenant).sort((a, b) => b.createdAtMs - a.createdAtMs);
    const file = newest ?? this.#makeKey(tenant, nowMs);
    const sealing = countNonces(file.id, this.#unwrap(file));
    this.#sealing.set(tenant, sealing);
    return sealing;
  }

  /** The key that sealed an entry. Throws where its file is lost without having been shredded. */
  openingKey(tenant: string, id: string): KeyObject | typeof SHREDDED {
    if (this.#shredded.has(id)) return SHREDDED;
    const known = this.#opening.get(id);
    if (known !== undefined) return known;
    const file = this.#liveKeys(tenant).find((candidate) => candidate.id === id);
    if (file === undefined)
      throw new Error(
        `the key ${id} of tenant ${tenant} is missing, but was not shredded: restore ${this.#folder(tenant)}`,
      );
    const key = this.#unwrap(file);
    this.#opening.set(id, key);
    return key;
  }

  /** Destroys all keys of a tenant. The tombstone comes first, so that a crash half-way leaves nothing usable. */
  shred(tenant: string, nowMs: number): number {
    const keys = this.#liveKeys(tenant);
    if (keys.length === 0) return 0;
    const lines = keys.map((key) => JSON.stringify({ tenant, key: key.id, atMs: nowMs }));
    // The first line feed ends what a crash may have left torn.
    fs.writeFileSync(this.#tombstones, `\n${lines.join('\n')}\n`, { flag: 'a', mode: 0o600, flush: true });
    syncFolder(this.#dir);
    for (const key of keys) destroyFile(this.#keyFile(tenant, key.id));
    this.refresh();
    return keys.length;
  }

  #finishShreds(): void {
    for (const { tenant, key } of this.#readTombstones()) destroyFile(this.#keyFile(tenant, key));
  }

  #readTombstones(): { tenant: string; key: string }[] {
    if (!fs.existsSync(this.#tombstones)) return [];
    return fs
      .readFileSync(this.#tombstones, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          const stone: unknown = JSON.parse(line);
          return isTombstone(stone) ? [stone] : [];
        } catch {
          return []; // a torn line: its keys were not destroyed yet, and its shred did not report success
        }
      });
  }

  #liveKeys(tenant: string): KeyFile[] {
    const folder = this.#folder(tenant);
    if (!fs.existsSync(folder)) return [];
    const names = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
    return names.flatMap((name) => {
      const file = readKeyFile(path.join(folder, name));
      return file === undefined || this.#shredded.has(file.id) ? [] : [file];
    });
  }

  #makeKey(tenant: string, nowMs: number): KeyFile {
    const id = randomBytes(8).toString('hex');
    const wrapped = this.#wrapper.wrap(randomBytes(KEY_BYTES), contextOf(tenant, id)).toString('base64');
    const file: KeyFile = { tenant, id, createdAtMs: nowMs, wrapped };
    fs.mkdirSync(this.#folder(tenant), { recursive: true, mode: 0o700 });
    syncFolder(this.#dir);
    publishOnce(this.#keyFile(tenant, id), `${JSON.stringify(file)}\n`);
    return file;
  }

  #unwrap(file: KeyFile): KeyObject {
    const { tenant, id, wrapped } = file;
    try {
      return createSecretKey(this.#wrapper.unwrap(Buffer.from(wrapped, 'base64'), contextOf(tenant, id)));
    } catch (error) {
      const message = `the key ${id} of tenant ${tenant} was changed, or belongs to another master key`;
      throw new Error(message, { cause: error });
    }
  }

  #folder(tenant: string): string {
    return path.join(this.#dir, folderOf(tenant));
  }

  #keyFile(tenant: string, id: string): string {
    return path.join(this.#folder(tenant), `${id}.json`);
  }
}

/** A key file that is moved to another tenant's folder must not unwrap there. */
function contextOf(tenant: string, id: string): string {
  return JSON.stringify(['goldenpath archive key', tenant, id]);
}

/** NIST SP 800-38D 8.2.1: a random prefix of this process, then a counter. */
function countNonces(id: string, key: KeyObject): SealingKey {
  let prefix = randomBytes(NONCE_PREFIX_BYTES);
  let count = 0;
  return {
    id,
    key,
    nextNonce() {
      if (count === MAX_COUNTER) [prefix, count] = [randomBytes(NONCE_PREFIX_BYTES), 0];
      const nonce = Buffer.allocUnsafe(NONCE_PREFIX_BYTES + 4);
      prefix.copy(nonce);
      nonce.writeUInt32BE(count++, NONCE_PREFIX_BYTES);
      return nonce;
    },
  };
}

function destroyFile(file: string): void {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r+');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  try {
    fs.writeSync(fd, randomBytes(Math.max(1, fs.fstatSync(fd).size)), 0, undefined, 0);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.unlinkSync(file);
  syncFolder(path.dirname(file));
}

function readKeyFile(file: string): KeyFile | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    return isKeyFile(value) ? value : undefined;
  } catch {
    return undefined; // overwritten by a shred that has not unlinked it yet
  }
}

function isTombstone(value: unknown): value is { tenant: string; key: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'tenant' in value &&
    typeof value.tenant === 'string' &&
    'key' in value &&
    typeof value.key === 'string'
  );
}

function isKeyFile(value: unknown): value is KeyFile {
  if (typeof value !== 'object' || value === null) return false;
  const file = value as Partial<KeyFile>; // narrowing an object to read its fields
  return (
    typeof file.tenant === 'string' &&
    typeof file.id === 'string' &&
    typeof file.createdAtMs === 'number' &&
    typeof file.wrapped === 'string'
  );
}
