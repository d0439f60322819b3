import { OwnReservations } from './own-reservations.ts';
import type { ScopeState } from './rules/scope-state.ts';
import type { Store } from './store.ts';

/** Scopes that are remembered from one batch to the next. Beyond that many, all are read anew. */
const MAX_REMEMBERED = 4096;

/**
 * The scopes of one transaction: each is read once, changed in memory as often as it is charged, and written once. What
 * was read is remembered for the next batch, as long as no other process has written meanwhile.
 */
export class Batch {
  readonly store: Store;
  readonly reservations: OwnReservations;
  readonly #scopes = new Map<string, ScopeState | undefined>();
  readonly #changed = new Set<string>();
  #version: number | undefined;
  #watermarkMs = 0;
  #sweptKey = '';

  constructor(store: Store) {
    this.store = store;
    this.reservations = new OwnReservations(store);
  }

  /** Throws where SQLite does; then nothing was begun. */
  begin(): void {
    this.store.begin();
    const version = this.store.readVersion();
    if (this.#scopes.size > MAX_REMEMBERED) this.#scopes.clear();
    if (version === this.#version) return;
    this.#scopes.clear();
    const { watermarkMs, interventions } = this.store.readMeta();
    this.#watermarkMs = watermarkMs;
    this.reservations.notice(interventions);
    this.#version = version;
  }

  commit(): void {
    for (const key of this.#changed) this.store.writeScope(key, this.#scopes.get(key));
    this.#changed.clear();
    this.reservations.beforeCommit();
    this.store.commit();
    this.reservations.afterCommit();
  }

  rollback(): void {
    this.#changed.clear();
    this.#scopes.clear();
    this.#version = undefined;
    this.reservations.afterRollback();
    this.store.rollback();
  }

  /** The time that counts: never before what the ledger has forgotten. */
  clampMs(nowMs: number): number {
    return Math.max(nowMs, this.#watermarkMs);
  }

  raiseWatermark(nowMs: number): void {
    if (nowMs <= this.#watermarkMs) return;
    this.#watermarkMs = nowMs;
    this.store.writeWatermarkMs(nowMs);
  }

  read(key: string): ScopeState | undefined {
    const known = this.#scopes.get(key);
    if (known !== undefined || this.#scopes.has(key)) return known;
    const state = this.store.readScope(key);
    this.#scopes.set(key, state);
    return state;
  }

  write(key: string, state: ScopeState | undefined): void {
    this.#scopes.set(key, state);
    this.#changed.add(key);
  }

  /** Deletes idle scopes of the next stretch, round and round, so that no call has to look at all of them. */
  sweepIdle(atMost: number): void {
    const rows = this.store.scanIdle({ afterKey: this.#sweptKey, nowMs: this.#watermarkMs, atMost });
    for (const { key, idle } of rows) {
      if (idle && !this.#changed.has(key)) this.write(key, undefined);
    }
    this.#sweptKey = rows.length < atMost ? '' : (rows.at(-1)?.key ?? '');
  }
}
