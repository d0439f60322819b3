import { hash } from 'node:crypto';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Alert, BusinessRule, RaisedAlert } from '../../road/alert.ts';
import type { ClosedRecord } from '../../road/record.ts';
import { compileCondition } from '../../road/rule-condition.ts';
import { readFact, readField, type Fact } from '../../road/rule-facts.ts';

/** Groups that a rule counts apart; of more, the one that was silent longest is forgotten. */
const MAX_GROUPS = 1_000;
const MINUTE_MS = 60_000;
/** PagerDuty takes 255. */
const MAX_KEY = 200;

/** What is watched for, as plain data: it comes from another thread. */
export interface WatchedRules {
  /** Of the governance repository: of two gateways the same alert is two. */
  readonly gateway: string;
  readonly rules: readonly BusinessRule[];
  /** Who hears that a budget is nearly spent. */
  readonly budgets: readonly string[];
}

export interface RuleTelemetry extends Telemetry {
  /** Watches for other rules from now on. What unchanged ones have counted stays. */
  watch(rules: WatchedRules): void;
}

/** Holds every closed record against the business rules, off the path of requests, and raises alerts. */
export function createRuleTelemetry(raise: (raised: RaisedAlert) => void): RuleTelemetry {
  let watchers = new Map<string, Watcher>();
  let budgets: BudgetWatcher | undefined;
  return {
    watch: (watched) => {
      const { gateway } = watched;
      const known = watchers;
      watchers = new Map(
        watched.rules.map((rule) => {
          const key = JSON.stringify([gateway, rule]);
          return [key, known.get(key) ?? new Watcher({ gateway, rule, raise })];
        }),
      );
      budgets = watched.budgets.length === 0 ? undefined : new BudgetWatcher(watched, raise, budgets);
    },
    closed: (record) => {
      for (const watcher of watchers.values()) watcher.look(record);
      if (record.nearlySpent !== undefined) budgets?.look(record, record.nearlySpent);
    },
    stop: async () => watchers.clear(),
  };
}

interface Group {
  /** Of the newest matches, no more than the threshold, oldest first. */
  readonly atMs: number[];
  raisedAtMs: number;
}

class Watcher {
  readonly #gateway: string;
  readonly #rule: BusinessRule;
  readonly #raise: (raised: RaisedAlert) => void;
  readonly #matches: ReturnType<typeof compileCondition>;
  readonly #groups = new Map<string, Group>();

  constructor(parts: { gateway: string; rule: BusinessRule; raise: (raised: RaisedAlert) => void }) {
    this.#gateway = parts.gateway;
    this.#rule = parts.rule;
    this.#raise = parts.raise;
    this.#matches = compileCondition(parts.rule.condition);
  }

  look(record: ClosedRecord): void {
    if (!this.#matches((name): Fact | undefined => readFact(record, name))) return;
    const { threshold, withinMinutes, repeatMinutes, groupBy } = this.#rule;
    const nowMs = record.closedAtMs;
    const values = groupBy.map((field) => readField(record, field));
    const key = values.join('\0');
    const group = this.#groups.get(key) ?? { atMs: [], raisedAtMs: -Infinity };
    // Last in the order of the map: it was not silent.
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (this.#groups.size > MAX_GROUPS) forgetOldest(this.#groups);
    group.atMs.push(nowMs);
    if (group.atMs.length > threshold) group.atMs.shift();
    const isReached =
      group.atMs.length === threshold && nowMs - (group.atMs[0] ?? nowMs) <= withinMinutes * MINUTE_MS;
    if (!isReached || nowMs - group.raisedAtMs < repeatMinutes * MINUTE_MS) return;
    group.raisedAtMs = nowMs;
    this.#raise({ alert: this.#describe(record, values), to: this.#rule.to });
  }

  #describe(record: ClosedRecord, values: readonly string[]): Alert {
    const { name, description, severity, groupBy, threshold, withinMinutes } = this.#rule;
    const group = Object.fromEntries(groupBy.map((field, index) => [field, values[index] ?? '']));
    const where = groupBy.map((field) => `${field} ${group[field] || '-'}`).join(', ');
    const count = threshold === 1 ? '' : ` (${threshold} within ${withinMinutes} min)`;
    return {
      rule: name,
      state: 'triggered',
      severity,
      summary: `${name}: ${description}${count}${where === '' ? '' : `; ${where}`}`,
      dedupKey: makeDedupKey(this.#gateway, name, ...values),
      atMs: record.closedAtMs,
      facts: {
        ...group,
        count: threshold,
        outcome: record.outcome,
        ...(record.refusal && { code: record.refusal.code }),
        requestId: record.requestId,
      },
    };
  }
}

/** Every budget once in each of its windows. */
class BudgetWatcher {
  readonly #watched: WatchedRules;
  readonly #raise: (raised: RaisedAlert) => void;
  readonly #told: Map<string, true>;

  constructor(watched: WatchedRules, raise: (raised: RaisedAlert) => void, before?: BudgetWatcher) {
    this.#watched = watched;
    this.#raise = raise;
    this.#told = before === undefined ? new Map() : before.#told;
  }

  look({ closedAtMs: atMs, requestId }: ClosedRecord, nearlySpent: readonly string[]): void {
    for (const budget of nearlySpent) {
      if (this.#told.has(budget)) continue;
      this.#told.set(budget, true);
      if (this.#told.size > MAX_GROUPS) forgetOldest(this.#told);
      const rule = 'BudgetNearlySpent';
      const alert: Alert = {
        rule,
        state: 'triggered',
        severity: 'warning',
        summary: `${rule}: ${budget} is above its soft threshold`,
        dedupKey: makeDedupKey(this.#watched.gateway, rule, budget),
        atMs,
        facts: { budget, requestId },
      };
      this.#raise({ alert, to: this.#watched.budgets });
    }
  }
}

export function makeDedupKey(...parts: readonly string[]): string {
  const key = ['goldenpath', ...parts].join('/');
  return key.length <= MAX_KEY ? key : `goldenpath/${hash('sha256', key, 'hex')}`;
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
