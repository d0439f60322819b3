import * as fs from 'node:fs';

/** The calls that can fail when a disk is full or away; a test hands in ones that do. */
export type AuditFiles = Pick<typeof fs, 'openSync' | 'closeSync' | 'writeSync' | 'fdatasync' | 'fsyncSync'>;

/** The file system of the operating system. */
export const systemFiles: AuditFiles = fs;

/** Resolves when what was written to the file would survive a power cut. */
export function syncData(files: AuditFiles, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    files.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Makes the entries of a folder durable: a new file is lost in a power cut as long as its folder is not synced. */
export function syncFolderWith(files: AuditFiles, dir: string): void {
  const fd = files.openSync(dir, 'r');
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}

/** Writes all bytes at a position, whatever number of calls that takes. */
export function writeFully(
  files: AuditFiles,
  target: { fd: number; bytes: Uint8Array; position: number },
): void {
  let done = 0;
  while (done < target.bytes.length) {
    const written = files.writeSync(
      target.fd,
      target.bytes,
      done,
      target.bytes.length - done,
      target.position + done,
    );
    if (written === 0) throw new Error('the file system took no bytes');
    done += written;
  }
}
