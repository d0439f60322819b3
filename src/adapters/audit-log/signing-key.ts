import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { publishOnce, makeFolder } from '../local-state/files.ts';

/** The key that signs checkpoints, and its id. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

const PUBLIC_KEY_FOLDER = 'public-keys';

/**
 * Reads the signing key under `<state>/keys`, or makes it (Ed25519, mode 0600) where there is none, and publishes
 * its public half beside the log.
 */
export function loadSigningKey({ stateDir }: { stateDir: string }): SigningKey {
  const file = path.join(stateDir, 'keys', 'audit-signing.pem');
  makeFolder(path.dirname(file), 0o700);
  if (!fs.existsSync(file)) publishOnce(file, makePrivateKeyPem());
  const privateKey = createPrivateKey(fs.readFileSync(file));
  const publicKey = createPublicKey(privateKey);
  const id = keyId(publicKey);
  const folder = publicKeyFolder(path.join(stateDir, 'audit'));
  makeFolder(folder, 0o755);
  const published = path.join(folder, `${id}.pem`);
  publishOnce(published, exportPem(publicKey));
  return { id, privateKey };
}

/** Where a log keeps the public keys of its checkpoints, `<id>.pem`. */
export function publicKeyFolder(auditDir: string): string {
  return path.join(auditDir, PUBLIC_KEY_FOLDER);
}

/** The first 16 hex digits of SHA-256 over the key's SubjectPublicKeyInfo. */
export function keyId(publicKey: KeyObject): string {
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16);
}

/** Reads the public keys beside a log, by id. What is no key, or not the one it is named after, is left out. */
export function readPublicKeys(folder: string): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  if (!fs.existsSync(folder)) return keys;
  for (const name of fs.readdirSync(folder)) {
    const key = readPublicKey(path.join(folder, name));
    if (key !== undefined && `${keyId(key)}.pem` === name) keys.set(keyId(key), key);
  }
  return keys;
}

function readPublicKey(file: string): KeyObject | undefined {
  try {
    return createPublicKey(fs.readFileSync(file));
  } catch {
    return undefined; // checkpoints that need it are reported as signed with an unknown key
  }
}

/** A public key as PEM. */
export function exportPem(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function makePrivateKeyPem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Reads the PEM of a public key that is trusted, whatever keys stand beside the log. */
export function readTrustedKey(file: string): Map<string, KeyObject> {
  const key = createPublicKey(fs.readFileSync(file));
  return new Map([[keyId(key), key]]);
}
