import type { Charge, ChargeRule, ReserveRequest } from '../../ports/ledger.ts';
import { checkAmount, checkCharges, keyOf } from './charges.ts';
import type { TakenLimit } from './rules/rules.ts';

/** What requests are charged with, without the amounts: checked and worked out once for all that have the same. */
export interface Plan {
  readonly charged: readonly { readonly scope: string; readonly rule: ChargeRule }[];
  /** Where each is counted. */
  readonly keys: readonly string[];
  /** Those that give back when a reservation ends. A bucket does not: it counts arrivals. */
  readonly limits: readonly TakenLimit[];
  /** Which charge each of the limits is, as an index. */
  readonly chargeOf: readonly number[];
}

const MAX_KNOWN = 4096;
const MAX_ALIKE = 16;

/** The plans of late. Requests of one user with one capability and route have the same one all day. */
export class Plans {
  /** By the first scope, which those of one user may share. */
  readonly #known = new Map<string, Plan[]>();

  /** Throws where a charge is malformed. */
  find(charges: ReserveRequest['charges']): Plan {
    const first = charges[0]?.scope ?? '';
    const alike = this.#known.get(first);
    const known = alike?.find((plan) => isPlanOf(plan, charges));
    if (known !== undefined) {
      for (const { amount, scope } of charges) checkAmount('amount', amount, scope);
      return known;
    }
    checkCharges(charges);
    const plan = makePlan(charges);
    if (alike !== undefined && alike.length < MAX_ALIKE) alike.push(plan);
    else {
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(first, [plan]);
    }
    return plan;
  }
}

/** The plan of charges that were checked before. */
export function makePlan(charged: Plan['charged']): Plan {
  const keys = charged.map(({ scope, rule }) => keyOf(scope, rule));
  const limits: TakenLimit[] = [];
  const chargeOf: number[] = [];
  for (const [index, { scope, rule }] of charged.entries()) {
    const limit = toTakenLimit(keys[index] ?? '', scope, rule);
    if (limit === undefined) continue;
    limits.push(limit);
    chargeOf.push(index);
  }
  return { charged: charged.map(({ scope, rule }) => ({ scope, rule })), keys, limits, chargeOf };
}

function isPlanOf({ charged }: Plan, charges: readonly Charge[]): boolean {
  if (charged.length !== charges.length) return false;
  for (const [index, { scope, rule }] of charges.entries()) {
    const known = charged[index];
    if (known === undefined || known.scope !== scope || !isSameRule(known.rule, rule)) return false;
  }
  return true;
}

function isSameRule(a: ChargeRule, b: ChargeRule): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'total':
      return b.kind === a.kind && a.limit === b.limit && a.window === b.window && a.endsAtMs === b.endsAtMs;
    case 'sliding':
      return b.kind === a.kind && a.limit === b.limit && a.windowMs === b.windowMs;
    case 'bucket':
      return b.kind === a.kind && a.perSecond === b.perSecond && a.burst === b.burst;
    case 'held':
      return b.kind === a.kind && a.limit === b.limit;
  }
}

function toTakenLimit(key: string, scope: string, rule: ChargeRule): TakenLimit | undefined {
  switch (rule.kind) {
    case 'total':
      return { ...rule, key, scope };
    case 'sliding':
      return {
        kind: rule.kind,
        key,
        scope,
        limit: rule.limit,
        window: String(rule.windowMs),
        endsAtMs: undefined,
      };
    case 'held':
      return { kind: rule.kind, key, scope, limit: rule.limit, window: '', endsAtMs: undefined };
    case 'bucket':
      return undefined;
  }
}
