import type { Balance } from '../../ports/ledger.ts';
import type { Books } from './book.ts';
import { parseKey } from './charges.ts';
import { replay } from './journal.ts';
import type { Reservation } from './reservation.ts';
import { limitOf, readState } from './rules/rules.ts';
import type { ScopeState } from './rules/scope-state.ts';
import type { Store } from './store.ts';

/** What a ledger's file says at one moment. */
export interface Reading {
  readonly balances: readonly Balance[];
  /** Reservations that have not ended, of any scope. */
  readonly open: number;
}

export interface ReadRequest {
  /** Of the scopes. */
  readonly prefix: string;
  readonly nowMs: number;
}

/** Reads the tables, and what the journal says beyond them. Changes nothing, and waits for nobody. */
export function readLedger(store: Store, { prefix, nowMs }: ReadRequest): Reading {
  store.beginRead();
  try {
    const { watermarkMs } = store.readMeta();
    const view = new View(store, watermarkMs);
    replay(store.readJournal(), view);
    const scopes = new Map([...store.readScopes(prefix)].map(({ key, state }) => [key, state]));
    for (const [key, state] of view.scopes) {
      if (state === undefined) scopes.delete(key);
      else if (key.startsWith(prefix)) scopes.set(key, state);
    }
    const timeMs = Math.max(nowMs, watermarkMs);
    const balances = [...scopes].flatMap(([key, state]) => describe(key, state, timeMs));
    return { balances: balances.toSorted(byScope), open: view.countOpen() };
  } finally {
    store.commit();
  }
}

function describe(key: string, state: ScopeState, nowMs: number): Balance[] {
  const limit = parseKey(key);
  const counted = readState(state, nowMs);
  if (counted.settled === 0 && counted.reserved === 0) return [];
  return [{ ...limit, limit: limitOf(state), ...counted }];
}

function byScope(a: Balance, b: Balance): number {
  return a.scope < b.scope ? -1 : a.scope > b.scope ? 1 : 0;
}

/** The tables as they would be if the journal were written to them. */
class View implements Books {
  readonly scopes = new Map<string, ScopeState | undefined>();
  readonly #begun = new Map<string, Reservation>();
  readonly #ended = new Set<string>();
  readonly #store: Store;
  readonly #watermarkMs: number;

  constructor(store: Store, watermarkMs: number) {
    this.#store = store;
    this.#watermarkMs = watermarkMs;
  }

  clampMs(nowMs: number): number {
    return Math.max(nowMs, this.#watermarkMs);
  }

  read(key: string): ScopeState | undefined {
    return this.scopes.has(key) ? this.scopes.get(key) : this.#store.readScope(key);
  }

  write(key: string, state: ScopeState | undefined): void {
    this.scopes.set(key, state);
  }

  hold(id: string, reservation: Reservation): void {
    this.#begun.set(id, reservation);
  }

  end(id: string): Reservation | undefined {
    const begun = this.#begun.get(id);
    if (this.#begun.delete(id)) return begun;
    this.#ended.add(id);
    return this.#store.readReservation(id);
  }

  countOpen(): number {
    return this.#store.readOpen().size - this.#ended.size + this.#begun.size;
  }
}
