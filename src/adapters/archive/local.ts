import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Archive, ArchivedPart, ArchiveEntry } from '../../ports/archive.ts';
import type { Clock } from '../../ports/clock.ts';
import { readAt } from '../local-state/files.ts';
import {
  expiryOf,
  openFrame,
  PREFIX_BYTES,
  readHeader,
  readPrefix,
  sealFrame,
  ArchiveDamagedError,
} from './frame.ts';
import { dayOf, endOfDay, FrameFiles } from './frame-files.ts';
import { FrameIndex, listFrameFiles, type FramePlace } from './frame-index.ts';
import { loadMasterKey, type KeyWrapper } from './keys.ts';
import { SHREDDED, TenantKeys } from './tenant-keys.ts';

const SYNC_MS = 1000;
/** How long a failure counts as a fault before the next entry may try the disk again. */
const FAULT_MS = 1000;

export interface LocalArchiveOptions {
  /** The folder of everything that Goldenpath keeps on this machine; the archive is in its `archive`. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Wraps the tenants' keys; a key file under `stateDir` where nothing else is said. */
  readonly wrapper?: KeyWrapper;
}

/** Why a part that was archived is not returned. */
export interface WithheldPart {
  readonly part: ArchivedPart['part'];
  readonly reason: 'shredded' | 'expired';
}

/** What `readWithReasons` returns. */
export interface ReadResult {
  readonly parts: readonly ArchivedPart[];
  readonly withheld: readonly WithheldPart[];
}

/** The archive on this machine's disk: encrypted frames, a folder for each day on which retention ends. */
export function openLocalArchive(options: LocalArchiveOptions): LocalArchive {
  const keysDir = path.join(options.stateDir, 'keys');
  const wrapper = options.wrapper ?? loadMasterKey(keysDir);
  return new LocalArchive({ ...options, keys: new TenantKeys({ keysDir, wrapper }) });
}

export class LocalArchive implements Archive {
  readonly #archiveDir: string;
  readonly #indexFile: string;
  readonly #clock: Clock;
  readonly #keys: TenantKeys;
  readonly #files: FrameFiles;
  #index: FrameIndex | undefined;
  #gathering: ArchiveEntry[] = [];
  #sealed: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly message: string; readonly atMs: number } | undefined;
  #stopped = false;
  readonly #flushSoon = () => this.#flush();

  constructor(options: LocalArchiveOptions & { keys: TenantKeys }) {
    this.#archiveDir = path.join(options.stateDir, 'archive');
    this.#indexFile = path.join(options.stateDir, 'index', 'archive.sqlite');
    this.#clock = options.clock;
    this.#keys = options.keys;
    const writer = `${options.clock.nowMs()}-${process.pid}-${Math.floor(options.clock.random() * 2 ** 32).toString(16)}`;
    this.#files = new FrameFiles({ archiveDir: this.#archiveDir, writer });
  }

  seal(entry: ArchiveEntry): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('the archive is stopped'));
    this.#gathering.push(entry);
    if (this.#sealed === undefined) {
      this.#sealed = Promise.withResolvers<void>();
      setImmediate(this.#flushSoon);
    }
    return this.#sealed.promise;
  }

  async read(requestId: string): Promise<readonly ArchivedPart[]> {
    return (await this.readWithReasons(requestId)).parts;
  }

  /** Like `read`, and says which parts there were that cannot be had any more, and why. */
  // oxlint-disable-next-line require-await -- async, so that damage rejects like in every other archive
  async readWithReasons(requestId: string): Promise<ReadResult> {
    this.#flush();
    this.#keys.refresh();
    const parts: ArchivedPart[] = [];
    const withheld: WithheldPart[] = [];
    for (const place of this.#openIndex().find(requestId)) {
      const result = this.#readFrame(place, requestId);
      if ('text' in result) parts.push(result);
      else withheld.push(result);
    }
    return { parts, withheld };
  }

  // oxlint-disable-next-line require-await -- the port is asynchronous; this disk is not
  async shred(tenant: string): Promise<number> {
    this.#flush();
    return this.#keys.shred(tenant, this.#clock.nowMs());
  }

  // oxlint-disable-next-line require-await -- the port is asynchronous; this disk is not
  async expire(nowMs: number): Promise<number> {
    this.#flush();
    let deleted = 0;
    for (const file of listFrameFiles(this.#archiveDir)) {
      const day = path.dirname(file);
      if (endOfDay(day) > nowMs) continue;
      deleted += this.#openIndex().forget(file);
      this.#files.close(day);
      fs.rmSync(path.join(this.#archiveDir, day), { recursive: true });
    }
    return deleted;
  }

  fault(): string | undefined {
    if (this.#stopped) return 'the archive is stopped';
    if (this.#failure !== undefined && this.#clock.nowMs() - this.#failure.atMs < FAULT_MS)
      return this.#failure.message;
    return undefined;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#flush();
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#files.sync();
    this.#files.close();
    this.#index?.close();
  }

  #flush(): void {
    const entries = this.#gathering;
    const sealed = this.#sealed;
    if (sealed === undefined) return;
    this.#gathering = [];
    this.#sealed = undefined;
    try {
      this.#write(entries);
      this.#failure = undefined;
      sealed.resolve();
    } catch (error) {
      this.#failure = {
        message: error instanceof Error ? error.message : String(error),
        atMs: this.#clock.nowMs(),
      };
      sealed.reject(error);
    }
  }

  #write(entries: readonly ArchiveEntry[]): void {
    this.#keys.refresh();
    const byDay = new Map<string, Buffer[]>();
    for (const entry of entries) {
      const day = dayOf(expiryOf(entry));
      const frames = byDay.get(day) ?? [];
      frames.push(sealFrame(entry, this.#keys.sealingKey(entry.tenant, this.#clock.nowMs())));
      byDay.set(day, frames);
    }
    for (const [day, frames] of byDay) this.#files.append(day, frames);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#files.sync().catch((error: unknown) => {
        this.#failure = { message: String(error), atMs: this.#clock.nowMs() };
      });
    }, SYNC_MS).unref();
  }

  #openIndex(): FrameIndex {
    return (this.#index ??= new FrameIndex({ archiveDir: this.#archiveDir, indexFile: this.#indexFile }));
  }

  #readFrame(place: FramePlace, requestId: string): ArchivedPart | WithheldPart {
    const fd = fs.openSync(path.join(this.#archiveDir, place.file), 'r');
    try {
      const frame = readAt(fd, { offset: place.offset, length: place.frameBytes });
      const prefix = readPrefix(frame);
      if (prefix === undefined) throw new ArchiveDamagedError('the frame is cut off');
      const header = readHeader(frame.subarray(PREFIX_BYTES, PREFIX_BYTES + prefix.headerBytes));
      if (header.requestId !== requestId)
        throw new ArchiveDamagedError('the frame belongs to another request');
      if (header.expiresAtMs <= this.#clock.nowMs()) return { part: header.part, reason: 'expired' };
      const key = this.#keys.openingKey(header.tenant, header.key);
      if (key === SHREDDED) return { part: header.part, reason: 'shredded' };
      return { part: header.part, text: openFrame(frame, key), writtenAtMs: header.writtenAtMs };
    } catch (error) {
      if (!(error instanceof ArchiveDamagedError)) throw error;
      throw new ArchiveDamagedError(`${place.file} at byte ${place.offset}: ${error.message}`, {
        cause: error,
      });
    } finally {
      fs.closeSync(fd);
    }
  }
}
