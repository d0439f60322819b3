import { isIPv4 } from 'node:net';

/**
 * Throws unless a listening address is this machine's loopback: 127.0.0.0/8, ::1 or localhost. Everything
 * else is refused, other spellings of loopback included, since a name that merely looks like it
 * (`localhost.example.com`, `127.0.0.1.nip.io`, `0.0.0.0`) would offer the development issuer to a network.
 */
export function assertLoopbackOnly(host: string): void {
  const isLoopback = host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
  if (isLoopback) return;
  throw new Error(
    `The loopback token issuer is for one machine alone, and the gateway would listen on ${JSON.stringify(host)}. ` +
      'Listen on 127.0.0.1, or configure an issuer of your own in the governance repository.',
  );
}
