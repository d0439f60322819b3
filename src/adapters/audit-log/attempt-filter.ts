import type { SQLInputValue } from 'node:sqlite';

/** Which attempts are wanted; what is not given does not restrict. */
export interface AttemptFilter {
  readonly user?: string;
  readonly tenant?: string;
  readonly capability?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly workflow?: string;
  readonly route?: string;
  readonly feedback?: 'any' | 'good' | 'bad';
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** Of the feedback to a request the newest counts, whichever process recorded it. */
const HAS_FEEDBACK = `(SELECT ? IN ('any', CASE WHEN score > 0 THEN 'good' WHEN score < 0 THEN 'bad' END)
  FROM feedback WHERE feedback.request_id = attempts.request_id ORDER BY at_ms DESC, file DESC, offset DESC LIMIT 1)`;

/** The filter as an SQL condition; what it is compared with travels as values, never as text. */
export function describeFilter(filter: AttemptFilter): { where: string; values: SQLInputValue[] } {
  const conditions: [condition: string, value: SQLInputValue | undefined][] = [
    ['subject = ?', filter.user],
    ['tenant = ?', filter.tenant],
    ['capability = ?', filter.capability],
    ["coalesce(outcome, 'open') = ?", filter.outcome],
    ['code = ?', filter.code],
    ['workflow = ?', filter.workflow],
    ['route = ?', filter.route],
    [HAS_FEEDBACK, filter.feedback],
    ['started_at_ms >= ?', filter.sinceMs],
    ['started_at_ms < ?', filter.untilMs],
  ];
  const used = conditions.flatMap(([condition, value]) =>
    value === undefined ? [] : [{ condition, value }],
  );
  const where = used.length === 0 ? '' : `WHERE ${used.map(({ condition }) => condition).join(' AND ')}`;
  return { where, values: used.map(({ value }) => value) };
}
