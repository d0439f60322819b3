import type { ChargeRule } from '../../ports/ledger.ts';
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
  for (let index = 0; index < limits.length; index += 1) {
    const kind = limits[index]?.kind;
    const left = remaining[index] ?? 0;
    if (kind === 'rate' || kind === 'quota') {
      if (requests === undefined || left < (remaining[requests] ?? 0)) requests = index;
    } else if (kind === 'tokens' && (tokens === undefined || left < (remaining[tokens] ?? 0))) tokens = index;
  }
  const described: { requests?: RateLimit; tokens?: RateLimit } = {};
  if (requests !== undefined) described.requests = describe(standing, requests);
  if (tokens !== undefined) described.tokens = describe(standing, tokens);
  return described;
}

function describe({ limits, remaining, calendar, nowMs }: Standing, index: number): RateLimit {
  const limit = limits[index];
  const left = Math.max(0, remaining[index] ?? 0);
  if (limit === undefined) return { limit: 0, remaining: 0, resetMs: 0 };
  const used = limit.limit - left;
  const resetMs = used <= 0 ? 0 : timeToReset(limit.ruleAt(calendar), used, nowMs);
  return { limit: limit.limit, remaining: left, resetMs };
}

function timeToReset(rule: ChargeRule, used: number, nowMs: number): number {
  if (rule.kind === 'bucket') return Math.ceil((used / rule.perSecond) * 1000);
  if (rule.kind === 'sliding') return rule.windowMs;
  return rule.kind === 'total' ? Math.max(0, (rule.endsAtMs ?? nowMs) - nowMs) : 0;
}
