import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT, type JWK } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { AcceptedIssuer, IssuerDocuments } from '../../ports/identity.ts';
import { openKeyFile } from './key-file.ts';

/**
 * The `iss` of its tokens. A name and no address: nothing can ever be fetched from it, so a gateway that
 * accepts it by mistake, but does not hold the key, accepts nobody.
 */
export const LOOPBACK_ISSUER = 'urn:goldenpath:loopback-issuer';
/** The `aud` of its tokens. */
export const LOOPBACK_AUDIENCE = 'goldenpath';
const JWKS_URI = 'urn:goldenpath:loopback-issuer:keys';
const MAX_TTL_S = 7 * 24 * 60 * 60;

/** Whom a token speaks for, and how long. */
export interface TokenOrder {
  readonly user: string;
  readonly tenant: string;
  readonly groups?: readonly string[] | undefined;
  readonly workflow?: string | undefined;
  /** One hour unless told; seven days at most. */
  readonly ttlS?: number | undefined;
}

/** The token issuer of the embedded default. Whoever can read its key file can be anybody: loopback only. */
export interface LoopbackIssuer {
  readonly issuer: string;
  acceptedIssuer(): AcceptedIssuer;
  /** Answers for this issuer without a network; hands everything else to `beyond`. */
  readonly documents: IssuerDocuments;
  /** Makes a signed token. Rejects an order that no verifier would accept. */
  mint(order: TokenOrder): Promise<string>;
}

/** Opens the issuer; its key is made at the first opening, as `<state>/keys/issuer.json`, for its owner alone. */
export async function openLoopbackIssuer(parts: {
  readonly stateDir: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly beyond?: IssuerDocuments | undefined;
}): Promise<LoopbackIssuer> {
  const key = await openKeyFile(parts.stateDir);
  return {
    issuer: LOOPBACK_ISSUER,
    acceptedIssuer: describeLoopbackIssuer,
    documents: serveDocuments(key, parts.beyond),
    mint: (order) => mintToken({ key, order, nowMs: parts.clock.nowMs() }),
  };
}

function describeLoopbackIssuer(): AcceptedIssuer {
  return {
    issuer: LOOPBACK_ISSUER,
    audiences: [LOOPBACK_AUDIENCE],
    flavour: 'oidc',
    tokenUse: [],
    claims: { tenant: 'tenant', groups: 'groups', workflow: 'workflow' },
    tenant: undefined,
    clockSkewS: 0,
    jwksUri: JWKS_URI,
  };
}

function serveDocuments(key: JWK, beyond: IssuerDocuments | undefined): IssuerDocuments {
  const { d: _private, ...publicKey } = key;
  return {
    async fetchJson(url, options) {
      if (url === JWKS_URI) return { keys: [publicKey] };
      if (beyond === undefined) throw new Error('the loopback issuer publishes no such document');
      return beyond.fetchJson(url, options);
    },
  };
}

async function mintToken(parts: {
  readonly key: JWK;
  readonly order: TokenOrder;
  readonly nowMs: number;
}): Promise<string> {
  const { order } = parts;
  const ttlS = order.ttlS ?? 3600;
  if (!Number.isInteger(ttlS) || ttlS < 1 || ttlS > MAX_TTL_S) {
    throw new Error('a token of the loopback issuer lives from one second to seven days');
  }
  const nowS = Math.floor(parts.nowMs / 1000);
  checkNames(order);
  const { tenant, workflow, groups = [] } = order;
  const claims = {
    tenant,
    groups,
    client_id: 'goldenpath-cli',
    ...(workflow === undefined ? {} : { workflow }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: parts.key.kid ?? '' })
    .setIssuer(LOOPBACK_ISSUER)
    .setAudience(LOOPBACK_AUDIENCE)
    .setSubject(order.user)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ttlS)
    .setJti(randomUUID())
    .sign(await importJWK(parts.key, 'ES256'));
}

function checkNames(order: TokenOrder): void {
  const names = { user: order.user, tenant: order.tenant, workflow: order.workflow ?? '-' };
  for (const [what, name] of [
    ...Object.entries(names),
    ...(order.groups ?? []).map((g) => ['group', g] as const),
  ]) {
    if (name.trim() === '' || name.length > 128 || /\p{C}/u.test(name)) {
      throw new Error(`the ${what} of a token is 1 to 128 printable characters`);
    }
  }
}
