import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { importJWK, SignJWT, type JWK } from 'jose';
import { createHttpIssuerDocuments } from '../../adapters/issuer-documents/http.ts';
import type { AcceptedIssuer, IssuerDocuments, TokenVerifier } from '../../ports/identity.ts';
import type { CallerFacts } from '../../road/caller.ts';
import { isRefusal, type RefusalCode } from '../../road/refusal.ts';
import { KEY_TIMES } from './issuer-keys.ts';
import { createKeyring } from './keyring.ts';
import { createTokenVerifier, type TokenVerifierParts } from './oidc-token.ts';
import { forge, signWith } from './testing/forge.ts';
import { generateKey, toPublic } from './testing/keys.ts';
import { AUDIENCE, startOidcIssuer, type OidcIssuer } from './testing/oidc-issuer.ts';
import { ALGORITHMS } from './token-shape.ts';

const documents = createHttpIssuerDocuments();
let keys: Record<'one' | 'two' | 'rsa', JWK>;
let server: OidcIssuer;
let nowMs = 0;
const clock = { nowMs: () => nowMs };

before(async () => {
  keys = {
    one: await generateKey('ES256', 'one'),
    two: await generateKey('ES256', 'two'),
    rsa: await generateKey('RS256', 'rsa'),
  };
  server = await startOidcIssuer([keys.one, keys.rsa]);
});

beforeEach(() => {
  nowMs = Date.now();
  server.rotate([keys.one, keys.rsa]);
  server.seen.length = 0;
});

after(async () => {
  await server.goAway();
  await documents.close();
});

function accept(change: Partial<AcceptedIssuer> = {}): AcceptedIssuer {
  return {
    issuer: server.issuer,
    audiences: [AUDIENCE],
    flavour: 'oidc',
    tokenUse: [],
    claims: { tenant: 'tenant', groups: 'realm.groups', workflow: 'workflow' },
    tenant: undefined,
    clockSkewS: 5,
    jwksUri: undefined,
    ...change,
  };
}

function start(change: Partial<TokenVerifierParts> = {}): TokenVerifier {
  return createTokenVerifier({ issuers: [accept()], documents, clock, ...change });
}

/** A token that the issuer could have signed, for the cases that no login brings about. */
function mint(change: object = {}, key = keys.one): string {
  const nowS = Math.floor(Date.now() / 1000);
  const payload = {
    iss: server.issuer,
    aud: AUDIENCE,
    sub: 'ada',
    tenant: 'acme',
    iat: nowS,
    exp: nowS + 3600,
  };
  return `Bearer ${forge({
    header: { alg: 'ES256', kid: key.kid },
    payload: { ...payload, ...change },
    signer: signWith(key),
  })}`;
}

async function assertAccepted(verifier: TokenVerifier, header: string): Promise<CallerFacts> {
  const answer = await verifier.verify(header);
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  return answer;
}

async function assertRefused(
  verifier: TokenVerifier,
  header: string,
  why: { readonly code: RefusalCode; readonly detail?: RegExp },
): Promise<void> {
  const answer = await verifier.verify(header);
  assert.ok(isRefusal(answer), 'accepted');
  assert.equal(answer.code, why.code, answer.detail);
  if (why.detail !== undefined) assert.match(answer.detail ?? '', why.detail);
}

const countFetches = (): number => server.seen.filter((path) => path.startsWith('/jwks')).length;

