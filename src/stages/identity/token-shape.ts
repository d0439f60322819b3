import { refuse, type Refusal } from '../../road/refusal.ts';
import { decodeBase64url, decodeJsonPart, type JsonObject } from './strict-json.ts';

/** A token that has the shape of a signed JSON Web Token. Nothing in it is proven yet. */
export interface UnverifiedToken {
  readonly compact: string;
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  readonly payload: JsonObject;
}

/**
 * The accepted signature algorithms and the key that each needs. Asymmetric ones alone: with HMAC the
 * published key would be the secret, and `none` needs none.
 */
export const ALGORITHMS = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  RS256: { kty: 'RSA', crv: undefined },
  RS384: { kty: 'RSA', crv: undefined },
  RS512: { kty: 'RSA', crv: undefined },
  PS256: { kty: 'RSA', crv: undefined },
  PS384: { kty: 'RSA', crv: undefined },
  PS512: { kty: 'RSA', crv: undefined },
} as const;

/** The name of an accepted signature algorithm (RFC 7518 §3.1, RFC 8037, RFC 9864). */
export type Algorithm = keyof typeof ALGORITHMS;

/** Headers by which a token would choose its own key (RFC 7515 §4.1.2 to §4.1.8). */
const KEY_HEADERS = ['jwk', 'jku', 'x5u', 'x5c'];

/** What a bearer token may say it is (RFC 7519 §5.1, RFC 9068): a logout token or a DPoP proof is none. */
const ACCEPTED_TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt', 'application/jwt']);

/** Checks everything about a token that can be checked without a key. */
export function parseToken(compact: string): UnverifiedToken | Refusal {
  const parts = compact.split('.');
  const [headerPart, payloadPart, signaturePart] = parts;
  if (
    parts.length !== 3 ||
    headerPart === undefined ||
    payloadPart === undefined ||
    signaturePart === undefined
  ) {
    return refuseMalformed(
      parts.length === 5 ? 'an encrypted token, of five parts' : `${parts.length} parts`,
    );
  }
  const header = decodeJsonPart(headerPart);
  if (typeof header === 'string') return refuseMalformed(`header: ${header}`);
  const refusal = checkHeader(header);
  if (refusal !== undefined) return refusal;
  if (!isAlgorithm(header['alg'])) return refuseAlgorithm(header['alg']);
  const keyId = header['kid'];
  if (keyId !== undefined && typeof keyId !== 'string') return refuseMalformed('header: kid is not a string');
  if (decodeBase64url(signaturePart) === undefined) return refuseMalformed('signature: not base64url');
  const payload = decodeJsonPart(payloadPart);
  if (typeof payload === 'string') return refuseMalformed(`payload: ${payload}`);
  return { compact, algorithm: header['alg'], keyId, payload };
}

function checkHeader(header: JsonObject): Refusal | undefined {
  const carried = KEY_HEADERS.find((name) => Object.hasOwn(header, name));
  if (carried !== undefined) return refuse('identity.forbidden_header', { detail: `header has ${carried}` });
  // `b64: false` (RFC 7797) makes the signed bytes differ from the part that is parsed.
  const extension = ['crit', 'b64'].find((name) => Object.hasOwn(header, name));
  if (extension !== undefined) {
    return refuse('identity.critical_header', { detail: `header has ${extension}` });
  }
  const type = header['typ'];
  if (type !== undefined && (typeof type !== 'string' || !ACCEPTED_TYPES.has(type.toLowerCase()))) {
    return refuse('identity.wrong_token_use', { detail: `typ is ${quoteForOperators(type)}` });
  }
  if (Object.hasOwn(header, 'cty')) return refuseMalformed('a token within a token (cty)');
  return undefined;
}

function isAlgorithm(value: unknown): value is Algorithm {
  // hasOwn, since `alg: "constructor"` is a member of every object
  return typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
}

function refuseAlgorithm(algorithm: unknown): Refusal {
  return refuse('identity.algorithm_not_allowed', { detail: `alg is ${quoteForOperators(algorithm)}` });
}

function refuseMalformed(detail: string): Refusal {
  return refuse('identity.malformed_token', { detail });
}

/** Quotes a short value out of an unverified token, so that it can neither forge a log line nor fill a log. */
export function quoteForOperators(value: unknown): string {
  if (typeof value !== 'string') return value === undefined ? 'missing' : `a ${typeof value}`;
  const printable = value.slice(0, 80).replaceAll(/[^\w./:@+=~-]/g, '?');
  return `"${printable}"${value.length > 80 ? '…' : ''}`;
}
