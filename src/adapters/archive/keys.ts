import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { hasKeyFiles } from './key-file.ts';
import { publishOnce, makeFolder } from '../local-state/files.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Wraps tenants' data keys. The local one holds a key file; on AWS it is KMS. */
export interface KeyWrapper {
  wrap(key: Buffer, context: string): Buffer;
  /** Throws when the bytes or the context are not those that were wrapped. */
  unwrap(wrapped: Buffer, context: string): Buffer;
}

/** Reads the master key under `keysDir`, or makes it (mode 0600) where there is none. */
export function loadMasterKey(keysDir: string): KeyWrapper {
  const file = path.join(keysDir, 'archive-master.key');
  makeFolder(keysDir, 0o700);
  if (!fs.existsSync(file) && hasKeyFiles(path.join(keysDir, 'archive'))) {
    // A new one would leave all that is archived unreadable, and say nothing.
    throw new Error(`${file} is gone, but tenants have keys that it wrapped: restore it from a backup`);
  }
  publishOnce(file, randomBytes(KEY_BYTES).toString('base64') + '\n');
  const bytes = Buffer.from(fs.readFileSync(file, 'utf8').trim(), 'base64');
  if (bytes.length !== KEY_BYTES) throw new Error(`${file} does not hold a 256-bit key in base64`);
  return wrapWith(createSecretKey(bytes));
}

function wrapWith(master: KeyObject): KeyWrapper {
  return {
    wrap(key, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', master, nonce);
      cipher.setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap(wrapped, context) {
      const decipher = createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
      return Buffer.concat([
        decipher.update(wrapped.subarray(NONCE_BYTES, wrapped.length - TAG_BYTES)),
        decipher.final(),
      ]);
    },
  };
}
