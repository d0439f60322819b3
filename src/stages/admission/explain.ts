import type { ReserveResult } from '../../ports/ledger.ts';
import { refuse, type Refusal, type RefusalCode } from '../../road/refusal.ts';
import type { Limit, LimitKind } from './limits.ts';
import { describeRateLimits, type Standing } from './standing.ts';

const CODES: Readonly<Record<LimitKind, RefusalCode>> = {
  rate: 'admission.rate_exceeded',
  quota: 'admission.quota_exhausted',
  tokens: 'admission.tokens_exceeded',
  concurrent: 'admission.concurrency_exceeded',
  'budget-day': 'admission.budget_exhausted',
  'budget-month': 'admission.budget_exhausted',
};

/** When a place becomes free depends on others. */
const PLACE_RETRY_MS = 1000;

/** Says which limit refuses, the narrowest first, and when it may not. */
export function explainRefusal(input: {
  readonly refused: Limit | undefined;
  readonly result: Extract<ReserveResult, { ok: false }>;
  readonly standing: Standing;
}): Refusal {
  const { refused, result, standing } = input;
  if (refused === undefined) return refuse('admission.unavailable', { detail: 'an unknown limit refused' });
  const { kind, place, scope, limit } = refused;
  const retryAfterMs = kind === 'concurrent' ? PLACE_RETRY_MS : result.retryAfterMs;
  const tooLarge =
    kind === 'tokens' && retryAfterMs === undefined
      ? ' This request alone may take more than the limit: shorten it, or ask for a shorter answer.'
      : '';
  return refuse(CODES[kind], {
    hint: `The limit is that of the ${place}.${tooLarge}`,
    detail: `${scope}: ${standing.remaining[result.charge] ?? 0} left of ${limit}`,
    retryAfterMs,
    rateLimits: describeRateLimits(standing),
  });
}
