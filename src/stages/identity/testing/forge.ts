import { createHmac, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** What a forged token is made of; a string stands for raw JSON text. */
export interface Forgery {
  readonly header: object | string;
  readonly payload: object | string;
  /** Signs the first two parts. */
  readonly signer: (signed: string, header: object | string) => Buffer;
}

/** Writes a compact token. */
export function forge(forgery: Forgery): string {
  const signed = `${encode(forgery.header)}.${encode(forgery.payload)}`;
  return `${signed}.${forgery.signer(signed, forgery.header).toString('base64url')}`;
}

/** Signs as RFC 7515 says for the key's type, whatever the header claims. */
export function signWith(jwk: JWK, hash = 'sha256'): Forgery['signer'] {
  const key: KeyObject = createPrivateKey({ key: jwk, format: 'jwk' });
  return (signed) =>
    sign(jwk.kty === 'OKP' ? null : hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
}

/** Signs with HMAC, as a token does that takes a public key for a shared secret. */
export function signWithSecret(secret: string | Buffer): Forgery['signer'] {
  return (signed) => createHmac('sha256', secret).update(signed).digest();
}

/** Encodes one part. */
export function encode(part: object | string): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}
