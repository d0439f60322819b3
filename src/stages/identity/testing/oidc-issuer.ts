import { createHash, randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** The resource that its access tokens are for, and so their `aud`. */
export const AUDIENCE = 'https://gateway.example';
const CLIENT = { id: 'shop-backend', secret: 'test-only', redirect: 'http://127.0.0.1/callback' };

/** A real OpenID Connect issuer on loopback. */
export interface OidcIssuer {
  readonly issuer: string;
  /** Requests that reached it, by path. */
  readonly seen: string[];
  /** Signs in as a person, over HTTP, and answers with the tokens. */
  signIn(login: string): Promise<{ readonly access: string; readonly id: string }>;
  /** The client-credentials grant, over HTTP. */
  fetchServiceToken(): Promise<string>;
  /** Publishes, and signs with, other keys from now on. */
  rotate(keys: readonly JWK[]): void;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

/** Starts the issuer with its private keys. */
export async function startOidcIssuer(keys: readonly JWK[]): Promise<OidcIssuer> {
  let handler: RequestListener = (_request, response) => response.end();
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    seen.push(request.url ?? '');
    handler(request, response);
  };
  let server = createServer(listener);
  const port = await listen(server, 0);
  const issuer = `http://127.0.0.1:${port}`;
  const handlers = new Map<string, RequestListener>(); // by keys: the provider greets each start with warnings
  const rotate = (next: readonly JWK[]): void => {
    const name = JSON.stringify(next);
    handler = handlers.get(name) ?? new Provider(issuer, configure(next)).callback();
    handlers.set(name, handler);
  };
  rotate(keys);
  return {
    issuer,
    seen,
    rotate,
    signIn: (login) => signIn(issuer, login),
    fetchServiceToken: async () => {
      const form = { grant_type: 'client_credentials', resource: AUDIENCE, scope: 'ask' };
      return readTokens(await postToken(issuer, form)).access;
    },
    goAway: () => close(server),
    comeBack: async () => {
      server = createServer(listener);
      await listen(server, port);
    },
  };
}

function configure(keys: readonly JWK[]): object {
  return {
    jwks: { keys },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [CLIENT.redirect],
        grant_types: ['authorization_code', 'client_credentials'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    cookies: { keys: ['test-only'] },
    ttl: {
      AccessToken: 3600,
      ClientCredentials: 600,
      IdToken: 3600,
      Interaction: 60,
      Session: 60,
      Grant: 60,
    },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'tenant', 'realm'] },
    findAccount: (_ctx: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, tenant: 'acme', realm: { groups: ['engineering', 'on-call'] } }),
    }),
    extraTokenClaims: () => ({ tenant: 'acme', realm: { groups: ['engineering'] }, workflow: 'triage' }),
    features: {
      devInteractions: { enabled: true },
      encryption: { enabled: true }, // so that it publishes keys that are not for signatures too
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'ask',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  };
}

/** The authorization code flow with PKCE, as a browser would walk it. */
async function signIn(
  issuer: string,
  login: string,
): Promise<{ readonly access: string; readonly id: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: CLIENT.id,
    redirect_uri: CLIENT.redirect,
    response_type: 'code',
    scope: 'openid ask',
    resource: AUDIENCE,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browse = createBrowser(issuer);
  let location = await browse(`/auth?${query.toString()}`);
  for (const form of [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }]) {
    location = await browse(await browse(location, form));
  }
  const code = new URL(location).searchParams.get('code') ?? '';
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CLIENT.redirect,
    code_verifier: verifier,
  };
  return readTokens(await postToken(issuer, form));
}

/** Follows one redirect at a time and keeps the cookies. */
function createBrowser(issuer: string): (path: string, form?: Record<string, string>) => Promise<string> {
  const cookies = new Map<string, string>();
  return async (path, form) => {
    const response = await fetch(new URL(path, issuer), {
      redirect: 'manual',
      headers: { cookie: [...cookies.values()].join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      cookies.set(cookie.split('=', 1)[0] ?? '', cookie.split(';', 1)[0] ?? '');
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`no redirect from ${path}: ${await response.text()}`);
    return location;
  };
}

async function postToken(issuer: string, form: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
    body: new URLSearchParams(form),
  });
  return response.json();
}

function readTokens(body: unknown): { readonly access: string; readonly id: string } {
  const tokens = body as { access_token?: string; id_token?: string }; // the answer of an issuer that we started
  if (tokens.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
  return { access: tokens.access_token, id: tokens.id_token ?? '' };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port; // a TCP server that listens has one
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}
