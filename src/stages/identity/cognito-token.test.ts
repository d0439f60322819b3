import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createHttpIssuerDocuments } from '../../adapters/issuer-documents/http.ts';
import type { AcceptedIssuer, TokenVerifier } from '../../ports/identity.ts';
import type { CallerFacts } from '../../road/caller.ts';
import { isRefusal, type Refusal } from '../../road/refusal.ts';
import { createTokenVerifier } from './oidc-token.ts';
import { startCognitoIssuer, type CognitoIssuer } from './testing/cognito-issuer.ts';
import { forge, signWith } from './testing/forge.ts';
import { generateKey, toPublic } from './testing/keys.ts';

const documents = createHttpIssuerDocuments();
let cognito: CognitoIssuer;
let tokens: { readonly access: string; readonly id: string };

before(async () => {
  cognito = await startCognitoIssuer();
  tokens = await cognito.signIn();
});

after(async () => {
  await cognito.stop();
  await documents.close();
});

function start(change: Partial<AcceptedIssuer> = {}): TokenVerifier {
  const issuer: AcceptedIssuer = {
    issuer: cognito.issuer,
    audiences: [cognito.clientId],
    flavour: 'cognito',
    tokenUse: ['access', 'id'],
    claims: { tenant: 'custom:tenant', groups: 'cognito:groups', workflow: 'custom:workflow' },
    tenant: undefined,
    clockSkewS: 5,
    jwksUri: cognito.jwksUri,
    ...change,
  };
  return createTokenVerifier({ issuers: [issuer], documents, clock: { nowMs: Date.now } });
}

describe('tokens of Amazon Cognito', () => {
  it('for access carry the client as their audience, and the tenant of the issuer', async () => {
    const caller = await start({ tenant: 'acme' }).verify(`Bearer ${tokens.access}`);
    assert.ok(!isRefusal(caller), JSON.stringify(caller));
    assert.deepEqual(
      [caller.kind, caller.subject, caller.tenant, caller.groups, caller.client],
      ['user', cognito.subject, 'acme', ['engineering'], cognito.clientId],
    );
  });

  it('for identity carry the custom attributes of the user', async () => {
    const caller = await start().verify(`Bearer ${tokens.id}`);
    assert.ok(!isRefusal(caller), JSON.stringify(caller));
    assert.deepEqual([caller.kind, caller.tenant, caller.groups], ['user', 'acme', ['engineering']]);
  });

  const refusals = [
    {
      name: 'an id token where access tokens are wanted',
      change: { tokenUse: ['access'] },
      kind: 'id',
      code: 'identity.wrong_token_use',
    },
    {
      name: 'an access token where id tokens are wanted',
      change: { tokenUse: ['id'] },
      kind: 'access',
      code: 'identity.wrong_token_use',
    },
    {
      name: 'an access token of another client',
      change: { audiences: ['other'] },
      kind: 'access',
      code: 'identity.wrong_audience',
    },
    {
      name: 'an id token of another client',
      change: { audiences: ['other'] },
      kind: 'id',
      code: 'identity.wrong_audience',
    },
    { name: 'a token without the tenant', change: {}, kind: 'access', code: 'identity.missing_claim' },
    {
      name: 'a discovery document that names another issuer',
      change: { jwksUri: undefined },
      kind: 'id',
      code: 'identity.issuer_unavailable',
    },
  ] as const;
  for (const { name, change, kind, code } of refusals) {
    it(`are refused: ${name}`, async () => {
      const answer = await start(change).verify(`Bearer ${tokens[kind]}`);
      assert.ok(isRefusal(answer), 'accepted');
      assert.equal(answer.code, code, answer.detail);
    });
  }
});

describe('tokens as a user pool in AWS would sign them', () => {
  const issuer = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example';

  async function verify(claims: object): Promise<CallerFacts | Refusal> {
    const key = await generateKey('RS256', 'pool');
    const nowS = Math.floor(Date.now() / 1000);
    const base = {
      iss: issuer,
      sub: 'machine',
      client_id: 'machine',
      token_use: 'access',
      iat: nowS,
      exp: nowS + 60,
    };
    const payload = { ...base, ...claims };
    const token = forge({ header: { alg: 'RS256', kid: 'pool' }, payload, signer: signWith(key) });
    const verifier = createTokenVerifier({
      clock: { nowMs: Date.now },
      documents: { fetchJson: async () => ({ keys: [toPublic(key)] }) },
      issuers: [
        {
          issuer,
          audiences: ['machine', 'https://gateway.example'],
          flavour: 'cognito',
          tokenUse: ['access'],
          claims: { tenant: 'tenant', groups: 'cognito:groups', workflow: 'workflow' },
          tenant: 'acme',
          clockSkewS: 0,
          jwksUri: `${issuer}/.well-known/jwks.json`,
        },
      ],
    });
    return verifier.verify(`Bearer ${token}`);
  }

  it('make a service without a user name', async () => {
    const caller = await verify({});
    assert.ok(!isRefusal(caller) && caller.kind === 'service', JSON.stringify(caller));
  });

  it('count by their audience alone where they are bound to a resource', async () => {
    assert.ok(!isRefusal(await verify({ aud: 'https://gateway.example' })));
    const answer = await verify({ aud: 'https://other.example' });
    assert.ok(isRefusal(answer) && answer.code === 'identity.wrong_audience');
  });
});
