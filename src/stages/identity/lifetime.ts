import type { AcceptedIssuer } from '../../ports/identity.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import { refuseClaim } from './claims.ts';
import type { JsonObject } from './strict-json.ts';

/** When a token may be used, in milliseconds since 1970, the issuer's clock skew included. */
export interface Lifetime {
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  /** The token's own `exp`, without the skew. */
  readonly expiresAtMs: number;
}

/** The last second of the year 9999: a larger `exp` is a mistake or an attempt at a token for ever. */
const MAX_NUMERIC_DATE = 253_402_300_799;

/** Reads `exp`, `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6); a token without `exp` is refused. */
export function readLifetime(payload: JsonObject, issuer: AcceptedIssuer): Lifetime | Refusal {
  const skewMs = issuer.clockSkewS * 1000;
  const expires = readNumericDate(payload, 'exp');
  if (isRefusal(expires)) return expires;
  if (expires === undefined) return refuse('identity.missing_claim', { detail: 'exp is missing' });
  const notBefore = readNumericDate(payload, 'nbf');
  if (isRefusal(notBefore)) return notBefore;
  const issued = readNumericDate(payload, 'iat');
  if (isRefusal(issued)) return issued;
  return {
    fromMs: Math.max(notBefore ?? 0, issued ?? 0) - skewMs,
    untilMs: expires + skewMs,
    expiresAtMs: expires,
  };
}

/** Says whether a token may be used now. */
export function checkLifetime(lifetime: Lifetime, nowMs: number): Refusal | undefined {
  if (nowMs >= lifetime.untilMs) {
    return refuse('identity.expired_token', { detail: `expired at ${lifetime.expiresAtMs}` });
  }
  if (nowMs < lifetime.fromMs) {
    return refuse('identity.not_yet_valid', { detail: `valid from ${lifetime.fromMs}` });
  }
  return undefined;
}

function readNumericDate(payload: JsonObject, name: string): number | undefined | Refusal {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number') return refuseClaim(`${name} is not a number`);
  if (!(value >= 0 && value <= MAX_NUMERIC_DATE)) return refuseClaim(`${name} is no date`);
  return value * 1000;
}
