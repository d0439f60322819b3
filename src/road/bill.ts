import type { Usage } from './conversation.ts';
import type { Route } from './governed.ts';
import type { RecordedGuard, RecordedTry } from './record.ts';

/** What an attempt used of models and guardrails. */
export interface Used {
  /** The route that answered, if one did. */
  readonly route: Route | undefined;
  /** As the provider counted it, if it did. */
  readonly usage: Usage | undefined;
  /** Of the answer, as the output guard released it, in UTF-8. */
  readonly deliveredBytes: number;
  /** Tries before the one that answered. */
  readonly vainTries: readonly RecordedTry[];
  readonly guards: readonly RecordedGuard[];
  /** Whether it counts as one of the requests of a month: not where the gateway itself refused. */
  readonly counts: boolean;
}

/** What that costs: what the record says, and what the ledger books. */
export interface Bill {
  /** Of the answer; by rule where the provider did not count. */
  readonly usage: Usage | undefined;
  /** In micro-dollars, whole. All of it. */
  readonly costMicroUsd: number;
  /** Of it, the guardrails' part. */
  readonly guardMicroUsd: number;
  /** Of it, what each route took. */
  readonly routeMicroUsd: Readonly<Record<string, number>>;
  readonly requests: 0 | 1;
}
