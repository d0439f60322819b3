import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** Makes a private key for one algorithm, under a `kid`. */
export async function generateKey(alg: string, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const use = alg.startsWith('RSA-OAEP') ? 'enc' : 'sig';
  return { ...(await exportJWK(privateKey)), alg, kid, use };
}

/** The public members of a key, as an issuer publishes them. */
export function toPublic(key: JWK): JWK {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicKey } = key;
  return publicKey;
}
