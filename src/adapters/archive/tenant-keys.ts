import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import * as path from 'node:path';
import {
  destroyKeyFile,
  keyFilePath,
  keyFolder,
  readKeyFiles,
  writeKeyFile,
  type KeyFile,
} from './key-file.ts';
import type { KeyWrapper } from './keys.ts';
import { Tombstones } from './tombstones.ts';
import { makeFolder } from '../local-state/files.ts';

const KEY_BYTES = 32;
const NONCE_PREFIX_BYTES = 8;
const MAX_COUNTER = 2 ** 32;

/** A key that may seal, with nonces that never repeat under it. */
export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
  nextNonce(): Buffer;
}

/** A key is in the tombstones, so what it sealed is gone for good. */
export const SHREDDED = Symbol('shredded');

/** Data keys of tenants: wrapped on the disk, one file each, and in the clear in memory alone. */
export class TenantKeys {
  readonly #dir: string;
  readonly #tombstones: Tombstones;
  readonly #wrapper: KeyWrapper;
  readonly #sealing = new Map<string, SealingKey>();
  readonly #opening = new Map<string, KeyObject>();

  constructor({ keysDir, wrapper }: { keysDir: string; wrapper: KeyWrapper }) {
    this.#dir = path.join(keysDir, 'archive');
    this.#wrapper = wrapper;
    makeFolder(this.#dir, 0o700);
    this.#tombstones = new Tombstones(path.join(this.#dir, 'shredded.jsonl'));
    // A shred that was cut off after its tombstone is finished here.
    for (const { tenant, key } of this.#tombstones.read())
      destroyKeyFile(keyFilePath(this.#dir, { tenant, id: key }));
  }

  /** Forgets keys that other processes shredded. To be called before sealing. */
  refresh(): void {
    if (!this.#tombstones.refresh()) return;
    this.#sealing.clear();
    this.#opening.clear();
  }

  /** The tenant's key for new entries; made where there is none. */
  sealingKey(tenant: string, nowMs: number): SealingKey {
    const known = this.#sealing.get(tenant);
    if (known !== undefined) return known;
    const [newest] = this.#liveKeys(tenant).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    const file = newest ?? this.#makeKey(tenant, nowMs);
    const sealing = countNonces(file.id, this.#unwrap(file));
    this.#sealing.set(tenant, sealing);
    return sealing;
  }

  /** The key that sealed an entry. Throws where its file is lost without having been shredded. */
  openingKey(tenant: string, id: string): KeyObject | typeof SHREDDED {
    if (this.#tombstones.has(id)) return SHREDDED;
    const known = this.#opening.get(id);
    if (known !== undefined) return known;
    const file = this.#liveKeys(tenant).find((candidate) => candidate.id === id);
    if (file === undefined) {
      const folder = keyFolder(this.#dir, tenant);
      throw new Error(
        `the key ${id} of tenant ${tenant} is missing, but was not shredded: restore ${folder}`,
      );
    }
    const key = this.#unwrap(file);
    this.#opening.set(id, key);
    return key;
  }

  /** Destroys all keys of a tenant. The tombstone comes first, so that a crash half-way leaves nothing usable. */
  shred(tenant: string, nowMs: number): number {
    this.refresh();
    const keys = this.#liveKeys(tenant);
    if (keys.length === 0) return 0;
    this.#tombstones.add(keys.map(({ id }) => ({ tenant, key: id, atMs: nowMs })));
    for (const { id } of keys) destroyKeyFile(keyFilePath(this.#dir, { tenant, id }));
    this.refresh();
    return keys.length;
  }

  #liveKeys(tenant: string): KeyFile[] {
    return readKeyFiles(this.#dir, tenant).filter(({ id }) => !this.#tombstones.has(id));
  }

  #makeKey(tenant: string, nowMs: number): KeyFile {
    // By chance, so that a shredded id never comes back.
    const id = randomBytes(8).toString('hex');
    const wrapped = this.#wrapper.wrap(randomBytes(KEY_BYTES), contextOf(tenant, id)).toString('base64');
    const file = { tenant, id, createdAtMs: nowMs, wrapped };
    writeKeyFile(this.#dir, file);
    return file;
  }

  #unwrap({ tenant, id, wrapped }: KeyFile): KeyObject {
    try {
      return createSecretKey(this.#wrapper.unwrap(Buffer.from(wrapped, 'base64'), contextOf(tenant, id)));
    } catch (error) {
      const message = `the key ${id} of tenant ${tenant} was changed, or belongs to another master key`;
      throw new Error(message, { cause: error });
    }
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
