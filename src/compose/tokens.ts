import { existsSync } from 'node:fs';
import { locateKeyFile } from '../adapters/loopback-issuer/key-file.ts';
import { openLoopbackIssuer, type TokenOrder } from '../adapters/loopback-issuer/loopback-issuer.ts';
import { systemClock } from '../adapters/clock/system.ts';

/** Makes a token of the loopback issuer whose key is in this state folder. */
export async function mintLoopbackToken(stateDir: string, order: TokenOrder): Promise<string> {
  const issuer = await openIssuer(stateDir);
  return issuer.mint(order);
}

/** Whether a key stands there already: a token of a new key is accepted only by a gateway on the same folder. */
export function hasLoopbackKey(stateDir: string): boolean {
  return existsSync(locateKeyFile(stateDir));
}

async function openIssuer(stateDir: string): ReturnType<typeof openLoopbackIssuer> {
  try {
    return await openLoopbackIssuer({ stateDir, clock: systemClock });
  } catch (error) {
    // A failure of the file system has a `code`; what else is wrong with a key, the issuer explains itself.
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new Error(
      `No state in ${stateDir}, and none could be made there (${error.message}). ` +
        'Name the directory that the gateway uses with --state or GOLDENPATH_STATE.',
      { cause: error },
    );
  }
}
