import { parseKey } from './charges.ts';
import type { TakenLimit, TakenRule } from './rules/rules.ts';

const FIELDS = 5;

/** A reservation, and what it took of each limit. */
export interface Reservation {
  readonly state: 'open' | 'expired';
  readonly limits: readonly TakenLimit[];
  readonly amounts: readonly number[];
  /** Where a sliding window counted it; otherwise 0. */
  readonly slots: readonly number[];
}

/** What a reservation took, as one line of text: a tab never stands in a key. */
export function encodeTaken({ limits, amounts, slots }: Reservation): string {
  let text = '';
  for (const [index, { key, rule }] of limits.entries()) {
    const endsAtMs = (rule.kind === 'total' ? rule.endsAtMs : undefined) ?? '';
    text += `${key}\t${amounts[index]}\t${slots[index]}\t${rule.limit}\t${endsAtMs}\t`;
  }
  return text;
}

export function decodeTaken(text: string): Omit<Reservation, 'state'> {
  const fields = text.split('\t');
  const limits: TakenLimit[] = [];
  const amounts: number[] = [];
  const slots: number[] = [];
  for (let index = 0; index + FIELDS <= fields.length; index += FIELDS) {
    const key = fields[index] ?? '';
    const endsAtMs = fields[index + 4] === '' ? undefined : Number(fields[index + 4]);
    limits.push(toTakenLimit(key, Number(fields[index + 3]), endsAtMs));
    amounts.push(Number(fields[index + 1]));
    slots.push(Number(fields[index + 2]));
  }
  return { limits, amounts, slots };
}

function toTakenLimit(key: string, limit: number, endsAtMs: number | undefined): TakenLimit {
  const { kind, scope, window } = parseKey(key);
  const ruleOf = (): TakenRule => {
    switch (kind) {
      case 'total':
        return { kind, limit, window, endsAtMs };
      case 'sliding':
        return { kind, limit, windowMs: Number(window) };
      case 'held':
        return { kind, limit };
      case 'bucket':
        throw new Error('the ledger holds what a reservation took of a bucket, which it did not write');
    }
  };
  return { key, scope, rule: ruleOf() };
}
