import { hash } from 'node:crypto';
import type { Charge, ChargeRule } from '../../ports/ledger.ts';
import type { Budget, UseLimits, Workflow, PlaceLimits, Route } from '../../road/governed.ts';
import type { Grant, ReservedAmount } from '../../road/proofs.ts';
import type { Calendar } from './calendar.ts';

/** What a limit is of, in the words of a refusal. */
export type LimitKind = 'rate' | 'quota' | 'tokens' | 'concurrent' | 'budget-day' | 'budget-month';

/** One limit that a request must fit in, ready to be charged. */
export interface Limit {
  readonly kind: LimitKind;
  readonly unit: ReservedAmount['unit'];
  /** Unique: what is counted for whom, such as `budget-month/tenant/acme`. */
  readonly scope: string;
  /** `user`, `tenant`, … */
  readonly place: string;
  /** Where the limit is a route's. */
  readonly route: string | undefined;
  readonly limit: number;
  /** Of a budget: from how much on it is nearly spent. */
  readonly alertAt: number | undefined;
  ruleAt(calendar: Calendar): ChargeRule;
}

/** What the governance repository says beside tenants, capabilities and routes. */
export interface GatewayRules {
  /** The whole gateway together. */
  readonly gateway: PlaceLimits;
  /** Every user, where the tenant does not say otherwise. */
  readonly users: UseLimits;
  readonly workflows: ReadonlyMap<string, Workflow>;
}

/**
 * The limits of a grant, from the narrowest to the widest: user in the capability, user, capability, tenant, workflow,
 * gateway. All of them must hold. A user's own limits are the tenant's word, and where it says nothing the repository's.
 */
export function listLimits({ caller, capability }: Grant, rules: GatewayRules): readonly Limit[] {
  // Two issuers may know two people by the same subject.
  const issuer = hash('sha256', caller.issuer, 'hex').slice(0, 12);
  const user = `${caller.tenant}/${issuer}/${encodeURIComponent(caller.subject)}`;
  const own: UseLimits = { ...rules.users, ...caller.tenantRules.limits.users };
  const workflow = caller.workflow === undefined ? undefined : rules.workflows.get(caller.workflow);
  return [
    ...limitUse(`user/${user}/capability/${capability.name}`, capability.use.users),
    ...limitUse(`user/${user}`, own),
    ...limitPlace(`capability/${capability.name}`, capability.use),
    ...limitPlace(`tenant/${caller.tenant}`, caller.tenantRules.limits),
    ...(workflow === undefined ? [] : limitPlace(`workflow/${workflow.name}`, workflow.limits)),
    ...limitPlace('gateway', rules.gateway),
  ];
}

/** The limits of a route by itself. */
export function listRouteLimits({ name, limits }: Route): readonly Limit[] {
  return limitPlace(`route/${name}`, limits).map((limit) => ({ ...limit, route: name }));
}

/** What is asked of the ledger for one limit, and what the reservation then says of it. */
export type LimitCharge = Charge & ReservedAmount;

/** A charge of so much against a limit. */
export function toCharge(limit: Limit, amount: number, calendar: Calendar): LimitCharge {
  const { scope, unit, route } = limit;
  return { scope, rule: limit.ruleAt(calendar), amount, unit, route };
}

function limitPlace(path: string, { admission, budget }: PlaceLimits): Limit[] {
  return [...limitUse(path, admission), ...(budget === undefined ? [] : limitMoney(path, budget))];
}

function limitUse(path: string, limits: UseLimits): Limit[] {
  const { rate, requestsPerMonth, tokensPerMinute, concurrentRequests } = limits;
  const base = { place: placeOf(path), route: undefined, alertAt: undefined };
  const found: Limit[] = [];
  if (rate !== undefined) {
    const rule = { kind: 'bucket', ...rate } as const;
    const limit = rate.burst;
    found.push({ ...base, kind: 'rate', unit: 'requests', scope: `rate/${path}`, limit, ruleAt: () => rule });
  }
  if (requestsPerMonth !== undefined) {
    const [limit, scope] = [requestsPerMonth, `quota/${path}`];
    found.push({ ...base, kind: 'quota', unit: 'requests', scope, limit, ruleAt: perMonth(limit) });
  }
  if (tokensPerMinute !== undefined) {
    const [limit, scope] = [tokensPerMinute, `tokens/${path}`];
    const rule = { kind: 'sliding', limit, windowMs: 60_000 } as const;
    found.push({ ...base, kind: 'tokens', unit: 'tokens', scope, limit, ruleAt: () => rule });
  }
  if (concurrentRequests !== undefined) {
    const [limit, scope] = [concurrentRequests, `concurrent/${path}`];
    const rule = { kind: 'held', limit } as const;
    found.push({ ...base, kind: 'concurrent', unit: 'place', scope, limit, ruleAt: () => rule });
  }
  return found;
}

function limitMoney(path: string, { dayMicroUsd, monthMicroUsd, alertAtPercent }: Budget): Limit[] {
  const base = { place: placeOf(path), route: undefined, unit: 'money' } as const;
  const alertAt = (limit: number) => Math.ceil((limit / 100) * alertAtPercent);
  const found: Limit[] = [];
  if (dayMicroUsd !== undefined) {
    const [limit, scope] = [dayMicroUsd, `budget-day/${path}`];
    const ruleAt = perDay(limit);
    found.push({ ...base, kind: 'budget-day', scope, limit, alertAt: alertAt(limit), ruleAt });
  }
  if (monthMicroUsd !== undefined) {
    const [limit, scope] = [monthMicroUsd, `budget-month/${path}`];
    const ruleAt = perMonth(limit);
    found.push({ ...base, kind: 'budget-month', scope, limit, alertAt: alertAt(limit), ruleAt });
  }
  return found;
}

/** `user` where it is the user within a capability, too. */
function placeOf(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

function perMonth(limit: number): Limit['ruleAt'] {
  return inWindow(limit, ({ month, monthEndsAtMs }) => ({ window: month, endsAtMs: monthEndsAtMs }));
}

function perDay(limit: number): Limit['ruleAt'] {
  return inWindow(limit, ({ day, dayEndsAtMs }) => ({ window: day, endsAtMs: dayEndsAtMs }));
}

/** The same rule for as long as the calendar is the same. */
function inWindow(
  limit: number,
  windowOf: (calendar: Calendar) => { readonly window: string; readonly endsAtMs: number },
): Limit['ruleAt'] {
  let known: { readonly calendar: Calendar; readonly rule: ChargeRule } | undefined;
  return (calendar) => {
    if (known?.calendar !== calendar)
      known = { calendar, rule: { kind: 'total', limit, ...windowOf(calendar) } };
    return known.rule;
  };
}
