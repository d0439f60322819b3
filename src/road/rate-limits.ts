/** Where a limit stands for whoever asked. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of the limit is there again. */
  readonly resetMs: number;
}

/** What a dialect may tell its client of its limits: of several, the one of which least is left. */
export interface RateLimits {
  readonly requests?: RateLimit;
  readonly tokens?: RateLimit;
}

export const UNLIMITED: RateLimits = {};
