import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running cognito-local with one user pool, one client and one signed-up user. */
export interface CognitoIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly clientId: string;
  /** The user's `sub`. */
  readonly subject: string;
  /** Signs in over the Cognito API and answers with the tokens. */
  signIn(): Promise<{ readonly access: string; readonly id: string }>;
  stop(): Promise<void>;
}

const USER = { name: 'ada@example.com', password: 'Test-only-1!' };

/** Starts cognito-local as a process of its own, since it keeps its data below the working directory. */
export async function startCognitoIssuer(): Promise<CognitoIssuer> {
  const directory = mkdtempSync(join(tmpdir(), 'cognito-'));
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  mkdirSync(join(directory, '.cognito'));
  const config = { TokenConfig: { IssuerDomain: origin } };
  writeFileSync(join(directory, '.cognito', 'config.json'), JSON.stringify(config));
  const script = createRequire(import.meta.url).resolve('cognito-local/lib/bin/start.js');
  const server = spawn(process.execPath, ['--no-deprecation', script], {
    cwd: directory,
    env: { PORT: String(port), HOST: '127.0.0.1' },
    stdio: 'ignore',
  });
  const stop = async (): Promise<void> => {
    if (server.exitCode === null) {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    }
    rmSync(directory, { recursive: true });
  };
  try {
    await waitUntilHealthy(origin);
    return { ...(await setUpPool(origin)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setUpPool(origin: string): Promise<Omit<CognitoIssuer, 'stop'>> {
  const { UserPool } = await call(origin, 'CreateUserPool', { PoolName: 'test' });
  const poolId = String(UserPool?.['Id']);
  const { UserPoolClient } = await call(origin, 'CreateUserPoolClient', {
    UserPoolId: poolId,
    ClientName: 'test',
  });
  const clientId = String(UserPoolClient?.['ClientId']);
  const signedUp: { readonly UserSub?: unknown } = await call(origin, 'SignUp', {
    ClientId: clientId,
    Username: USER.name,
    Password: USER.password,
    UserAttributes: [
      { Name: 'email', Value: USER.name },
      { Name: 'custom:tenant', Value: 'acme' },
    ],
  });
  const inPool = { UserPoolId: poolId, Username: USER.name };
  await call(origin, 'AdminConfirmSignUp', inPool);
  await call(origin, 'CreateGroup', { UserPoolId: poolId, GroupName: 'engineering' });
  await call(origin, 'AdminAddUserToGroup', { ...inPool, GroupName: 'engineering' });
  return {
    issuer: `${origin}/${poolId}`,
    jwksUri: `${origin}/${poolId}/.well-known/jwks.json`,
    clientId,
    subject: typeof signedUp.UserSub === 'string' ? signedUp.UserSub : '',
    signIn: async () => {
      const { AuthenticationResult } = await call(origin, 'InitiateAuth', {
        ClientId: clientId,
        AuthFlow: 'USER_PASSWORD_AUTH',
        AuthParameters: { USERNAME: USER.name, PASSWORD: USER.password },
      });
      return {
        access: String(AuthenticationResult?.['AccessToken']),
        id: String(AuthenticationResult?.['IdToken']),
      };
    },
  };
}

async function call(
  origin: string,
  action: string,
  input: object,
): Promise<Record<string, Record<string, unknown> | undefined>> {
  const response = await fetch(origin, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
  return (await response.json()) as Awaited<ReturnType<typeof call>>; // the answer of an issuer that we started
}

async function waitUntilHealthy(origin: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const isUp = await fetch(`${origin}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return;
    await sleep(100);
  }
  throw new Error('cognito-local did not start');
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
