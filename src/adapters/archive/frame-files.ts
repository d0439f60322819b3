import * as fs from 'node:fs';
import * as path from 'node:path';

const DAY_MS = 86_400_000;

interface OpenFile {
  readonly fd: number;
  size: number;
  dirty: boolean;
}

/** The UTC day of a time, as it names a folder. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** When a day folder's day is over. */
export function endOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + DAY_MS;
}

/** This process's files of the archive, one for each day on which retention ends. */
export class FrameFiles {
  readonly #archiveDir: string;
  readonly #name: string;
  readonly #open = new Map<string, OpenFile>();

  constructor({ archiveDir, writer }: { archiveDir: string; writer: string }) {
    this.#archiveDir = archiveDir;
    this.#name = `${writer}.gpa`;
  }

  /** Appends whole frames with one write. After a failure the next write begins at the same place. */
  append(day: string, frames: readonly Buffer[]): void {
    const file = this.#open.get(day) ?? this.#create(day);
    const bytes = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
    let done = 0;
    while (done < bytes.length)
      done += fs.writeSync(file.fd, bytes, done, bytes.length - done, file.size + done);
    file.size += bytes.length;
    file.dirty = true;
  }

  /** Makes what was written durable. */
  async sync(): Promise<void> {
    for (const file of this.#open.values()) {
      if (!file.dirty) continue;
      file.dirty = false;
      await new Promise<void>((resolve, reject) => {
        fs.fdatasync(file.fd, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  }

  /** Lets go of the file of one day, or of all. */
  close(day?: string): void {
    for (const [openDay, file] of this.#open) {
      if (day !== undefined && day !== openDay) continue;
      this.#open.delete(openDay);
      fs.closeSync(file.fd);
    }
  }

  #create(day: string): OpenFile {
    const dir = path.join(this.#archiveDir, day);
    fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const fd = fs.openSync(path.join(dir, this.#name), 'wx', 0o600);
    const file = { fd, size: 0, dirty: false };
    this.#open.set(day, file);
    return file;
  }
}
