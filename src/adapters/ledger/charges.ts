import {
  MAX_LEDGER_AMOUNT,
  MAX_LEDGER_RATE,
  type ChargeRule,
  type ReserveRequest,
  type SettleRequest,
} from '../../ports/ledger.ts';

const MAX_CHARGES = 64;
const MAX_NAME_LENGTH = 1024;
/**
 * Separators of ours, and halves of surrogate pairs: SQLite would store two different halves as the same text, and two
 * scopes would then share a row without knowing it.
 */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;
const WINDOW = /^[A-Za-z0-9-]{1,64}$/;

/** Throws where a reservation is malformed, its charges apart. */
export function checkReservation({ id, nowMs, expiresAtMs }: ReserveRequest): void {
  checkName('id', id);
  checkTime('nowMs', nowMs);
  checkTime('expiresAtMs', expiresAtMs);
}

/** Throws where charges are malformed: an amount that counts backward would be money from nothing. */
export function checkCharges(charges: ReserveRequest['charges']): void {
  if (charges.length > MAX_CHARGES)
    throw new RangeError(`a reservation has ${charges.length} charges, and ${MAX_CHARGES} at most`);
  const scopes = new Set<string>();
  for (const { scope, rule, amount } of charges) {
    checkName('scope', scope);
    checkAmount('amount', amount, scope);
    checkRule(rule, scope);
    if (scopes.has(scope)) throw new RangeError(`${scope} is charged twice`);
    scopes.add(scope);
  }
}

/** Throws where a settlement is malformed. */
export function checkSettlement(request: SettleRequest): void {
  checkName('id', request.id);
  checkTime('nowMs', request.nowMs);
  for (const { scope, amount } of request.actual) checkAmount('actual amount', amount, scope);
}

/** Throws where a time is not a number of milliseconds since 1970. */
export function checkTime(what: string, timeMs: number): void {
  // Times after 1970 alone: slots are counted from there.
  if (!Number.isSafeInteger(timeMs) || timeMs < 0)
    throw new RangeError(`${what} is ${timeMs}, which is no time in milliseconds since 1970`);
}

/** Throws where a name is empty, long, or has characters that tear keys apart. */
export function checkName(what: string, name: string): void {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH)
    throw new RangeError(`${what} has ${name.length} characters, and 1 to ${MAX_NAME_LENGTH} are allowed`);
  if (UNSAFE.test(name)) throw new RangeError(`${what} has a control character or half a surrogate pair`);
}

/** Where a charge is counted: scope, kind and window, as text that sorts by scope. */
export function keyOf(scope: string, rule: ChargeRule): string {
  switch (rule.kind) {
    case 'total':
      return `${scope}\nt${rule.window}`;
    case 'sliding':
      return `${scope}\ns${rule.windowMs}`;
    case 'bucket':
      return `${scope}\nb`;
    case 'held':
      return `${scope}\nh`;
  }
}

const KINDS: Readonly<Record<string, ChargeRule['kind']>> = {
  t: 'total',
  s: 'sliding',
  b: 'bucket',
  h: 'held',
};

/** The parts of a key. Throws where the key is not one of ours. */
export function parseKey(key: string): { kind: ChargeRule['kind']; scope: string; window: string } {
  const end = key.indexOf('\n');
  const kind = KINDS[key[end + 1] ?? ''];
  if (end < 1 || kind === undefined) throw new Error(`the ledger holds a key that it did not write`);
  return { kind, scope: key.slice(0, end), window: key.slice(end + 2) };
}

function checkRule(rule: ChargeRule, scope: string): void {
  if (rule.kind === 'bucket') {
    if (!Number.isSafeInteger(rule.burst) || rule.burst < 0 || rule.burst > MAX_LEDGER_RATE)
      throw new RangeError(
        `burst of ${scope} is ${rule.burst}, and must be a whole number from 0 to ${MAX_LEDGER_RATE}`,
      );
    if (!(rule.perSecond > 0 && rule.perSecond <= MAX_LEDGER_RATE))
      throw new RangeError(
        `perSecond of ${scope} is ${rule.perSecond}, and must be above 0, to ${MAX_LEDGER_RATE}`,
      );
    return;
  }
  checkAmount('limit', rule.limit, scope);
  if (rule.kind === 'sliding' && !(rule.windowMs >= 1 && Number.isSafeInteger(rule.windowMs)))
    throw new RangeError(`windowMs of ${scope} is ${rule.windowMs}, and must be a whole number above 0`);
  if (rule.kind !== 'total') return;
  if (!WINDOW.test(rule.window))
    throw new RangeError(`the window of ${scope} is not made of letters, digits and hyphens`);
  if (rule.endsAtMs !== undefined) checkTime(`endsAtMs of ${scope}`, rule.endsAtMs);
}

/** Throws where an amount is none that the ledger can count. */
export function checkAmount(what: string, amount: number, scope: string): void {
  if (!Number.isSafeInteger(amount) || amount < 0 || amount > MAX_LEDGER_AMOUNT)
    throw new RangeError(
      `${what} of ${scope} is ${amount}, and must be a whole number from 0 to ${MAX_LEDGER_AMOUNT}`,
    );
}
