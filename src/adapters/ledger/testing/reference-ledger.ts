import type { Balance, Charge, ReserveRequest, SettleRequest } from '../../../ports/ledger.ts';
import { slotMsOf } from '../rules/sliding.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

interface Count {
  readonly charge: Charge;
  limit: number;
  settled: number;
  reserved: number;
  seenMs: number;
  readonly slots: Map<number, { settled: number; reserved: number }>;
}

interface Reserved {
  state: 'open' | 'expired' | 'ended';
  dueMs: number;
  readonly charges: readonly { readonly charge: Charge; readonly slot: number }[];
}

/** What a reservation answers, but for how long to wait. */
interface ReferenceResult {
  readonly ok: boolean;
  readonly charge?: number;
  readonly remaining: readonly number[];
}

/**
 * The ledger as its port describes it, in the plainest way: it forgets nothing, sums everything anew, and knows no
 * store. What an engine says is compared with it.
 */
export class ReferenceLedger {
  readonly #counts = new Map<string, Count>();
  readonly #reserved = new Map<string, Reserved>();
  /** The latest time at which leftovers expired. */
  #watermarkMs = 0;

  reserve(request: ReserveRequest): ReferenceResult {
    const checked = request.charges.map((charge) => {
      const count = this.#count(charge);
      const nowMs = Math.max(request.nowMs, this.#watermarkMs, count.seenMs);
      return { charge, count, nowMs, left: leftOf(count, charge, nowMs) };
    });
    const refused = checked.findIndex(({ charge, left }) => charge.amount > left);
    if (refused >= 0)
      return { ok: false, charge: refused, remaining: checked.map(({ left }) => showLeft(left)) };
    for (const { charge, count, nowMs } of checked) add(count, charge, nowMs);
    this.#reserved.set(request.id, {
      state: 'open',
      dueMs: request.expiresAtMs,
      charges: checked.map(({ charge, nowMs }) => ({ charge, slot: slotOf(charge, nowMs) })),
    });
    return { ok: true, remaining: checked.map(({ charge, left }) => showLeft(left - charge.amount)) };
  }

  settle(request: SettleRequest): 'settled' | 'corrected' | 'unknown' {
    return this.#end(request, (charge) => {
      const used = request.actual.find(({ scope }) => scope === charge.scope);
      return used?.amount ?? charge.amount;
    });
  }

  release(request: { id: string; nowMs: number }): void {
    this.#end(request, () => 0);
  }

  /** Ids of what was left over. */
  expire(nowMs: number): string[] {
    this.#watermarkMs = Math.max(this.#watermarkMs, nowMs);
    const expired: string[] = [];
    for (const [id, reserved] of this.#reserved) {
      if (reserved.dueMs > this.#watermarkMs) continue;
      if (reserved.state === 'expired') reserved.state = 'ended';
      if (reserved.state !== 'open') continue;
      expired.push(id);
      for (const part of reserved.charges)
        this.#correct(part, { from: 'open', actual: part.charge.amount, nowMs });
      reserved.state = 'expired';
      reserved.dueMs = this.#watermarkMs + DAY_MS;
    }
    return expired;
  }

  readBalances(nowMs: number): Balance[] {
    const balances: Balance[] = [];
    for (const count of this.#counts.values()) {
      const { charge, limit } = count;
      const { settled, reserved } = sumOf(count, Math.max(nowMs, this.#watermarkMs, count.seenMs));
      if (settled === 0 && reserved === 0) continue;
      const window = windowOf(charge);
      balances.push({ scope: charge.scope, kind: charge.rule.kind, window, limit, settled, reserved });
    }
    return balances;
  }

  #end(
    request: { id: string; nowMs: number },
    actualOf: (charge: Charge) => number,
  ): 'settled' | 'corrected' | 'unknown' {
    const reserved = this.#reserved.get(request.id);
    if (reserved === undefined || reserved.state === 'ended') return 'unknown';
    for (const part of reserved.charges) {
      this.#correct(part, {
        from: reserved.state,
        actual: actualOf(part.charge),
        nowMs: request.nowMs,
      });
    }
    const result = reserved.state === 'open' ? 'settled' : 'corrected';
    reserved.state = 'ended';
    return result;
  }

  #correct(
    { charge, slot }: { charge: Charge; slot: number },
    change: { from: 'open' | 'expired'; actual: number; nowMs: number },
  ): void {
    const count = this.#count(charge);
    const { kind } = charge.rule;
    if (kind === 'bucket') return;
    const isOpen = change.from === 'open';
    if (kind === 'held') {
      if (isOpen) count.reserved -= charge.amount;
      return;
    }
    if (kind === 'total') {
      if (isOpen) count.reserved -= charge.amount;
      count.settled += change.actual - (isOpen ? 0 : charge.amount);
      return;
    }
    count.seenMs = Math.max(count.seenMs, change.nowMs, this.#watermarkMs);
    const kept = Math.min(change.actual, charge.amount);
    const then = slotAt(count, slot);
    if (isOpen) then.reserved -= charge.amount;
    then.settled += kept - (isOpen ? 0 : charge.amount);
    slotAt(count, slotOf(charge, count.seenMs)).settled += change.actual - kept;
  }

  #count(charge: Charge): Count {
    const key = JSON.stringify([charge.scope, charge.rule.kind, windowOf(charge)]);
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { charge, limit: 0, settled: 0, reserved: 0, seenMs: 0, slots: new Map() };
      this.#counts.set(key, count);
    }
    return count;
  }
}

