import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import type { RefusalCode } from '../../../road/refusal.ts';
import { encode, forge, signWith, signWithSecret, type Forgery } from '../testing/forge.ts';
import { toPublic } from '../testing/keys.ts';

/** What an attacker has to work with; the private keys of the issuer stand for what it would sign itself. */
export interface Arsenal {
  readonly issuer: string;
  readonly audience: string;
  readonly nowS: number;
  readonly ec: JWK;
  readonly rsa: JWK;
  readonly p384: JWK;
  /** Published with `use: enc`. */
  readonly enc: JWK;
  /** Not published at all. */
  readonly own: JWK;
}

/** One attack, the whole Authorization header that it sends, and why it is refused. */
export interface Attack {
  readonly name: string;
  readonly send: (arsenal: Arsenal) => string;
  readonly code: RefusalCode;
  readonly detail: RegExp;
}

/** A token that is accepted as it stands: every attack differs from it in one thing. */
export function makeHonest(arsenal: Arsenal, change: Partial<Forgery> = {}): string {
  return forge({
    header: headerOf(arsenal),
    payload: payloadOf(arsenal),
    signer: signWith(arsenal.ec),
    ...change,
  });
}

/** The header of an honest token, with a change. */
export const headerOf = (arsenal: Arsenal, change: object = {}): object => ({
  alg: 'ES256',
  kid: arsenal.ec.kid,
  typ: 'at+jwt',
  ...change,
});

/** The payload of an honest token, with a change. */
export const payloadOf = (arsenal: Arsenal, change: object = {}): object => ({
  iss: arsenal.issuer,
  aud: arsenal.audience,
  sub: 'ada',
  tenant: 'acme',
  groups: ['engineering'],
  client_id: 'shop',
  iat: arsenal.nowS,
  exp: arsenal.nowS + 600,
  ...change,
});

/** Sends an honest token, but for some of its parts. */
export const altered = (change: (arsenal: Arsenal) => Partial<Forgery>) => (arsenal: Arsenal) =>
  `Bearer ${makeHonest(arsenal, change(arsenal))}`;

/** Sends an honest token, but for its header. */
export const withHeader = (change: (arsenal: Arsenal) => object) =>
  altered((arsenal) => ({ header: headerOf(arsenal, change(arsenal)) }));

/** Sends an honest token, but for its payload. */
export const withPayload = (change: (arsenal: Arsenal) => object) =>
  altered((arsenal) => ({ payload: payloadOf(arsenal, change(arsenal)) }));

/** Sends a token without a signature. */
export const unsigned = (alg: unknown) => (arsenal: Arsenal) =>
  `Bearer ${encode(headerOf(arsenal, { alg }))}.${encode(payloadOf(arsenal))}.`;

/** Sends a token whose HMAC secret is something that the issuer publishes. */
export const confused = (secret: (key: JWK) => string) =>
  altered((arsenal) => ({
    header: headerOf(arsenal, { alg: 'HS256', kid: arsenal.rsa.kid }),
    signer: signWithSecret(secret(toPublic(arsenal.rsa))),
  }));

/** Writes a public key as PEM. */
export const toPem = (key: JWK, type: 'spki' | 'pkcs1'): string =>
  createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type }).toString();

/** Sends the encoded parts of an honest token, rearranged. */
export const onParts =
  (change: (parts: readonly [string, string, string], arsenal: Arsenal) => string) => (arsenal: Arsenal) => {
    const [header = '', payload = '', signature = ''] = makeHonest(arsenal).split('.');
    return `Bearer ${change([header, payload, signature], arsenal)}`;
  };
