import type { RuleExpression } from './rule-condition.ts';
import type { RuleField } from './rule-facts.ts';

export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What security or the business wants to hear of, over closed records. Plain data: it travels to another thread. */
export interface BusinessRule {
  /** As alerts and metrics name it, such as `PaymentWorkflowDenied`. */
  readonly name: string;
  readonly description: string;
  readonly severity: Severity;
  /** A Cedar expression over the facts of a record, as the JSON that Cedar makes of it. */
  readonly condition: RuleExpression;
  /** So many records within so many minutes. */
  readonly threshold: number;
  readonly withinMinutes: number;
  /** Records that differ in one of these are counted apart, and alert apart. */
  readonly groupBy: readonly RuleField[];
  /** How long the same alert is not sent again. */
  readonly repeatMinutes: number;
  /** Names of destinations. */
  readonly to: readonly string[];
}

/** Where alerts go. Keys and secret addresses stand in the environment, never in the repository. */
export type AlertDestination =
  | { readonly type: 'webhook'; readonly url: string | undefined; readonly urlEnv: string | undefined }
  | { readonly type: 'pagerduty'; readonly routingKeyEnv: string; readonly url: string };

/** What a governance repository says of alerts. */
export interface AlertRules {
  readonly rules: readonly BusinessRule[];
  readonly destinations: ReadonlyMap<string, AlertDestination>;
  /** Who hears that a budget is nearly spent. */
  readonly budgets: readonly string[];
  /** Who hears that ledger, evidence or switches are away, and that they are there again. */
  readonly faults: readonly string[];
}

/** Something that somebody should look at. Holds names and counts, never text. */
export interface Alert {
  readonly rule: string;
  readonly state: 'triggered' | 'resolved';
  readonly severity: Severity;
  readonly summary: string;
  /** Alerts with the same key are one incident. */
  readonly dedupKey: string;
  readonly atMs: number;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** An alert, and the names of the destinations that it goes to. */
export interface RaisedAlert {
  readonly alert: Alert;
  readonly to: readonly string[];
}
