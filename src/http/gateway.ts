import type { Attempt } from '../road/attempt.ts';
import type { Capability } from '../road/governed.ts';
import type { CrossOriginRules } from '../road/edge-rules.ts';
import type { PlainArrival } from '../road/receive.ts';
import type { Refusal } from '../road/refusal.ts';
import type { Stages } from '../road/road.ts';
import type { Flip } from '../road/switching.ts';

/** One request that asks no model, as the gateway takes it. */
export interface PlainRequest {
  readonly attempt: Attempt;
  readonly arrival: PlainArrival;
}

/** What the HTTP surface needs of the gateway behind it. */
export interface Gateway {
  /** The stages of the governance version that is in force now, and an attempt that will travel them. */
  begin(arrival: { readonly dialect: string; readonly traceparent: string | undefined }): {
    readonly stages: Stages;
    readonly attempt: Attempt;
  };
  /** The capabilities that the caller of this attempt may use. */
  listCapabilities(request: PlainRequest): Promise<readonly Capability[] | Refusal>;
  /** What is switched off, of what the caller may turn. */
  listSwitches(request: PlainRequest): Promise<readonly Flip[] | Refusal>;
  /** Turns a switch as the body says. */
  flipSwitch(request: PlainRequest): Promise<object | Refusal>;
  /** Takes feedback on an earlier request. */
  giveFeedback(request: PlainRequest): Promise<object | Refusal>;
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
