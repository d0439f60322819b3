import type { Attempt } from '../road/attempt.ts';
import type { Capability } from '../road/governed.ts';
import type { CrossOriginRules, Visit } from '../road/edge-rules.ts';
import type { Refusal } from '../road/refusal.ts';
import type { Stages } from '../road/road.ts';

/** What the HTTP surface needs of the gateway behind it. */
export interface Gateway {
  /** The stages of the governance version that is in force now, and an attempt that will travel them. */
  begin(arrival: { readonly dialect: string; readonly traceparent: string | undefined }): {
    readonly stages: Stages;
    readonly attempt: Attempt;
  };
  /** The capabilities that the caller of this attempt may use. */
  listCapabilities(
    attempt: Attempt,
    arrival: { readonly visit: Visit; readonly authorization: string | undefined },
  ): Promise<readonly Capability[] | Refusal>;
  /** Which pages of other origins may use the gateway now. */
  crossOrigin(): CrossOriginRules;
  readiness(): Readiness;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly governance: { readonly name: string; readonly version: string } | undefined;
  /** Why not ready, and what is wrong although the gateway serves on. */
  readonly reasons: readonly string[];
}
