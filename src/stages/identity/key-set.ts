import { calculateJwkThumbprint, importJWK, type CryptoKey, type JWK } from 'jose';
import { ALGORITHMS, type Algorithm } from './token-shape.ts';
import { isJsonObject, type JsonObject } from './strict-json.ts';

/** One public signature key of an issuer. */
export interface PublishedKey {
  readonly keyId: string | undefined;
  /** RFC 7638: tells a key that stayed from another key under the same `kid`. */
  readonly thumbprint: string;
  readonly kty: string;
  readonly crv: string | undefined;
  /** The one algorithm that the issuer says it is for, if it says so. */
  readonly algorithm: string | undefined;
  importFor(algorithm: Algorithm): Promise<CryptoKey>;
}

/** What a token says about the key that signed it. */
export interface WantedKey {
  readonly keyId: string | undefined;
  readonly algorithm: Algorithm;
}

const MAX_KEYS = 100;
const PUBLIC_MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y'] as const;

/**
 * Reads a JWK Set (RFC 7517 §5). Keys that cannot verify a signature are left out, as the standard asks;
 * a document that is no key set at all throws.
 */
export async function readKeySet(document: unknown): Promise<readonly PublishedKey[]> {
  const entries = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(entries)) throw new Error('the document is not a JWK Set');
  if (entries.length > MAX_KEYS) throw new Error(`${entries.length} keys, of ${MAX_KEYS} at most`);
  const keys = await Promise.all(entries.filter(isJsonObject).filter(isForSignatures).map(readKey));
  return keys.filter((key) => key !== undefined);
}

/** Chooses the key that a token names, or says why there is none. */
export function selectKey(
  keys: readonly PublishedKey[],
  wanted: WantedKey,
): PublishedKey | 'not published' | 'unsuitable' {
  const named = wanted.keyId === undefined ? keys : keys.filter((key) => key.keyId === wanted.keyId);
  if (named.length === 0) return 'not published';
  const suitable = named.filter((key) => isSuitable(key, wanted.algorithm));
  // Trying several keys until one fits would let whoever adds a key choose for all of them.
  return suitable.length === 1 && suitable[0] !== undefined ? suitable[0] : 'unsuitable';
}

function isSuitable(key: PublishedKey, algorithm: Algorithm): boolean {
  const needs = ALGORITHMS[algorithm];
  if (key.kty !== needs.kty || (needs.crv !== undefined && key.crv !== needs.crv)) return false;
  return key.algorithm === undefined || key.algorithm === algorithm;
}

/** RFC 7517 §4.2 and §4.3. A secret key (`oct`) in a public document is no key that we want. */
function isForSignatures(jwk: JsonObject): boolean {
  const operations = jwk['key_ops'];
  return (
    ['RSA', 'EC', 'OKP'].includes(String(jwk['kty'])) &&
    (jwk['use'] === undefined || jwk['use'] === 'sig') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))
  );
}

async function readKey(entry: JsonObject): Promise<PublishedKey | undefined> {
  const jwk: JWK = {};
  // Public members alone: an issuer that publishes its private key by mistake must not have it imported here.
  for (const member of PUBLIC_MEMBERS) {
    const value = entry[member];
    if (typeof value === 'string') jwk[member] = value;
  }
  const thumbprint = await calculateJwkThumbprint(jwk).catch(() => undefined);
  if (thumbprint === undefined || jwk.kty === undefined) return undefined;
  const imported = new Map<Algorithm, Promise<CryptoKey>>();
  return {
    keyId: typeof entry['kid'] === 'string' ? entry['kid'] : undefined,
    thumbprint,
    kty: jwk.kty,
    crv: jwk.crv,
    algorithm: typeof entry['alg'] === 'string' ? entry['alg'] : undefined,
    importFor(algorithm) {
      const known = imported.get(algorithm);
      if (known !== undefined) return known;
      const importing = importPublicKey(jwk, algorithm);
      imported.set(algorithm, importing);
      return importing;
    },
  };
}

async function importPublicKey(jwk: JWK, algorithm: Algorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error('a secret key is no public key');
  return key;
}
