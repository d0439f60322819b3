import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createHttpIssuerDocuments } from '../../adapters/issuer-documents/http.ts';
import type { TokenVerifier } from '../../ports/identity.ts';
import { isRefusal } from '../../road/refusal.ts';
import { headerOf, makeHonest, type Arsenal, type Attack } from './cases/arsenal.ts';
import { ATTACKS_ON_CLAIMS } from './cases/attacks-on-claims.ts';
import { ATTACKS_ON_SHAPE } from './cases/attacks-on-shape.ts';
import { ATTACKS_ON_SIGNATURE } from './cases/attacks-on-signature.ts';
import { createTokenVerifier } from './oidc-token.ts';
import { encode, signWith } from './testing/forge.ts';
import { generateKey } from './testing/keys.ts';
import { AUDIENCE, startOidcIssuer, type OidcIssuer } from './testing/oidc-issuer.ts';

const documents = createHttpIssuerDocuments();
let server: OidcIssuer;
let arsenal: Arsenal;
let verifier: TokenVerifier;

before(async () => {
  const [ec, rsa, other, p384, enc, own] = await Promise.all([
    generateKey('ES256', 'ec'),
    generateKey('RS256', 'rsa'),
    generateKey('RS256', 'rsa-of-tomorrow'),
    generateKey('ES384', 'p384'),
    generateKey('RSA-OAEP', 'enc'),
    generateKey('ES256', 'ec'),
  ]);
  server = await startOidcIssuer([ec, rsa, other, p384, enc]);
  const nowS = Math.floor(Date.now() / 1000);
  arsenal = { issuer: server.issuer, audience: AUDIENCE, nowS, ec, rsa, p384, enc, own };
  const issuer = {
    issuer: server.issuer,
    audiences: [AUDIENCE],
    flavour: 'oidc' as const,
    tokenUse: [],
    claims: { tenant: 'tenant', groups: 'groups', workflow: 'workflow' },
    tenant: undefined,
    tenants: ['acme', 'umbrella'],
    clockSkewS: 5,
    jwksUri: undefined,
  };
  const knownTenants = new Set(['acme', 'globex']);
  const clock = { nowMs: () => nowS * 1000 };
  verifier = createTokenVerifier({ issuers: [issuer], documents, clock, knownTenants });
});

after(async () => {
  await server.goAway();
  await documents.close();
});

describe('a bearer token', () => {
  it('is accepted as every attack would send it, but for the one change', async () => {
    const caller = await verifier.verify(`Bearer ${makeHonest(arsenal)}`);
    assert.ok(!isRefusal(caller), JSON.stringify(caller));
    assert.equal(caller.subject, 'ada');
  });

  it('is accepted under every key that the issuer publishes for signatures', async () => {
    const signed = [
      makeHonest(arsenal, {
        header: headerOf(arsenal, { alg: 'RS256', kid: 'rsa' }),
        signer: signWith(arsenal.rsa),
      }),
      makeHonest(arsenal, {
        header: headerOf(arsenal, { alg: 'ES384', kid: 'p384' }),
        signer: signWith(arsenal.p384, 'sha384'),
      }),
      makeHonest(arsenal, { header: { alg: 'ES256' } }), // one key alone would do, so no kid is needed
    ];
    for (const token of signed) assert.ok(!isRefusal(await verifier.verify(`Bearer ${token}`)));
  });

  it('is refused after any change of one character', async () => {
    const honest = makeHonest(arsenal);
    for (let index = 0; index < honest.length; index += 1) {
      const changed = honest[index] === 'A' ? 'B' : 'A';
      const token = `${honest.slice(0, index)}${changed}${honest.slice(index + 1)}`;
      assert.ok(isRefusal(await verifier.verify(`Bearer ${token}`)), `character ${index}`);
    }
  });

  it('never makes the verifier throw', async () => {
    const part = fc.oneof(fc.base64String(), fc.json().map(encode), fc.string());
    const header = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((parts) => `Bearer ${parts.join('.')}`),
    );
    await fc.assert(
      fc.asyncProperty(header, async (text) => assert.ok(isRefusal(await verifier.verify(text)))),
      { numRuns: 500 },
    );
  });

  const tables = { shape: ATTACKS_ON_SHAPE, signature: ATTACKS_ON_SIGNATURE, claims: ATTACKS_ON_CLAIMS };
  for (const [what, attacks] of Object.entries(tables)) {
    describe(`attacked in its ${what}`, () => {
      for (const attack of attacks) it(`is refused: ${attack.name}`, () => assertRefused(attack));
    });
  }
});

async function assertRefused(attack: Attack): Promise<void> {
  const header = attack.send(arsenal);
  // Twice: the second time, everything that the first could have left in a cache is there.
  for (const _time of [1, 2]) {
    const answer = await verifier.verify(header);
    assert.ok(isRefusal(answer), 'the attack went through');
    assert.equal(answer.code, attack.code, answer.detail);
    assert.match(answer.detail ?? '', attack.detail);
    for (const part of header.split(/[ .,]+/).filter((text) => text.length > 12)) {
      assert.ok(!JSON.stringify(answer).includes(part), 'the refusal holds a part of the token');
    }
  }
}
