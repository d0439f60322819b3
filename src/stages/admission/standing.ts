import type { RateLimit, RateLimits } from '../../road/rate-limits.ts';
import type { Calendar } from './calendar.ts';
import type { Limit } from './limits.ts';

/** The limits of a request, and what was left of each. */
export interface Standing {
  readonly limits: readonly Limit[];
  readonly remaining: readonly number[];
  readonly calendar: Calendar;
  readonly nowMs: number;
}

/** What a client may be told: of each kind, the limit of which least is left. */
export function describeRateLimits(standing: Standing): RateLimits {
  const { limits, remaining } = standing;
  let requests: number | undefined;
  let tokens: number | undefined;
  for (const [index, { kind }] of limits.entries()) {
    const left = remaining[index] ?? 0;
    if (kind === 'rate' || kind === 'quota') {
      if (requests === undefined || left < (remaining[requests] ?? 0)) requests = index;
    } else if (kind === 'tokens' && (tokens === undefined || left < (remaining[tokens] ?? 0))) tokens = index;
  }
  return {
    ...(requests === undefined ? {} : { requests: describe(standing, requests) }),
    ...(tokens === undefined ? {} : { tokens: describe(standing, tokens) }),
  };
}

function describe({ limits, remaining, calendar, nowMs }: Standing, index: number): RateLimit {
  const limit = limits[index];
  const left = Math.max(0, remaining[index] ?? 0);
  if (limit === undefined) return { limit: 0, remaining: 0, resetMs: 0 };
  const rule = limit.ruleAt(calendar);
  return { limit: limit.limit, remaining: left, resetMs: resetMs() };

  function resetMs(): number {
    const used = (limit?.limit ?? 0) - left;
    if (used <= 0) return 0;
    if (rule.kind === 'bucket') return Math.ceil((used / rule.perSecond) * 1000);
    if (rule.kind === 'sliding') return rule.windowMs;
    return rule.kind === 'total' ? Math.max(0, (rule.endsAtMs ?? nowMs) - nowMs) : 0;
  }
}
