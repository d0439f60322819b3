import * as path from 'node:path';
import { openFile, syncData, syncFolderEntries, writeFully, type AuditFiles } from './file-system.ts';

/** The file name of a writer's n-th segment. */
export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.jsonl`;
}

/**
 * A segment is made so much longer with zeros whenever what is written comes to its end: a sync that need not say how long
 * the file has become takes less time, and leaves the rest of the file system alone.
 */
const AHEAD = Buffer.alloc(256 * 1024);

/**
 * Puts bytes into one writer's segment files at positions that it counts itself, so that a write which failed
 * half-way is simply done again over its torn part. What is not yet synced is kept: after a failed sync the
 * kernel may have dropped those pages and called them clean, so they are written anew before the next sync.
 */
export class SegmentWriter {
  readonly #files: AuditFiles;
  readonly #dir: string;
  #fd: number | undefined;
  #next: Promise<number> | undefined;
  #number = 0;
  #size = 0;
  #durableSize = 0;
  /** Up to where the file is zeros beyond what is written. */
  #zeroedTo = 0;
  #unsynced: Buffer[] = [];
  #mustRewrite = false;

  constructor(options: { files: AuditFiles; dir: string }) {
    this.#files = options.files;
    this.#dir = options.dir;
  }

  /** Number of the segment that is written now, from 1. */
  get number(): number {
    return this.#number;
  }

  /** Bytes of the segment so far. */
  get size(): number {
    return this.#size;
  }

  /** Makes the segment durable and begins the next one. May be called again after a failure. */
  async startNext(): Promise<void> {
    if (this.#fd !== undefined) {
      await this.sync();
      this.trim();
      this.#files.closeSync(this.#fd);
      this.#fd = undefined;
    }
    this.prepareNext();
    try {
      this.#fd = await this.#next;
      this.#number += 1;
    } finally {
      // Not before the number has moved on: the next one prepared would else be this very file, emptied.
      this.#next = undefined;
    }
    this.#size = 0;
    this.#durableSize = 0;
    this.#zeroedTo = 0;
  }

  /** Creates the file of the next segment ahead of time, since that may take as long as many syncs. */
  prepareNext(): void {
    if (this.#next !== undefined) return;
    this.#next = this.#create(this.#number + 1);
    this.#next.catch(() => undefined); // whoever starts the segment hears of it
  }

  /** Hands bytes to the operating system. Throws; the same call may then be made again. Keeps `bytes`. */
  write(bytes: Buffer): void {
    const fd = this.#openFile();
    this.#rewriteUnsynced(fd);
    if (this.#size + bytes.length > this.#zeroedTo) this.#zeroAhead(fd);
    writeFully(this.#files, { fd, bytes, position: this.#size });
    this.#size += bytes.length;
    this.#unsynced.push(bytes);
  }

  /**
   * Resolves when all that was written before would survive a power cut; returns the buffers it kept until now. More may
   * be written meanwhile, but nothing else may be synced.
   */
  async sync(): Promise<readonly Buffer[]> {
    const fd = this.#openFile();
    this.#rewriteUnsynced(fd);
    const [covered, size] = [this.#unsynced, this.#size];
    this.#unsynced = [];
    try {
      await syncData(this.#files, fd);
    } catch (error) {
      this.#unsynced = [...covered, ...this.#unsynced];
      this.#mustRewrite = true;
      throw error;
    }
    this.#durableSize = size;
    return covered;
  }

  /** Takes away the zeros after what is written. Without it they stay, and whoever reads passes over them. */
  trim(): void {
    if (this.#fd === undefined || this.#zeroedTo <= this.#size) return;
    this.#files.ftruncateSync(this.#fd, this.#size);
    this.#zeroedTo = 0;
  }

  /** Lets go of the files. */
  close(): void {
    if (this.#fd !== undefined) this.#files.closeSync(this.#fd);
    this.#fd = undefined;
    this.#next?.then(
      (fd) => this.#files.closeSync(fd),
      () => undefined,
    );
    this.#next = undefined;
  }

  async #create(number: number): Promise<number> {
    // Not 'wx': a failed start may have left the file behind, empty. Not 'a': the kernel would ignore positions.
    const file = { path: path.join(this.#dir, segmentName(number)), flags: 'w', mode: 0o640 };
    const fd = await openFile(this.#files, file);
    try {
      await syncFolderEntries(this.#files, this.#dir);
    } catch (error) {
      this.#files.closeSync(fd);
      throw error;
    }
    return fd;
  }

  #zeroAhead(fd: number): void {
    const position = Math.max(this.#zeroedTo, this.#size);
    try {
      writeFully(this.#files, { fd, bytes: AHEAD, position });
      this.#zeroedTo = position + AHEAD.length;
    } catch {
      // A disk with no room for zeros may have some for lines; they say it where it has not.
    }
  }

  #openFile(): number {
    if (this.#fd === undefined) throw new Error('no segment is open');
    return this.#fd;
  }

  #rewriteUnsynced(fd: number): void {
    if (!this.#mustRewrite) return;
    let position = this.#durableSize;
    for (const bytes of this.#unsynced) {
      writeFully(this.#files, { fd, bytes, position });
      position += bytes.length;
    }
    this.#mustRewrite = false;
  }
}
