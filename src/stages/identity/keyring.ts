import type { AcceptedIssuer } from '../../ports/identity.ts';
import { createIssuerKeys, type IssuerKeys, type IssuerKeysParts } from './issuer-keys.ts';

/** The keys of many issuers. */
export interface Keyring {
  keysOf(issuer: AcceptedIssuer): IssuerKeys;
}

/**
 * Keeps keys by issuer. Shared between the verifiers of one gateway, it lets a reload of the governance
 * repository while an issuer is away forget none of its keys.
 */
export function createKeyring(parts: Omit<IssuerKeysParts, 'issuer'>): Keyring {
  const kept = new Map<string, IssuerKeys>();
  return {
    keysOf(issuer) {
      const name = JSON.stringify([issuer.issuer, issuer.jwksUri]);
      const known = kept.get(name);
      if (known !== undefined) return known;
      const keys = createIssuerKeys({ ...parts, issuer });
      kept.set(name, keys);
      return keys;
    },
  };
}
