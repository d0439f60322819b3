import type { Charge } from '../../ports/ledger.ts';
import { parseKey } from './charges.ts';
import type { TakenLimit } from './rules/rules.ts';

const FIELDS = 5;

/** What a reservation took of one limit. Buckets are not among them: what they counted is not undone. */
export interface Taken {
  readonly key: string;
  readonly amount: number;
  /** Where a sliding window counted it; otherwise 0. */
  readonly slot: number;
  readonly limit: number;
  /** Of a total; otherwise undefined. */
  readonly endsAtMs: number | undefined;
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
  if (charge.rule.kind === 'bucket') return undefined;
  const { rule, amount } = charge;
  return {
    ...at,
    amount,
    limit: rule.limit,
    endsAtMs: rule.kind === 'total' ? rule.endsAtMs : undefined,
  };
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
      key: fields[index] ?? '',
      amount: Number(fields[index + 1]),
      slot: Number(fields[index + 2]),
      limit: Number(fields[index + 3]),
      endsAtMs: fields[index + 4] === '' ? undefined : Number(fields[index + 4]),
    });
  }
  return taken;
}

/** The limit of what was taken, as the rules take it. */
export function limitOf({ key, limit, endsAtMs }: Taken): TakenLimit {
  return { ...parseKey(key), limit, endsAtMs };
}
