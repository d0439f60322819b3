import * as fs from 'node:fs';

/** The calls that can fail when a disk is full or away; a test hands in ones that do. */
export interface AuditFiles extends Pick<
  typeof fs,
  'open' | 'openSync' | 'closeSync' | 'writeSync' | 'ftruncateSync' | 'fsync'
> {
  readonly fdatasync: (fd: number, done: (error: Error | null) => void) => void;
}

/** A sync that takes no longer is waited for: to hand it to another thread, and to hear of it, takes as long. */
const QUICK_SYNC_MS = 0.5;

/** The file system of the operating system. Syncs hold up this thread as long as the disk is quick. */
export function openSystemFiles(): AuditFiles {
  let lastSyncMs = Number.POSITIVE_INFINITY;
  const measure = (startedMs: number) => {
    lastSyncMs = performance.now() - startedMs;
  };
  return {
    ...fs,
    fdatasync: (fd, done) => {
      const startedMs = performance.now();
      if (lastSyncMs <= QUICK_SYNC_MS) {
        const error = syncHere(fd);
        measure(startedMs);
        done(error);
        return;
      }
      fs.fdatasync(fd, (error) => {
        measure(startedMs);
        done(error);
      });
    },
  };
}

function syncHere(fd: number): Error | null {
  try {
    fs.fdatasyncSync(fd);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Opens a file without holding up the event loop: creating one may wait for the file system's journal. */
export function openFile(
  files: AuditFiles,
  file: { path: string; flags: string; mode?: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    files.open(file.path, file.flags, file.mode, (error, fd) =>
      error === null ? resolve(fd) : reject(error),
    );
  });
}

/** Resolves when what was written to the file would survive a power cut. */
export function syncData(files: AuditFiles, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    files.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Makes the entries of a folder durable: a new file is lost in a power cut as long as its folder is not synced. */
export async function syncFolderEntries(files: AuditFiles, dir: string): Promise<void> {
  const fd = await openFile(files, { path: dir, flags: 'r' });
  try {
    await new Promise<void>((resolve, reject) => {
      files.fsync(fd, (error) => (error === null ? resolve() : reject(error)));
    });
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
    const { fd, bytes, position } = target;
    const written = files.writeSync(fd, bytes, done, bytes.length - done, position + done);
    if (written === 0) throw new Error('the file system took no bytes');
    done += written;
  }
}