describe('tokens of an OpenID Connect issuer', () => {
  it('tell who signed in', async () => {
    const { access } = await server.signIn('ada');
    const caller = await assertAccepted(start(), `Bearer ${access}`);
    assert.deepEqual(
      { ...caller, expiresAtMs: 0 },
      {
        tenant: 'acme',
        subject: 'ada',
        issuer: server.issuer,
        kind: 'user',
        groups: ['engineering'],
        workflow: 'triage',
        client: 'shop-backend',
        expiresAtMs: 0,
      },
    );
    assert.ok(caller.expiresAtMs > nowMs && caller.expiresAtMs <= nowMs + 3_601_000);
  });

  it('of the client-credentials grant make a service', async () => {
    const caller = await assertAccepted(start(), `Bearer ${await server.fetchServiceToken()}`);
    assert.equal(caller.kind, 'service');
    assert.equal(caller.subject, 'shop-backend');
  });

  it('that prove a login (id tokens) count only where their client is an accepted audience', async () => {
    const { id } = await server.signIn('ada');
    await assertRefused(start(), `Bearer ${id}`, { code: 'identity.wrong_audience' });
    const verifier = start({ issuers: [accept({ audiences: [AUDIENCE, 'shop-backend'] })] });
    const caller = await assertAccepted(verifier, `Bearer ${id}`);
    assert.deepEqual(caller.groups, ['engineering', 'on-call']);
  });

  it('may name the tenant in a claim with a URL for its name, or leave it to the issuer', async () => {
    const claims = { tenant: 'https://acme.example/tenant', groups: 'g', workflow: '' };
    const verifier = start({ issuers: [accept({ claims, tenant: 'home' })] });
    const named = await assertAccepted(verifier, mint({ 'https://acme.example/tenant': 'acme', g: 'solo' }));
    assert.deepEqual([named.tenant, named.groups, named.workflow], ['acme', ['solo'], undefined]);
    assert.equal((await assertAccepted(verifier, mint())).tenant, 'home');
  });
});

describe('the accepted algorithms', () => {
  for (const alg of Object.keys(ALGORITHMS)) {
    it(`verify ${alg}`, async () => {
      const key = await generateKey(alg, 'any');
      const nowS = Math.floor(nowMs / 1000);
      const token = await new SignJWT({ tenant: 'acme', sub: 'ada', iss: server.issuer, aud: AUDIENCE })
        .setProtectedHeader({ alg, kid: 'any' })
        .setExpirationTime(nowS + 60)
        .sign(await importJWK(key, alg));
      const issuers = [accept({ jwksUri: 'https://login.example/keys' })];
      const published: IssuerDocuments = { fetchJson: async () => ({ keys: [toPublic(key)] }) };
      await assertAccepted(start({ issuers, documents: published }), `Bearer ${token}`);
    });
  }
});

describe('a verified token', () => {
  it('answers without a promise, and with the same caller', async () => {
    const verifier = start();
    const header = mint();
    const first = await assertAccepted(verifier, header);
    assert.equal(verifier.verify(header), first);
    assert.ok(Object.isFrozen(first) && Object.isFrozen(first.groups));
  });

  it('is refused once it has expired, the skew of its issuer added', async () => {
    const strict = start({ issuers: [accept({ clockSkewS: 0 })] });
    const patient = start({ issuers: [accept({ clockSkewS: 60 })] });
    const header = mint();
    const { expiresAtMs } = await assertAccepted(strict, header);
    await assertAccepted(patient, header);
    nowMs = expiresAtMs - 1;
    await assertAccepted(strict, header);
    nowMs = expiresAtMs;
    await assertRefused(strict, header, { code: 'identity.expired_token' });
    await assertAccepted(patient, header);
    nowMs = expiresAtMs + 60_000;
    await assertRefused(patient, header, { code: 'identity.expired_token' });
  });

  it('is refused again where the clock is set back to before it was valid', async () => {
    const verifier = start();
    const header = mint();
    await assertAccepted(verifier, header);
    nowMs -= 60_000;
    await assertRefused(verifier, header, { code: 'identity.not_yet_valid' });
  });

  it('is refused once its tenant is no longer known', async () => {
    const knownTenants = new Set(['acme']);
    const verifier = start({ knownTenants });
    const header = mint();
    await assertAccepted(verifier, header);
    knownTenants.clear();
    await assertRefused(verifier, header, { code: 'identity.unknown_tenant' });
  });

  it('is verified once, however many requests bring it at the same time', async () => {
    const verifier = start();
    const header = mint();
    const answers = await Promise.all(Array.from({ length: 200 }, async () => verifier.verify(header)));
    assert.equal(new Set(answers).size, 1);
    assert.equal(countFetches(), 1);
  });

  it('is dropped from a full cache, and verified again', async () => {
    const verifier = start({ cache: { maxEntries: 4, maxChars: 1_000_000 } });
    const headers = Array.from({ length: 10 }, (_, i) => mint({ jti: String(i) }));
    for (const header of headers) await assertAccepted(verifier, header);
    assert.ok(verifier.verify(headers[0]) instanceof Promise);
    assert.ok(!(verifier.verify(headers[9]) instanceof Promise));
  });
});