/** What is left of a limit; of a bucket, in millionths of a whole. */
function leftOf(count: Count, { rule }: Charge, nowMs: number): number {
  if (rule.kind === 'bucket') return rule.burst - levelOf(count, rule.perSecond, nowMs);
  if (rule.kind === 'total' && rule.endsAtMs !== undefined && rule.endsAtMs + DAY_MS <= nowMs) return -1;
  const { settled, reserved } = sumOf(count, nowMs);
  return rule.limit - settled - reserved;
}

function showLeft(left: number): number {
  return Math.max(0, Math.floor(left));
}

function add(count: Count, { rule, amount }: Charge, nowMs: number): void {
  if (rule.kind === 'bucket') {
    count.settled = levelOf(count, rule.perSecond, nowMs) + amount;
    count.limit = rule.burst;
    count.seenMs = nowMs;
    return;
  }
  count.limit = rule.limit;
  if (rule.kind === 'sliding') {
    count.seenMs = nowMs;
    slotAt(count, Math.floor(nowMs / slotMsOf(rule.windowMs))).reserved += amount;
  } else count.reserved += amount;
}

function levelOf(count: Count, perSecond: number, nowMs: number): number {
  const flowed = Math.floor((nowMs - count.seenMs) * perSecond * 1000);
  return Math.max(0, Math.round(count.settled * 1e6) - flowed) / 1e6;
}

function sumOf(count: Count, nowMs: number): { settled: number; reserved: number } {
  const { rule } = count.charge;
  if (rule.kind === 'bucket')
    return { settled: Math.ceil(levelOf(count, rule.perSecond, nowMs)), reserved: 0 };
  if (rule.kind !== 'sliding') return { settled: count.settled, reserved: count.reserved };
  let [settled, reserved] = [0, 0];
  for (const [slot, used] of count.slots) {
    // The last millisecond of the slot is in the window that ends now, and both ends count.
    if ((slot + 1) * slotMsOf(rule.windowMs) - 1 < nowMs - rule.windowMs) continue;
    settled += used.settled;
    reserved += used.reserved;
  }
  return { settled, reserved };
}

function slotAt(count: Count, slot: number): { settled: number; reserved: number } {
  const used = count.slots.get(slot) ?? { settled: 0, reserved: 0 };
  count.slots.set(slot, used);
  return used;
}

function slotOf({ rule }: Charge, nowMs: number): number {
  return rule.kind === 'sliding' ? Math.floor(nowMs / slotMsOf(rule.windowMs)) : 0;
}

function windowOf({ rule }: Charge): string {
  if (rule.kind === 'total') return rule.window;
  return rule.kind === 'sliding' ? String(rule.windowMs) : '';
}
