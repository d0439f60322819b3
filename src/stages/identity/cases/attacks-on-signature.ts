import { encode, signWith } from '../testing/forge.ts';
import { toPublic } from '../testing/keys.ts';
import {
  altered,
  confused,
  headerOf,
  onParts,
  payloadOf,
  toPem,
  unsigned,
  withHeader,
  type Attack,
} from './arsenal.ts';

const spellingsOfNone = ['none', 'None', 'NONE', 'nOnE', ' none', 'none\u0000', ''];

/** The attacks on how a signature is checked. */
// prettier-ignore
export const ATTACKS_ON_SIGNATURE: readonly Attack[] = [
  ...spellingsOfNone.map((alg): Attack => ({ name: `alg ${JSON.stringify(alg)}`, code: 'identity.algorithm_not_allowed', detail: /alg is "/, send: (a) => `${unsigned(alg)(a)}AAAA` })),
  { name: 'alg none without a signature', code: 'identity.algorithm_not_allowed', detail: /alg is "none"/, send: unsigned('none') },
  { name: 'alg missing', code: 'identity.algorithm_not_allowed', detail: /alg is missing/, send: unsigned(undefined) },
  { name: 'alg a list', code: 'identity.algorithm_not_allowed', detail: /alg is a object/, send: unsigned(['ES256']) },
  { name: 'alg inherited', code: 'identity.algorithm_not_allowed', detail: /"constructor"/, send: unsigned('constructor') },
  { name: 'alg ES256 in lower case', code: 'identity.algorithm_not_allowed', detail: /"es256"/, send: withHeader(() => ({ alg: 'es256' })) },
  { name: 'alg ES256K', code: 'identity.algorithm_not_allowed', detail: /"ES256K"/, send: withHeader(() => ({ alg: 'ES256K' })) },
  { name: 'HMAC with the public key as SPKI PEM', code: 'identity.algorithm_not_allowed', detail: /"HS256"/, send: confused((key) => toPem(key, 'spki')) },
  { name: 'HMAC with the public key as PKCS 1 PEM', code: 'identity.algorithm_not_allowed', detail: /"HS256"/, send: confused((key) => toPem(key, 'pkcs1')) },
  { name: 'HMAC with the public key as JWK', code: 'identity.algorithm_not_allowed', detail: /"HS256"/, send: confused((key) => JSON.stringify(key)) },
  { name: 'HMAC with the modulus', code: 'identity.algorithm_not_allowed', detail: /"HS256"/, send: confused((key) => key.n ?? '') },
  { name: 'embedded jwk', code: 'identity.forbidden_header', detail: /header has jwk/, send: altered((a) => ({ header: headerOf(a, { jwk: toPublic(a.own) }), signer: signWith(a.own) })) },
  { name: 'jku', code: 'identity.forbidden_header', detail: /header has jku/, send: withHeader(() => ({ jku: 'https://attacker.example/jwks' })) },
  { name: 'x5u', code: 'identity.forbidden_header', detail: /header has x5u/, send: withHeader(() => ({ x5u: 'https://attacker.example/cert' })) },
  { name: 'x5c', code: 'identity.forbidden_header', detail: /header has x5c/, send: withHeader(() => ({ x5c: ['AAAA'] })) },
  { name: 'crit', code: 'identity.critical_header', detail: /header has crit/, send: withHeader(() => ({ crit: ['exp'] })) },
  { name: 'crit, empty', code: 'identity.critical_header', detail: /header has crit/, send: withHeader(() => ({ crit: [] })) },
  { name: 'an unencoded payload', code: 'identity.critical_header', detail: /header has b64/, send: withHeader(() => ({ b64: false })) },
  { name: 'tampered payload', code: 'identity.bad_signature', detail: /SIGNATURE_VERIFICATION/, send: onParts(([h, , s], a) => `${h}.${encode(payloadOf(a, { sub: 'root' }))}.${s}`) },
  { name: 'tampered header', code: 'identity.bad_signature', detail: /SIGNATURE_VERIFICATION/, send: onParts(([, p, s], a) => `${encode(headerOf(a, { extra: 1 }))}.${p}.${s}`) },
  { name: 'tampered signature', code: 'identity.bad_signature', detail: /SIGNATURE_VERIFICATION/, send: onParts(([h, p, s]) => `${h}.${p}.${s.startsWith('A') ? 'B' : 'A'}${s.slice(1)}`) },
  { name: 'a short signature', code: 'identity.bad_signature', detail: /ES256/, send: onParts(([h, p]) => `${h}.${p}.AAAA`) },
  { name: 'a signature of zeroes', code: 'identity.bad_signature', detail: /ES256/, send: altered(() => ({ signer: () => Buffer.alloc(64) })) },
  { name: 'a signature in DER', code: 'identity.bad_signature', detail: /ES256/, send: altered(() => ({ signer: () => Buffer.concat([Buffer.from([0x30, 0x44, 2, 32]), Buffer.alloc(66, 1)]) })) },
  { name: 'signed with a key of the attacker', code: 'identity.bad_signature', detail: /ES256/, send: altered((a) => ({ signer: signWith(a.own) })) },
  { name: 'unknown kid', code: 'identity.unknown_key', detail: /"nobody" for ES256: not published/, send: withHeader(() => ({ kid: 'nobody' })) },
  { name: 'kid that walks a path', code: 'identity.unknown_key', detail: /not published/, send: withHeader(() => ({ kid: '../../../../dev/null' })) },
  { name: 'kid with SQL and a new line', code: 'identity.unknown_key', detail: /^kid "x\?\?OR/, send: withHeader(() => ({ kid: 'x\' OR 1=1\n{"level":50}' })) },
  { name: 'kid that is inherited', code: 'identity.unknown_key', detail: /not published/, send: withHeader(() => ({ kid: '__proto__' })) },
  { name: 'kid that is no string', code: 'identity.malformed_token', detail: /kid is not a string/, send: withHeader(() => ({ kid: { $ne: '' } })) },
  { name: 'no kid, where several keys would do', code: 'identity.unknown_key', detail: /missing for RS256: unsuitable/, send: altered((a) => ({ header: { alg: 'RS256' }, signer: signWith(a.rsa) })) },
  { name: 'key of another curve', code: 'identity.unknown_key', detail: /for ES256: unsuitable/, send: withHeader((a) => ({ kid: a.p384.kid })) },
  { name: 'key of another type', code: 'identity.unknown_key', detail: /for ES256: unsuitable/, send: withHeader((a) => ({ kid: a.rsa.kid })) },
  { name: 'key for another algorithm', code: 'identity.unknown_key', detail: /for PS256: unsuitable/, send: altered((a) => ({ header: { alg: 'PS256', kid: a.rsa.kid }, signer: signWith(a.rsa) })) },
  { name: 'key for encryption', code: 'identity.unknown_key', detail: /for RS256: not published/, send: altered((a) => ({ header: { alg: 'RS256', kid: a.enc.kid }, signer: signWith(a.enc) })) },
];
