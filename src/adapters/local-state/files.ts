import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Puts a whole file in place under a name that is free; where the name is taken, what is there stays. */
export function publishOnce(file: string, text: string): void {
  if (fs.existsSync(file)) return;
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  fs.writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link fails where the name exists, so that of two processes that start together one wins.
    fs.linkSync(draft, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    fs.unlinkSync(draft);
  }
  syncFolder(path.dirname(file));
}

/**
 * Makes a folder and those above it, readable by `mode` alone. Node's own `recursive` never ends where a parent exists
 * that takes no entries, as below `/proc`.
 */
export function makeFolder(dir: string, mode: number): void {
  if (fs.existsSync(dir)) return;
  const parent = path.dirname(dir);
  if (parent !== dir) makeFolder(parent, mode);
  try {
    fs.mkdirSync(dir, { mode });
  } catch (error) {
    // Another process may have been first.
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** Makes a folder's entries durable: a new file is lost in a power cut as long as its folder is not synced. */
export function syncFolder(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether an error of the file system has this code. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** Reads a part of a file; fewer bytes where it ends before. */
export function readAt(fd: number, range: { offset: number; length: number }): Buffer {
  const bytes = Buffer.allocUnsafe(range.length);
  let done = 0;
  while (done < range.length) {
    const read = fs.readSync(fd, bytes, done, range.length - done, range.offset + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
