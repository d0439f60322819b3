import { compactVerify } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { AcceptedIssuer, IssuerDocuments, TokenVerifier } from '../../ports/identity.ts';
import type { CallerFacts } from '../../road/caller.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import { readBearerToken } from './bearer.ts';
import { compileClaimPaths, readCaller, type ClaimPaths } from './caller-of-token.ts';
import { checkAudience } from './claims.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { PublishedKey } from './key-set.ts';
import { createKeyring, type Keyring } from './keyring.ts';
import { checkLifetime, readLifetime, type Lifetime } from './lifetime.ts';
import type { JsonObject } from './strict-json.ts';
import { createTokenCache } from './token-cache.ts';
import { parseToken, quoteForOperators, type UnverifiedToken } from './token-shape.ts';

/** What a verifier needs. */
export interface TokenVerifierParts {
  readonly issuers: readonly AcceptedIssuer[];
  readonly documents: IssuerDocuments;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Asked on every request, cached tokens included; a `Set` will do, or a view of the governance that is live. */
  readonly knownTenants?: { has(tenant: string): boolean } | undefined;
  /** Keeps the keys from one verifier to the next; one of its own unless told. */
  readonly keyring?: Keyring | undefined;
  /** How long a look at an issuer may take; five seconds unless told. */
  readonly fetchTimeoutMs?: number | undefined;
  /** Of the cache of verified tokens: 20,000 tokens of 32 MB together unless told. */
  readonly cache?: { readonly maxEntries: number; readonly maxChars: number } | undefined;
}

interface IssuerAtWork {
  readonly accepted: AcceptedIssuer;
  readonly paths: ClaimPaths;
  readonly keys: IssuerKeys;
}

interface Verified {
  readonly caller: CallerFacts;
  readonly lifetime: Lifetime;
  readonly keys: IssuerKeys;
  readonly key: PublishedKey;
}

/**
 * Makes the verifier of bearer tokens: signed JSON Web Tokens of OpenID Connect issuers and of Amazon Cognito.
 * A verified token answers synchronously until it expires, or its issuer withdraws the key that signed it.
 */
export function createTokenVerifier(parts: TokenVerifierParts): TokenVerifier {
  const { clock, knownTenants, keyring = createKeyring(parts) } = parts;
  const issuers = new Map(parts.issuers.map((accepted) => [accepted.issuer, startIssuer(accepted, keyring)]));
  if (issuers.size !== parts.issuers.length) throw new Error('an issuer is accepted twice');
  // Keyed by the whole header, so that a hit parses nothing.
  const cache = createTokenCache<Verified>(parts.cache ?? { maxEntries: 20_000, maxChars: 32_000_000 });
  const underWay = new Map<string, Promise<CallerFacts | Refusal>>();

  function admit(verified: Verified): CallerFacts | Refusal {
    const { caller } = verified;
    if (knownTenants === undefined || knownTenants.has(caller.tenant)) return caller;
    return refuse('identity.unknown_tenant', { detail: `tenant ${quoteForOperators(caller.tenant)}` });
  }

  async function verifyAfresh(authorization: string | undefined): Promise<CallerFacts | Refusal> {
    const compact = readBearerToken(authorization);
    if (isRefusal(compact)) return compact;
    const token = parseToken(compact);
    if (isRefusal(token)) return token;
    const verified = await verifyToken({ token, issuers, nowMs: clock.nowMs() });
    if (isRefusal(verified)) return verified;
    if (authorization !== undefined) cache.set(authorization, verified);
    return admit(verified);
  }

  /** Many requests arrive with the same new token at once: one of them verifies it for all. */
  function joinVerification(authorization: string): Promise<CallerFacts | Refusal> {
    const known = underWay.get(authorization);
    if (known !== undefined) return known;
    const verifying = verifyAfresh(authorization).finally(() => underWay.delete(authorization));
    underWay.set(authorization, verifying);
    return verifying;
  }

  return {
    verify(authorization) {
      if (authorization === undefined) return verifyAfresh(authorization);
      const verified = cache.get(authorization);
      if (verified !== undefined) {
        const nowMs = clock.nowMs();
        const { lifetime } = verified;
        const isNow = nowMs < lifetime.untilMs && nowMs >= lifetime.fromMs;
        if (isNow && verified.keys.isServing(verified.key, nowMs)) return admit(verified);
        cache.delete(authorization);
      }
      return joinVerification(authorization);
    },
  };
}

function startIssuer(accepted: AcceptedIssuer, keyring: Keyring): IssuerAtWork {
  // A missing audience once skipped the check in a peer of ours, and became a CVE.
  if (accepted.audiences.length === 0) throw new Error(`issuer ${accepted.issuer} has no audience`);
  return { accepted, paths: compileClaimPaths(accepted), keys: keyring.keysOf(accepted) };
}

/** The cheap checks stand before the signature, and those on a claim's meaning behind it. */
async function verifyToken(parts: {
  readonly token: UnverifiedToken;
  readonly issuers: ReadonlyMap<string, IssuerAtWork>;
  readonly nowMs: number;
}): Promise<Verified | Refusal> {
  const { token } = parts;
  const name = token.payload['iss'];
  const issuer = typeof name === 'string' ? parts.issuers.get(name) : undefined;
  if (issuer === undefined) {
    return refuse('identity.unknown_issuer', { detail: `iss is ${quoteForOperators(name)}` });
  }
  const key = await issuer.keys.find({ keyId: token.keyId, algorithm: token.algorithm });
  if (isRefusal(key)) return key;
  const forged = await checkSignature(token, key);
  if (forged !== undefined) return forged;
  const lifetime = readLifetime(token.payload, issuer.accepted);
  if (isRefusal(lifetime)) return lifetime;
  const refusal =
    checkLifetime(lifetime, parts.nowMs) ??
    checkTokenUse(token.payload, issuer.accepted) ??
    checkAudience(token.payload, issuer.accepted);
  if (refusal !== undefined) return refusal;
  const { accepted, paths, keys } = issuer;
  const caller = readCaller({
    payload: token.payload,
    issuer: accepted,
    paths,
    expiresAtMs: lifetime.expiresAtMs,
  });
  return isRefusal(caller) ? caller : { caller, lifetime, keys, key };
}

async function checkSignature(token: UnverifiedToken, key: PublishedKey): Promise<Refusal | undefined> {
  try {
    await compactVerify(token.compact, await key.importFor(token.algorithm), {
      algorithms: [token.algorithm],
    });
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'a failure without a code';
    return refuse('identity.bad_signature', { detail: `${token.algorithm}: ${code}` });
  }
}

function checkTokenUse(payload: JsonObject, issuer: AcceptedIssuer): Refusal | undefined {
  // RFC 7800: such a token is worth nothing without a proof of its key, which a bearer does not bring.
  if (payload['cnf'] !== undefined) {
    return refuse('identity.wrong_token_use', { detail: 'the token is bound to a key (cnf)' });
  }
  if (issuer.flavour !== 'cognito') return undefined;
  const use = payload['token_use'];
  if (issuer.tokenUse.some((accepted) => accepted === use)) return undefined;
  return refuse('identity.wrong_token_use', { detail: `token_use is ${quoteForOperators(use)}` });
}
