import type { RateLimit, RateLimits } from '../../road/rate-limits.ts';
import type { Headers } from './dialect.ts';

const NONE: Headers = [];

/** `x-ratelimit-*`, as OpenAI's own API sends them with every answer. */
export function writeRateLimits({ requests, tokens }: RateLimits): Headers {
  if (requests === undefined) return tokens === undefined ? NONE : writeTokens(tokens);
  return tokens === undefined ? writeRequests(requests) : writeRequests(requests).concat(writeTokens(tokens));
}

function writeRequests({ limit, remaining, resetMs }: RateLimit): string[] {
  return [
    'x-ratelimit-limit-requests',
    String(limit),
    'x-ratelimit-remaining-requests',
    String(remaining),
    'x-ratelimit-reset-requests',
    writeDuration(resetMs),
  ];
}

function writeTokens({ limit, remaining, resetMs }: RateLimit): string[] {
  return [
    'x-ratelimit-limit-tokens',
    String(limit),
    'x-ratelimit-remaining-tokens',
    String(remaining),
    'x-ratelimit-reset-tokens',
    writeDuration(resetMs),
  ];
}

/** As Go writes durations, which is how OpenAI does: `20ms`, `1s`, `6m0s`, `1h0m0s`. */
export function writeDuration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
