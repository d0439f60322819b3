import type { Clock } from '../../ports/clock.ts';
import type { AcceptedIssuer, IssuerDocuments } from '../../ports/identity.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import { fetchKeys } from './fetch-keys.ts';
import { selectKey, type PublishedKey, type WantedKey } from './key-set.ts';
import { quoteForOperators } from './token-shape.ts';

/** The keys of one issuer: fetched when first needed, refreshed as they age, kept while the issuer is away. */
export interface IssuerKeys {
  /** Finds the key that a token names. */
  find(wanted: WantedKey): Promise<PublishedKey | Refusal>;
  /** Whether a key that verified a token may still answer for it without a look at the issuer. */
  isServing(key: PublishedKey, nowMs: number): boolean;
}

/** All in milliseconds. */
export const KEY_TIMES = {
  /** Younger keys are used as they are. */
  freshMs: 5 * 60_000,
  /** Between fresh and this, they are used while new ones are fetched; older, the request waits for new ones. */
  usableMs: 15 * 60_000,
  /** An issuer that stays away this long is no longer believed. */
  maxAgeMs: 24 * 60 * 60_000,
  /** Between two looks at an issuer for a key that it does not publish: or anybody could hammer it through us. */
  cooldownMs: 10_000,
  /** After the first failed look; doubles up to the cooldown. */
  retryMs: 500,
} as const;

/** What keeping the keys of an issuer needs. */
export interface IssuerKeysParts {
  readonly issuer: AcceptedIssuer;
  readonly documents: IssuerDocuments;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly fetchTimeoutMs?: number | undefined;
}

/** Keeps the keys of one issuer. */
export function createIssuerKeys(parts: IssuerKeysParts): IssuerKeys {
  const { issuer, clock } = parts;
  let keys: ReadonlySet<PublishedKey> | undefined;
  let fetchedAtMs = 0;
  let attemptedAtMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let failure = '';
  let underWay: Promise<void> | undefined;

  // A clock set back must not make keys look young: the distance counts, whichever way.
  const ageMs = (nowMs: number): number => (keys === undefined ? Infinity : Math.abs(nowMs - fetchedAtMs));

  /** Starts a look at the issuer, or joins the one under way; undefined while it is too early for another. */
  function refresh(nowMs: number): Promise<void> | undefined {
    if (underWay !== undefined) return underWay;
    const { cooldownMs, retryMs } = KEY_TIMES;
    const waitMs = failures === 0 ? cooldownMs : Math.min(cooldownMs, retryMs * 2 ** (failures - 1));
    if (Math.abs(nowMs - attemptedAtMs) < waitMs) return undefined;
    attemptedAtMs = nowMs;
    underWay = look().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function look(): Promise<void> {
    try {
      const fetched = await fetchKeys(parts);
      keys = keepKnown({ before: keys, fetched });
      fetchedAtMs = clock.nowMs();
      failures = 0;
    } catch (error) {
      failures += 1;
      failure = error instanceof Error ? error.message : 'no error given';
    }
  }

  const refuseAway = (): Refusal =>
    refuse('identity.issuer_unavailable', { detail: `${quoteForOperators(issuer.issuer)}: ${failure}` });

  async function find(wanted: WantedKey): Promise<PublishedKey | Refusal> {
    const nowMs = clock.nowMs();
    const looking = ageMs(nowMs) > KEY_TIMES.freshMs ? refresh(nowMs) : undefined;
    if (ageMs(nowMs) > KEY_TIMES.usableMs) await looking;
    if (keys === undefined || ageMs(nowMs) > KEY_TIMES.maxAgeMs) return refuseAway();
    let key = selectKey([...keys], wanted);
    const again = key === 'not published' ? refresh(nowMs) : undefined;
    if (again !== undefined) {
      await again;
      if (failures > 0) return refuseAway();
      key = selectKey([...keys], wanted);
    }
    if (typeof key !== 'string') return key;
    const detail = `kid ${quoteForOperators(wanted.keyId)} for ${wanted.algorithm}: ${key}`;
    return refuse('identity.unknown_key', { detail });
  }

  function isServing(key: PublishedKey, nowMs: number): boolean {
    const age = ageMs(nowMs);
    // look() settles every failure itself, so nothing is lost by not awaiting it
    if (age > KEY_TIMES.freshMs) void refresh(nowMs);
    // While the issuer is away, waiting for it would only verify the same tokens again on each request.
    const limitMs = failures > 0 ? KEY_TIMES.maxAgeMs : KEY_TIMES.usableMs;
    return age <= limitMs && keys !== undefined && keys.has(key);
  }

  return { find, isServing };
}

/** Keys that stayed keep their identity, so that tokens which they verified stay cached. */
function keepKnown(sets: {
  readonly before: ReadonlySet<PublishedKey> | undefined;
  readonly fetched: readonly PublishedKey[];
}): ReadonlySet<PublishedKey> {
  const known = new Map([...(sets.before ?? [])].map((key) => [identify(key), key]));
  return new Set(sets.fetched.map((key) => known.get(identify(key)) ?? key));
}

const identify = (key: PublishedKey): string => JSON.stringify([key.keyId, key.algorithm, key.thumbprint]);
