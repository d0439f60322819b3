import type { FinishReason, Usage } from './conversation.ts';
import type { MeteredPolicy } from './governed.ts';
import type { RefusalCode } from './refusal.ts';
import type { Switch } from './switching.ts';

/** Who asked, as it stands on every record and log line. */
export interface RecordedCaller {
  readonly tenant: string;
  readonly subject: string;
  readonly issuer: string;
  readonly kind: 'user' | 'service';
  readonly groups: readonly string[];
  readonly workflow?: string;
  readonly client?: string;
}

export interface RecordedGuard {
  readonly engine: string;
  readonly id: string;
  readonly version: string;
  readonly source: 'INPUT' | 'OUTPUT';
  readonly action: 'none' | 'masked' | 'blocked';
  /** What was detected, by policy and name, without the matched text. */
  readonly findings: readonly {
    readonly policy: string;
    readonly name: string;
    readonly action: string;
    readonly count: number;
  }[];
  /** Text units that the provider of the guardrail metered, by policy. */
  readonly units?: GuardrailUnits;
}

export type GuardrailUnits = Readonly<Partial<Record<MeteredPolicy, number>>>;

/** Names of what a guardrail found, never the text. */
export function describeFindings(guard: RecordedGuard): string {
  return guard.findings.map((finding) => `${finding.policy}:${finding.name}`).join(', ');
}

/** A known attack that a request looked like, by the name of its pattern. */
export interface RecordedAttack {
  readonly pattern: string;
  readonly action: 'counted' | 'blocked';
}

/** One try at one route. */
export interface RecordedTry {
  readonly route: string;
  readonly outcome: 'answered' | 'failed';
  readonly cause?: string;
  /** The provider took it up and gave no answer, or none that could be read: it may be billed, so it is priced. */
  readonly mayCost?: true;
  readonly tookUs: number;
}

/** How an attempt ended. `abandoned`: the process died, and the next start closed it. */
export type Outcome = 'answered' | 'blocked' | 'refused' | 'failed' | 'cancelled' | 'abandoned';

/** The story of one attempt, so far. Metadata and hashes, never text. */
export interface Story {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly dialect: string;
  readonly governanceVersion?: string;
  readonly traceparent?: string;
  readonly attacks?: readonly RecordedAttack[];
  readonly caller?: RecordedCaller;
  readonly capability?: string;
  readonly feature?: string;
  readonly dataClass?: string;
  /** Cedar: ids of the policies that determined the decision. */
  readonly policies?: readonly string[];
  readonly prompt?: { readonly name: string; readonly version: string; readonly hash: string };
  /** SHA-256 of the prompt as the model saw it, which is what the archive keeps, hex. */
  readonly inputHash?: string;
  readonly redactions?: Readonly<Record<string, number>>;
  readonly route?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly region?: string;
  readonly guards?: readonly RecordedGuard[];
  /** What was set aside for the attempt, from its worst case. An attempt that is abandoned costs as much. */
  readonly reservedMicroUsd?: number;
  /** Budgets of which more is used and set aside than their soft threshold: scope and window. */
  readonly nearlySpent?: readonly string[];
  /** The most that the model was allowed to answer, where a budget allowed less than was asked for. */
  readonly cappedOutputTokens?: number;
  /** NAME@VERSION of the price of the route. */
  readonly price?: string;
}

/** What is durable before a model is asked. */
export interface Intent extends Story {
  readonly kind: 'opened';
}

/** A record of an attempt as JSON, for those who hand it on, and need to know no more of it than whose it is. */
export interface Written<Kind extends 'opened' | 'closed'> {
  readonly kind: Kind;
  readonly requestId: string;
  readonly json: string;
}

/** The one closed record of an attempt. */
export interface ClosedRecord extends Story {
  readonly kind: 'closed';
  readonly closedAtMs: number;
  readonly outcome: Outcome;
  readonly refusal?: { readonly code: RefusalCode; readonly detail?: string };
  readonly tries?: readonly RecordedTry[];
  readonly finishReason?: FinishReason;
  readonly usage?: Usage;
  /** All of it: the answer, tries that may be billed, guardrail units. What the ledger booked. */
  readonly costMicroUsd?: number;
  /** Of the cost, what guardrails took. */
  readonly guardMicroUsd?: number;
  /** SHA-256 of the answer's text as the output guard released it (placeholders not restored), hex. */
  readonly answerHash?: string;
  /** Microseconds spent in each stage. */
  readonly stages?: Readonly<Record<string, number>>;
  readonly tookUs?: number;
}

/** What an answer was worth to who asked for it. The comment is in the archive, where its capability keeps text. */
export interface RecordedFeedback {
  /** From -1 to 1. */
  readonly score: number;
  readonly comment: 'kept' | 'not_kept' | 'none';
  /** SHA-256, hex. */
  readonly commentHash?: string;
}

/** Something that was done beside asking and that auditors must see: reading the archive, a reload, feedback. */
export interface AdminRecord {
  readonly kind: 'admin';
  readonly atMs: number;
  readonly action:
    | 'archive.read'
    | 'archive.shred'
    | 'archive.expire'
    | 'governance.reload'
    | 'governance.reload_refused'
    | 'feedback'
    | 'switch.off'
    | 'switch.on'
    | 'gateway.start'
    | 'gateway.stop';
  readonly actor: string;
  readonly requestId?: string;
  readonly tenant?: string;
  readonly reason?: string;
  readonly governanceVersion?: string;
  readonly feedback?: RecordedFeedback;
  /** The switch that was turned; `flip` numbers its flips, so that one that was noted twice is seen to be one. */
  readonly switch?: Switch & { readonly flip?: number };
}

export type AuditRecord = Intent | ClosedRecord | AdminRecord;
