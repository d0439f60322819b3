import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeFolder } from '../local-state/files.ts';

const DAY_MS = 86_400_000;

interface OpenFile {
  readonly fd: number;
  size: number;
  dirty: boolean;
}

/** The UTC day of a time, counted from 1970. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** Whether the day that a folder is named after is over. */
export function isDayOver(folder: string, nowMs: number): boolean {
  return Date.parse(`${folder}T00:00:00Z`) + DAY_MS <= nowMs;
}

/** This process's files of the archive, one for each day on which retention ends. */
export class FrameFiles {
  readonly #archiveDir: string;
  readonly #name: string;
  readonly #open = new Map<number, OpenFile>();

  constructor({ archiveDir, writer }: { archiveDir: string; writer: string }) {
    this.#archiveDir = archiveDir;
    this.#name = `${writer}.gpa`;
  }

  /** Appends whole frames with one write. After a failure the next write begins at the same place. */
  append(day: number, frames: readonly Buffer[]): void {
    const file = this.#open.get(day) ?? this.#create(day);
    const bytes = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
    let done = 0;
    while (done < bytes.length) {
      done += fs.writeSync(file.fd, bytes, done, bytes.length - done, file.size + done);
    }
    file.size += bytes.length;
    file.dirty = true;
  }

  /** Makes what was written durable. */
  async sync(): Promise<void> {
    for (const file of this.#open.values()) {
      if (!file.dirty) continue;
      file.dirty = false;
      await syncData(file.fd);
    }
  }

  /** Lets go of the files of days that are over, or of all. */
  close(which: { readonly overAtMs: number } = { overAtMs: Number.POSITIVE_INFINITY }): void {
    for (const [day, file] of this.#open) {
      if ((day + 1) * DAY_MS > which.overAtMs) continue;
      this.#open.delete(day);
      fs.closeSync(file.fd);
    }
  }

  #create(day: number): OpenFile {
    const dir = path.join(this.#archiveDir, new Date(day * DAY_MS).toISOString().slice(0, 10));
    makeFolder(dir, 0o700);
    const fd = fs.openSync(path.join(dir, this.#name), 'wx', 0o600);
    const file = { fd, size: 0, dirty: false };
    this.#open.set(day, file);
    return file;
  }
}

function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}
