import { hash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isErrno, publishOnce, syncFolder, makeFolder } from '../local-state/files.ts';

/** A tenant's data key as it stands on the disk. */
export interface KeyFile {
  readonly tenant: string;
  readonly id: string;
  readonly createdAtMs: number;
  /** Base64 of what the wrapper made of the key. */
  readonly wrapped: string;
}

/** Where a tenant's keys are. Tenants may have any characters in their names, so that the folder is a hash. */
export function keyFolder(dir: string, tenant: string): string {
  return path.join(dir, hash('sha256', tenant).slice(0, 32));
}

/** The file of one key. */
export function keyFilePath(dir: string, { tenant, id }: { tenant: string; id: string }): string {
  return path.join(keyFolder(dir, tenant), `${id}.json`);
}

/** Whether any tenant has a key under the folder. */
export function hasKeyFiles(dir: string): boolean {
  return (
    fs.existsSync(dir) &&
    fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.json'))
  );
}

/** Writes a new key durably, before anything is sealed under it. */
export function writeKeyFile(dir: string, file: KeyFile): void {
  makeFolder(keyFolder(dir, file.tenant), 0o700);
  syncFolder(dir);
  publishOnce(keyFilePath(dir, file), `${JSON.stringify(file)}\n`);
}

/** A tenant's keys that can be read; one that a shred has overwritten but not yet unlinked is none. */
export function readKeyFiles(dir: string, tenant: string): KeyFile[] {
  const folder = keyFolder(dir, tenant);
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.flatMap((name) => readKeyFile(path.join(folder, name)) ?? []);
}

/** Overwrites a key with chance, durably, and then removes it. Nothing happens where it is gone already. */
export function destroyKeyFile(file: string): void {
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
    return undefined;
  }
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
