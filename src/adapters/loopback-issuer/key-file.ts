import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { makeFolder } from '../local-state/files.ts';

/** Where the key of the loopback issuer stands below a state directory. */
export function locateKeyFile(stateDir: string): string {
  return join(stateDir, 'keys', 'issuer.json');
}

/** Reads the private key of the loopback issuer, and makes it where there is none yet. */
export async function openKeyFile(stateDir: string): Promise<JWK> {
  const path = locateKeyFile(stateDir);
  return readKeyFile(path) ?? (await createKeyFile(path));
}

async function createKeyFile(path: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' };
  const key = { ...jwk, kid: await calculateJwkThumbprint(jwk) };
  makeFolder(dirname(path), 0o700);
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(key, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link is made whole or not at all, and never over another: the gateway and a command may start at once.
    linkSync(draft, path);
  } catch (error) {
    if (!isErrorCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft);
  }
  const written = readKeyFile(path);
  if (written === undefined) throw new Error(`${path} vanished while it was being made`);
  return written;
}

function readKeyFile(path: string): JWK | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  // Whoever can read this key can be anybody; Windows has no such bits.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Error(`${path} can be read by others than its owner. Run: chmod 600 ${path}`);
  }
  return parseKey(text, path);
}

function parseKey(text: string, path: string): JWK {
  const flaw = new Error(`${path} is not the key of a loopback issuer. Remove it, and a new one is made.`);
  let key: JWK;
  try {
    key = JSON.parse(text) as JWK; // checked on the next line
  } catch {
    throw flaw;
  }
  const isKey = key?.kty === 'EC' && key.crv === 'P-256' && [key.kid, key.d, key.x, key.y].every(isText);
  if (!isKey) throw flaw;
  return key;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

function isErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
