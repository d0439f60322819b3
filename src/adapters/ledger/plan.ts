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
    const known = alike === undefined ? undefined : findPlan(alike, charges);
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
    if (rule.kind === 'bucket') continue;
    limits.push({ key: keys[index] ?? '', scope, rule });
    chargeOf.push(index);
  }
  return { charged: charged.map(({ scope, rule }) => ({ scope, rule })), keys, limits, chargeOf };
}

function findPlan(plans: readonly Plan[], charges: readonly Charge[]): Plan | undefined {
  for (const plan of plans) if (isPlanOf(plan, charges)) return plan;
  return undefined;
}

function isPlanOf({ charged }: Plan, charges: readonly Charge[]): boolean {
  if (charged.length !== charges.length) return false;
  for (let index = 0; index < charges.length; index += 1) {
    const [known, asked] = [charged[index], charges[index]];
    if (known === undefined || asked === undefined) return false;
    if (known.scope !== asked.scope || !isSameRule(known.rule, asked.rule)) return false;
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
