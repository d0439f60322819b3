import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Archive, ArchivedPart, ArchiveEntry } from '../../ports/archive.ts';
import type { Clock } from '../../ports/clock.ts';
import { expiryOf, MAX_FRAME_ENTRIES, sealFrame } from './frame.ts';
import { dayOf, FrameFiles, isDayOver } from './frame-files.ts';
import { FrameIndex, listFrameFiles } from './frame-index.ts';
import { readArchivedParts, type WithheldPart } from './frame-reader.ts';
import { loadMasterKey, type KeyWrapper } from './keys.ts';
import { TenantKeys } from './tenant-keys.ts';

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

/** What is to be sealed together for one tenant. Apart, so that a broken key refuses its tenant alone. */
interface Batch extends PromiseWithResolvers<void> {
  readonly entries: ArchiveEntry[];
}

export class LocalArchive implements Archive {
  readonly #archiveDir: string;
  readonly #indexFile: string;
  readonly #clock: Clock;
  readonly #keys: TenantKeys;
  readonly #files: FrameFiles;
  #index: FrameIndex | undefined;
  #gathering = new Map<string, Batch>();
  #timer: NodeJS.Timeout | undefined;
  #failure: { readonly message: string; readonly atMs: number } | undefined;
  #stopped = false;
  readonly #flushSoon = () => this.#flush();

  constructor(options: LocalArchiveOptions & { keys: TenantKeys }) {
    this.#archiveDir = path.join(options.stateDir, 'archive');
    this.#indexFile = path.join(options.stateDir, 'index', 'archive.sqlite');
    this.#clock = options.clock;
    this.#keys = options.keys;
    const chance = Math.floor(options.clock.random() * 2 ** 32).toString(16);
    this.#files = new FrameFiles({
      archiveDir: this.#archiveDir,
      writer: `${options.clock.nowMs()}-${process.pid}-${chance}`,
    });
  }

  seal(entry: ArchiveEntry): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error('the archive is stopped'));
    if (this.#gathering.size === 0) queueMicrotask(this.#flushSoon);
    let batch = this.#gathering.get(entry.tenant);
    if (batch === undefined) {
      batch = { ...Promise.withResolvers<void>(), entries: [] };
      this.#gathering.set(entry.tenant, batch);
    }
    batch.entries.push(entry);
    return batch.promise;
  }

  async read(requestId: string): Promise<readonly ArchivedPart[]> {
    return (await this.readWithReasons(requestId)).parts;
  }

  /** Like `read`, and says which parts there were that cannot be had any more, and why. */
  // oxlint-disable-next-line require-await -- async, so that damage rejects like in every other archive
  async readWithReasons(requestId: string): Promise<ReadResult> {
    this.#flush();
    this.#keys.refresh();
    const [archiveDir, keys, nowMs] = [this.#archiveDir, this.#keys, this.#clock.nowMs()];
    const parts: ArchivedPart[] = [];
    const withheld: WithheldPart[] = [];
    for (const place of this.#openIndex().find(requestId)) {
      for (const result of readArchivedParts({ archiveDir, place, requestId, keys, nowMs })) {
        if ('text' in result) parts.push(result);
        else withheld.push(result);
      }
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
    this.#files.close({ overAtMs: nowMs });
    const over = listFrameFiles(this.#archiveDir).filter((file) => isDayOver(path.dirname(file), nowMs));
    const deleted = over.reduce((count, file) => count + this.#openIndex().forget(file), 0);
    for (const day of new Set(over.map((file) => path.dirname(file)))) {
      fs.rmSync(path.join(this.#archiveDir, day), { recursive: true, force: true });
    }
    return deleted;
  }

  fault(): string | undefined {
    if (this.#stopped) return 'the archive is stopped';
    const failure = this.#failure;
    return failure !== undefined && this.#clock.nowMs() - failure.atMs < FAULT_MS
      ? failure.message
      : undefined;
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
    if (this.#gathering.size === 0) return;
    const batches = [...this.#gathering.values()];
    this.#gathering = new Map();
    try {
      this.#keys.refresh();
      const byDay = new Map<number, Buffer[]>();
      const sealed = batches.filter((batch) =>
        sealBatch({ batch, keys: this.#keys, nowMs: this.#clock.nowMs(), byDay }),
      );
      for (const [day, frames] of byDay) this.#files.append(day, frames);
      this.#failure = undefined;
      for (const { resolve } of sealed) resolve();
      this.#syncLater();
    } catch (error) {
      this.#fail(error);
      for (const { reject } of batches) reject(error);
    }
  }

  #syncLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#files.sync().catch((error: unknown) => this.#fail(error));
    }, SYNC_MS).unref();
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failure = { message, atMs: this.#clock.nowMs() };
  }

  #openIndex(): FrameIndex {
    return (this.#index ??= new FrameIndex({ archiveDir: this.#archiveDir, indexFile: this.#indexFile }));
  }
}

/** Encrypts a tenant's batch into the frames of each day; refuses it, and says so, where its key cannot be had. */
function sealBatch(to: {
  batch: Batch;
  keys: TenantKeys;
  nowMs: number;
  byDay: Map<number, Buffer[]>;
}): boolean {
  const { batch, keys, nowMs, byDay } = to;
  try {
    for (const [day, entries] of groupForFrames(batch.entries)) {
      const frame = sealFrame(entries, keys.sealingKey(entries[0].tenant, nowMs));
      const frames = byDay.get(day);
      if (frames === undefined) byDay.set(day, [frame]);
      else frames.push(frame);
    }
    return true;
  } catch (error) {
    batch.reject(error);
    return false;
  }
}

/** Entries that share a frame end their retention on the same day. */
function groupForFrames(
  entries: readonly ArchiveEntry[],
): [day: number, entries: [ArchiveEntry, ...ArchiveEntry[]]][] {
  const groups: [number, [ArchiveEntry, ...ArchiveEntry[]]][] = [];
  const open = new Map<number, [ArchiveEntry, ...ArchiveEntry[]]>();
  for (const entry of entries) {
    const day = dayOf(expiryOf(entry));
    const group = open.get(day);
    if (group !== undefined && group.length < MAX_FRAME_ENTRIES) {
      group.push(entry);
      continue;
    }
    const next: [ArchiveEntry, ...ArchiveEntry[]] = [entry];
    open.set(day, next);
    groups.push([day, next]);
  }
  return groups;
}
