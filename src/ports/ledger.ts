/**
 * One thing that a request uses up, in one scope. Amounts are whole numbers in the unit of the limit: requests,
 * tokens, micro-dollars; from 0 to `MAX_LEDGER_AMOUNT`.
 */
export interface Charge {
  /** Unique for each limit: what is counted for whom, such as `budget/tenant/acme`. No control characters. */
  readonly scope: string;
  readonly rule: ChargeRule;
  readonly amount: number;
}

/** A million times a thousand dollars in micro-dollars: sums of two stay exact in a double. */
export const MAX_LEDGER_AMOUNT = 1e15;

/** Of a bucket, which is counted in millionths. */
export const MAX_LEDGER_RATE = 1e9;

/**
 * How a limit counts. The limit may change from one request to the next and holds from the next reservation on; with
 * another window, or another kind, it is another limit, which starts at nothing.
 */
export type ChargeRule = TotalRule | SlidingRule | BucketRule | HeldRule;

/** So much in a window of the calendar, such as a budget of a month. A day after its end a window takes nothing more. */
export interface TotalRule {
  readonly kind: 'total';
  readonly limit: number;
  /** `2026-11`, `2026-11-20`, `ever`: letters, digits and hyphens. */
  readonly window: string;
  /** When the window is over; undefined where it never is. */
  readonly endsAtMs: number | undefined;
}

/**
 * So much in any stretch of this length, such as tokens per minute. Counted at the time of the reservation; what is used
 * beyond it, at the time of the settlement. It comes back up to a sixtieth of the window late, and never early.
 */
export interface SlidingRule {
  readonly kind: 'sliding';
  readonly limit: number;
  readonly windowMs: number;
}

/** A token bucket: never more than `burst + perSecond · t` in any stretch of `t` seconds. Up to `MAX_LEDGER_RATE`. */
export interface BucketRule {
  readonly kind: 'bucket';
  readonly perSecond: number;
  readonly burst: number;
}

/** So much at one time, such as concurrent requests. Given back when the reservation ends, however it does. */
export interface HeldRule {
  readonly kind: 'held';
  readonly limit: number;
}

export interface ReserveRequest {
  /** Unique for each reservation, also between processes: one that this process holds already is rejected. */
  readonly id: string;
  readonly nowMs: number;
  /** When the reservation counts as a crash's leftover: well after the request's own deadline. */
  readonly expiresAtMs: number;
  /** From the narrowest scope to the widest; no scope twice. */
  readonly charges: readonly Charge[];
}

export type ReserveResult =
  | {
      readonly ok: true;
      /** What is left of each charge's limit after the reservation, in the order of the charges. */
      readonly remaining: readonly number[];
    }
  | {
      readonly ok: false;
      /** The first charge that does not fit, as an index. */
      readonly charge: number;
      /** The longest wait of all charges that do not fit; undefined where time alone will not help. */
      readonly retryAfterMs: number | undefined;
      /** What is left of each charge's limit, nothing reserved. Never below zero. */
      readonly remaining: readonly number[];
    };

/** What was really used of one charge. */
export interface Usage {
  readonly scope: string;
  readonly amount: number;
}

export interface SettleRequest {
  readonly id: string;
  readonly nowMs: number;
  /** A scope that is not named here is settled at what was reserved; one that was not reserved is ignored. */
  readonly actual: readonly Usage[];
}

export interface Settlement {
  /**
   * `corrected`: the reservation had expired, and what was then booked in full is now what was used; so for a day.
   * `unknown`: it was settled or released before, or never made, and nothing is booked.
   */
  readonly state: 'settled' | 'corrected' | 'unknown';
  /** Scopes that are now above their limit, because more was used than was reserved. */
  readonly exceeded: readonly string[];
}

/** What a crash left behind: it was settled at the full reserved amount, because the money may have been spent. */
export interface ExpiredReservation {
  readonly id: string;
  readonly charged: readonly Usage[];
}

export interface Balance {
  readonly scope: string;
  readonly kind: ChargeRule['kind'];
  /** The window's id of a `total`, the length of a `sliding` window such as `60000`; otherwise empty. */
  readonly window: string;
  /** As the last reservation knew it; of a bucket, its burst. */
  readonly limit: number;
  /** Of a bucket, what has not yet flowed back, rounded up. */
  readonly settled: number;
  readonly reserved: number;
}

/**
 * Counts and money. All charges of a request are reserved in one atomic step before a model is asked, from a worst-case
 * estimate, so that settled + reserved never exceeds a limit, whatever runs at the same time and whatever dies.
 *
 * A clock that runs backward stands still: a rate is reckoned at the latest time that its scope, or `expire`, has seen,
 * so that no capacity comes back twice. Rejected calls changed nothing, and a malformed charge rejects.
 */
export interface Ledger {
  /** Reserves all charges or none. Rejects where the ledger cannot be written: then nothing may be inferred. */
  reserve(request: ReserveRequest): Promise<ReserveResult>;
  /**
   * Books what was really used, and gives back the rest. More than was reserved is booked too, above the limit if need
   * be: what a provider charged is never hidden. Buckets stay as they are. Idempotent. Resolves when it is booked,
   * which takes as long as the store cannot be written: no answer should wait for it.
   */
  settle(request: SettleRequest): Promise<Settlement>;
  /** Gives back everything but what buckets counted: the request was refused before anything was used. Idempotent. */
  release(request: { readonly id: string; readonly nowMs: number }): Promise<void>;
  /** Settles reservations whose time is over, and forgets scopes that count nothing any more. Call every few seconds. */
  expire(nowMs: number): Promise<readonly ExpiredReservation[]>;
  /** What is counted, in the order of the scopes; scopes at zero are absent. */
  readBalances(request: {
    readonly prefix?: string | undefined;
    readonly nowMs: number;
  }): Promise<readonly Balance[]>;
  /** Why the ledger cannot be written now, or undefined when it can. */
  fault(): string | undefined;
  /** Writes what is pending and lets go of the store. */
  stop(): Promise<void>;
}
