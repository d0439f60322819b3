import { existsSync } from 'node:fs';
import * as path from 'node:path';
import type { Clock } from '../../ports/clock.ts';
import type { KeptFlip, SwitchedOff, Switches } from '../../ports/switches.ts';
import type { Flip, SwitchKind } from '../../road/switching.ts';
import { makeFolder } from '../local-state/files.ts';
import { SwitchStore } from './store.ts';

/** Both together leave half of the promised second for what has to be cut. */
const LOOK_MS = 150;
const KNOWN_US = 1_000_000;
const RETRY_US = 100_000;

/** Opens the switches of a state folder; throws where it cannot be known what is off. */
export function openLocalSwitches(options: {
  readonly stateDir: string;
  readonly clock: Pick<Clock, 'monotonicUs'>;
}): LocalSwitches {
  const dir = path.join(options.stateDir, 'switches');
  makeFolder(dir, 0o750);
  return new LocalSwitches(path.join(dir, 'switches.sqlite'), options.clock);
}

/** Switches in SQLite, looked at several times a second: what is off stands in memory, and costs no request anything. */
export class LocalSwitches implements Switches {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'monotonicUs'>;
  readonly #watchers = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #store: SwitchStore | undefined;
  #version = -1;
  #off: OffSet;
  #knownAtUs = 0;
  #lookedAtUs = 0;
  #wasKnown = true;
  #fault: string | undefined;

  constructor(file: string, clock: Pick<Clock, 'monotonicUs'>) {
    this.#file = file;
    this.#clock = clock;
    this.#store = new SwitchStore(file);
    this.#off = new OffSet([]);
    this.#readOff(this.#store);
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  read(): SwitchedOff | undefined {
    const nowUs = this.#clock.monotonicUs();
    if (nowUs - this.#knownAtUs <= KNOWN_US) return this.#off;
    // A process that was held up has not looked: it looks now, rather than refuse what it might know.
    if (nowUs - this.#lookedAtUs > RETRY_US) this.#look();
    return this.#isKnown() ? this.#off : undefined;
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => void this.#watchers.delete(onChange);
  }

  async flip(flip: Flip, state: { readonly recorded: boolean }): Promise<KeptFlip> {
    const store = this.#openStore();
    const kept = store.write(flip, state);
    this.#readOff(store);
    this.#tell();
    return kept;
  }

  async list(): Promise<readonly KeptFlip[]> {
    return this.#openStore().readOff();
  }

  async listUnrecorded(beforeMs: number): Promise<readonly KeptFlip[]> {
    return this.#openStore().readUnrecorded(beforeMs);
  }

  async markRecorded(id: number): Promise<void> {
    this.#openStore().markRecorded(id);
  }

  fault(): string | undefined {
    return this.read() === undefined ? `it is not known what is switched off: ${this.#fault}` : undefined;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#watchers.clear();
    this.#store?.close();
    this.#store = undefined;
  }

  #isKnown(): boolean {
    return this.#clock.monotonicUs() - this.#knownAtUs <= KNOWN_US;
  }

  #look(): void {
    this.#lookedAtUs = this.#clock.monotonicUs();
    const before = this.#off;
    try {
      const store = this.#openStore();
      if (store.readVersion() === this.#version) this.#knownAtUs = this.#clock.monotonicUs();
      else this.#readOff(store);
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : 'unknown';
      // Opened anew at the next look: what cannot be read may be another file by then.
      this.#store?.close();
      this.#store = undefined;
    }
    const isKnown = this.#isKnown();
    if (this.#off !== before || isKnown !== this.#wasKnown) this.#tell();
    this.#wasKnown = isKnown;
  }

  #openStore(): SwitchStore {
    if (this.#store === undefined) {
      // A new file would say that nothing is off.
      if (!existsSync(this.#file)) throw new Error(`${this.#file} is gone`);
      this.#store = new SwitchStore(this.#file);
    }
    return this.#store;
  }

  /** The version before the rows: what is written in between is seen at the next look, and not never. */
  #readOff(store: SwitchStore): void {
    this.#version = store.readVersion();
    this.#off = new OffSet(store.readOff());
    this.#knownAtUs = this.#clock.monotonicUs();
    this.#fault = undefined;
  }

  #tell(): void {
    for (const tell of this.#watchers) tell();
  }
}

class OffSet implements SwitchedOff {
  readonly #names = new Map<SwitchKind, Set<string>>();
  readonly size: number;

  constructor(flips: readonly Flip[]) {
    this.size = flips.length;
    for (const { kind, name } of flips) {
      const names = this.#names.get(kind) ?? new Set();
      this.#names.set(kind, names.add(name));
    }
  }

  has(kind: SwitchKind, name: string): boolean {
    return this.#names.get(kind)?.has(name) ?? false;
  }
}
