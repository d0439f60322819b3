import * as path from 'node:path';
import type {
  Balance,
  ExpiredReservation,
  Ledger,
  ReserveRequest,
  ReserveResult,
  SettleRequest,
  Settlement,
} from '../../ports/ledger.ts';
import { takeLock } from '../local-state/process-lock.ts';
import { Batch } from './batch.ts';
import { readLedger, type Reading, type ReadRequest } from './balances.ts';
import { checkName, checkReservation, checkSettlement, checkTime } from './charges.ts';
import { Checkpointer } from './checkpointer.ts';
import { BatchOperation, GroupCommit, type GroupCommitLimits } from './group-commit.ts';
import { Plans } from './plan.ts';
import { openDatabase, openReadOnly } from './statements.ts';
import { Store } from './store.ts';
import { makeFolder } from '../local-state/files.ts';

const OPEN_WAIT_MS = 30_000;
const EXPIRE_AT_ONCE = 500;

export interface LocalLedgerOptions {
  /** The folder of everything that Goldenpath keeps on this machine; the ledger is in its `ledger`. */
  readonly stateDir: string;
  /** Hears why the ledger cannot be written, and `undefined` when it can again. */
  readonly onFault?: (fault: string | undefined) => void;
  readonly limits?: Partial<LocalLedgerLimits>;
}

export interface LocalLedgerLimits extends GroupCommitLimits {
  /** How long what was committed may wait until a power cut does not take it. */
  readonly checkpointMs: number;
  /** The file grows no larger; a ledger that is full refuses. */
  readonly fileBytes: number;
  /** Lines of the journal until the tables are written: whoever comes next books no more than these again. */
  readonly journalLines: number;
}

const DEFAULT_LIMITS: LocalLedgerLimits = {
  busyMs: 2000,
  retryMs: 250,
  heldOperations: 100_000,
  endingWaitMs: 2,
  checkpointMs: 1000,
  fileBytes: 64 * 1024 ** 3,
  journalLines: 512,
};

export interface LedgerReader {
  /** All of one moment. */
  read(request: ReadRequest): Reading;
  close(): void;
}

/** Opens the ledger under `stateDir`, which several processes may share. Throws when it cannot be written. */
export function openLocalLedger(options: LocalLedgerOptions): LocalLedger {
  const file = fileOf(options.stateDir);
  const ledgerDir = path.dirname(file);
  makeFolder(ledgerDir, 0o750);
  // Two connections that turn a new file into a WAL at once fail without waiting for each other.
  const lock = takeLock(path.join(ledgerDir, 'opening.lock'), { waitMs: OPEN_WAIT_MS });
  if (lock === undefined)
    throw new Error(`another process has been opening ${ledgerDir} for ${OPEN_WAIT_MS / 1000} s`);
  try {
    return new LocalLedger({ ...options, file });
  } finally {
    lock.release();
  }
}

/** Reads the ledger under `stateDir` beside those who write it. Throws where there is none. */
export function openLedgerReader(stateDir: string): LedgerReader {
  const store = new Store(openReadOnly(fileOf(stateDir)));
  return { read: (request) => readLedger(store, request), close: () => store.close() };
}

function fileOf(stateDir: string): string {
  return path.join(stateDir, 'ledger', 'ledger.sqlite');
}

/**
 * The ledger in one SQLite file. What was resolved survives the death of the process at once, and a power cut after
 * `checkpointMs`.
 */
export class LocalLedger implements Ledger {
  readonly #store: Store;
  readonly #batch: Batch;
  readonly #commits: GroupCommit;
  readonly #plans = new Plans();
  readonly #checkpointer: Checkpointer;

  constructor(options: Omit<LocalLedgerOptions, 'stateDir'> & { readonly file: string }) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#store = new Store(openDatabase(options.file, { fileBytes: limits.fileBytes }));
    this.#checkpointer = new Checkpointer({ file: options.file, everyMs: limits.checkpointMs });
    this.#batch = new Batch(this.#store, limits);
    this.#commits = new GroupCommit({
      batch: this.#batch,
      limits,
      onFault: options.onFault ?? (() => undefined),
      onCommit: () => this.#checkpointer.noteCommit(),
    });
  }

  reserve(request: ReserveRequest): Promise<ReserveResult> {
    // What the checks throw rejects, here and below.
    return new Promise((resolve, reject) => {
      checkReservation(request);
      const { id, nowMs, expiresAtMs, charges } = request;
      const plan = this.#plans.find(charges);
      const order = { id, nowMs, dueMs: expiresAtMs, plan, amounts: charges.map(({ amount }) => amount) };
      const work = (batch: Batch) => batch.reserve(order);
      this.#commits.submit(new BatchOperation({ kept: false, work, resolve, reject }));
    });
  }

  settle(request: SettleRequest): Promise<Settlement> {
    return new Promise((resolve, reject) => {
      checkSettlement(request);
      const work = (batch: Batch) => batch.settle(request);
      this.#commits.submit(new BatchOperation({ kept: true, work, resolve, reject }));
    });
  }

  release(request: { readonly id: string; readonly nowMs: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      const { id, nowMs } = request;
      checkName('id', id);
      checkTime('nowMs', nowMs);
      const work = (batch: Batch) => batch.release(id, nowMs);
      this.#commits.submit(new BatchOperation({ kept: true, work, resolve, reject }));
    });
  }

  async expire(nowMs: number): Promise<readonly ExpiredReservation[]> {
    checkTime('nowMs', nowMs);
    const all: ExpiredReservation[] = [];
    for (;;) {
      const { expired, more } = await this.#expireSome(nowMs);
      all.push(...expired);
      if (!more) return all;
    }
  }

  async readBalances(request: {
    readonly prefix?: string | undefined;
    readonly nowMs: number;
  }): Promise<readonly Balance[]> {
    const { prefix = '', nowMs } = request;
    checkTime('nowMs', nowMs);
    // Whatever was called before is in what is read, unless it cannot be written.
    await this.#commits.drain();
    if (this.#commits.hasEnded) throw new Error(`the ledger cannot be read: ${this.fault()}`);
    return readLedger(this.#store, { prefix, nowMs }).balances;
  }

  fault(): string | undefined {
    return this.#commits.fault;
  }

  async stop(): Promise<void> {
    if (this.#commits.hasEnded) return;
    await this.#commits.drain();
    // Who looks into the file while nobody runs finds all of it in the tables; who has only read writes nothing.
    if (this.#batch.isJournaled) {
      const ignore = () => undefined; // where they cannot be written, the journal says it
      const work = (batch: Batch) => batch.store();
      this.#commits.submit(new BatchOperation({ kept: false, work, resolve: ignore, reject: ignore }));
    }
    await this.#commits.stop();
    await this.#checkpointer.stop();
    this.#store.close();
  }

  /** Lets go of the store as the death of the process would. What waits is not written. */
  abort(): void {
    if (this.#commits.hasEnded) return;
    this.#commits.end('aborted');
    this.#checkpointer.abort();
    this.#store.close();
  }

  #expireSome(nowMs: number): Promise<{ expired: ExpiredReservation[]; more: boolean }> {
    return new Promise((resolve, reject) => {
      const work = (batch: Batch) => batch.expire(nowMs, EXPIRE_AT_ONCE);
      this.#commits.submit(new BatchOperation({ kept: false, work, resolve, reject }));
    });
  }
}