describe('when an issuer rotates its keys', () => {
  it('a token of the new key is accepted after one look at the issuer', async () => {
    const verifier = start();
    await assertAccepted(verifier, mint());
    server.rotate([keys.two, keys.one, keys.rsa]);
    nowMs += KEY_TIMES.cooldownMs;
    const { access } = await server.signIn('grace');
    await assertAccepted(verifier, `Bearer ${access}`);
    await assertAccepted(verifier, mint()); // the old key is still published
    assert.equal(countFetches(), 2);
  });

  it('a cached token dies with its key at the next refresh', async () => {
    const verifier = start();
    const header = mint();
    await assertAccepted(verifier, header);
    server.rotate([keys.two, keys.rsa]);
    nowMs += KEY_TIMES.usableMs + 1;
    await assertRefused(verifier, header, { code: 'identity.unknown_key', detail: /"one"/ });
  });

  it('another key under the same name ends the tokens of the first', async () => {
    const verifier = start();
    const header = mint();
    await assertAccepted(verifier, header);
    server.rotate([{ ...keys.two, kid: 'one' }, keys.rsa]);
    nowMs += KEY_TIMES.usableMs + 1;
    await assertRefused(verifier, header, { code: 'identity.bad_signature' });
  });

  it('keys are refreshed behind a cached token, which does not wait', async () => {
    const verifier = start();
    const header = mint();
    await assertAccepted(verifier, header);
    nowMs += KEY_TIMES.freshMs + 1;
    assert.ok(!(verifier.verify(header) instanceof Promise));
    await assertAccepted(verifier, mint({ jti: 'another' })); // shares the look under way or follows it
    while (countFetches() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(countFetches(), 2);
  });

  it('tokens of unknown keys cannot be used to hammer the issuer', async () => {
    const verifier = start();
    await assertAccepted(verifier, mint());
    nowMs += KEY_TIMES.cooldownMs;
    const forged = Array.from({ length: 100 }, (_, i) => mint({}, { ...keys.two, kid: `k${i}` }));
    await Promise.all(
      forged.map((header) => assertRefused(verifier, header, { code: 'identity.unknown_key' })),
    );
    for (const header of forged) await assertRefused(verifier, header, { code: 'identity.unknown_key' });
    assert.equal(countFetches(), 2);
  });
});

describe('while an issuer is away', () => {
  afterEach(async () => {
    await server.goAway();
    await server.comeBack();
  });

  const yearS = 366 * 24 * 3600;
  const long = (): string => mint({ exp: Math.floor(Date.now() / 1000) + yearS });

  it('its known keys serve for a day, and no longer', async () => {
    const verifier = start();
    const cached = long();
    await assertAccepted(verifier, cached);
    await server.goAway();
    nowMs += KEY_TIMES.maxAgeMs - 60_000;
    await assertAccepted(verifier, cached);
    assert.ok(
      !(verifier.verify(cached) instanceof Promise),
      'a cached token waits for an issuer that is away',
    );
    await assertAccepted(verifier, mint({ exp: Math.floor(nowMs / 1000) + yearS, jti: 'not seen before' }));
    nowMs += 120_000;
    await assertRefused(verifier, cached, { code: 'identity.issuer_unavailable' });
  });

  it('an unknown key is no reason to doubt the token: it may be verified later', async () => {
    const verifier = start();
    await assertAccepted(verifier, mint());
    await server.goAway();
    nowMs += KEY_TIMES.cooldownMs;
    await assertRefused(verifier, mint({}, keys.two), { code: 'identity.issuer_unavailable' });
  });

  it('another verifier with the same keyring knows its keys', async () => {
    const keyring = createKeyring({ documents, clock });
    await assertAccepted(start({ keyring }), mint());
    await server.goAway();
    await assertAccepted(start({ keyring }), mint());
  });

  it('a gateway that never saw its keys refuses, and recovers with it', async () => {
    await server.goAway();
    const verifier = start();
    await assertRefused(verifier, mint(), { code: 'identity.issuer_unavailable', detail: /ECONNREFUSED/ });
    await server.comeBack();
    await assertRefused(verifier, mint(), { code: 'identity.issuer_unavailable' }); // too early to look again
    nowMs += KEY_TIMES.retryMs;
    await assertAccepted(verifier, mint());
  });
});

describe('the documents of an issuer', () => {
  const answer = (documentsByPath: Record<string, unknown>): IssuerDocuments => ({
    fetchJson: async (url) => documentsByPath[new URL(url).pathname],
  });
  const discovery = '/.well-known/openid-configuration';

  const cases: readonly { name: string; documents: () => IssuerDocuments; detail: RegExp }[] = [
    {
      name: 'of another issuer',
      documents: () => answer({ [discovery]: { issuer: `${server.issuer}/` } }),
      detail: /of another issuer/,
    },
    {
      name: 'without a jwks_uri',
      documents: () => answer({ [discovery]: { issuer: server.issuer } }),
      detail: /no jwks_uri/,
    },
    { name: 'that are no object', documents: () => answer({ [discovery]: [] }), detail: /not an object/ },
    {
      name: 'without a key set',
      documents: () =>
        answer({ [discovery]: { issuer: server.issuer, jwks_uri: `${server.issuer}/x` }, '/x': { keys: 1 } }),
      detail: /not a JWK Set/,
    },
    {
      name: 'that throw',
      documents: () => ({ fetchJson: () => Promise.reject(new Error('down')) }),
      detail: /down/,
    },
  ];
  for (const { name, documents: broken, detail } of cases) {
    it(`are refused: ${name}`, async () => {
      await assertRefused(start({ documents: broken() }), mint(), {
        code: 'identity.issuer_unavailable',
        detail,
      });
    });
  }

  it('are waited for no longer than the deadline, even where nobody ends the fetch', async () => {
    const silent: IssuerDocuments = { fetchJson: () => new Promise(() => {}) };
    const why = { code: 'identity.issuer_unavailable', detail: /in time/ } as const;
    await assertRefused(start({ documents: silent, fetchTimeoutMs: 20 }), mint(), why);
  });

  it('may not lead from https to a key set without TLS', async () => {
    const issuer = 'https://login.example';
    const down = answer({ [discovery]: { issuer, jwks_uri: `${server.issuer}/jwks` } });
    const verifier = start({ issuers: [accept({ issuer })], documents: down });
    await assertRefused(verifier, mint({ iss: issuer }), {
      code: 'identity.issuer_unavailable',
      detail: /without TLS/,
    });
  });

  it('are not needed where the key set is configured', async () => {
    const verifier = start({ issuers: [accept({ jwksUri: `${server.issuer}/jwks` })] });
    await assertAccepted(verifier, mint());
    assert.deepEqual(server.seen, ['/jwks']);
  });

  it('leave out secret keys and keys that nobody could use', async () => {
    const junk = [
      { kty: 'oct', k: 'AAAA', kid: 'one' },
      null,
      'key',
      { kty: 'RSA' },
      { kty: 'EC', kid: 'x' },
    ];
    const { d: _d, ...one } = keys.one;
    const verifier = start({
      issuers: [accept({ jwksUri: `${server.issuer}/x` })],
      documents: answer({ '/x': { keys: [...junk, one] } }),
    });
    await assertAccepted(verifier, mint());
  });
});

describe('a verifier', () => {
  it('does not start with an issuer that has no audience', () => {
    assert.throws(() => start({ issuers: [accept({ audiences: [] })] }), /no audience/);
  });

  it('does not start with one issuer twice', () => {
    assert.throws(() => start({ issuers: [accept(), accept()] }), /twice/);
  });

  it('refuses a request without a token', async () => {
    const answer = await start().verify(undefined);
    assert.ok(isRefusal(answer) && answer.code === 'identity.missing_token');
  });
});
