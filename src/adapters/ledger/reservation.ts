import type { Charge } from '../../ports/ledger.ts';
import { parseKey } from './charges.ts';
import type { TakenLimit } from './rules/rules.ts';

const FIELDS = 5;

/** What a reservation took of one limit. Buckets are not among them: what they counted is not undone. */
export interface Taken extends TakenLimit {
  readonly key: string;
  readonly amount: number;
  /** Where a sliding window counted it; otherwise 0. */
  readonly slot: number;
}

/** A reservation that the store holds. */
export interface Reservation {
  readonly state: 'open' | 'expired';
  readonly taken: readonly Taken[];
}

/** What a charge took, or undefined where nothing of it will be undone. */
export function describeTaken(
  charge: Charge,
  at: { readonly key: string; readonly slot: number },
): Taken | undefined {
  const { rule, scope, amount } = charge;
  const { key, slot } = at;
  switch (rule.kind) {
    case 'total':
      return { ...rule, key, scope, amount, slot };
    case 'sliding':
      return {
        kind: rule.kind,
        key,
        scope,
        amount,
        slot,
        limit: rule.limit,
        window: String(rule.windowMs),
        endsAtMs: undefined,
      };
    case 'held':
      return {
        kind: rule.kind,
        key,
        scope,
        amount,
        slot,
        limit: rule.limit,
        window: '',
        endsAtMs: undefined,
      };
    case 'bucket':
      return undefined;
  }
}

/** One line of text: a tab never stands in a key. */
export function encodeTaken(taken: readonly Taken[]): string {
  let text = '';
  for (const { key, amount, slot, limit, endsAtMs = '' } of taken)
    text += `${key}\t${amount}\t${slot}\t${limit}\t${endsAtMs}\t`;
  return text;
}

export function decodeTaken(text: string): Taken[] {
  const fields = text.split('\t');
  const taken: Taken[] = [];
  for (let index = 0; index + FIELDS <= fields.length; index += FIELDS) {
    taken.push({
      ...parseKey(fields[index] ?? ''),
      key: fields[index] ?? '',
      amount: Number(fields[index + 1]),
      slot: Number(fields[index + 2]),
      limit: Number(fields[index + 3]),
      endsAtMs: fields[index + 4] === '' ? undefined : Number(fields[index + 4]),
    });
  }
  return taken;
}
