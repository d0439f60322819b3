import type { AcceptedIssuer, IssuerDocuments } from '../../ports/identity.ts';
import { readKeySet, type PublishedKey } from './key-set.ts';
import { isJsonObject } from './strict-json.ts';

const FETCH_TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 256 * 1024;

/** Fetches the keys that an issuer publishes now. Rejects where its documents are not what they should be. */
export async function fetchKeys(parts: {
  readonly issuer: AcceptedIssuer;
  readonly documents: IssuerDocuments;
  readonly fetchTimeoutMs?: number | undefined;
}): Promise<readonly PublishedKey[]> {
  // One deadline for both documents; a caller who leaves does not end a look that others wait for.
  const signal = AbortSignal.timeout(parts.fetchTimeoutMs ?? FETCH_TIMEOUT_MS);
  const options = { signal, maxBytes: MAX_DOCUMENT_BYTES };
  const fetching = fetchBothDocuments({ ...parts, options });
  // The signal ends an honest fetch; the race ends one that does not listen, or every request would wait for it.
  return Promise.race([fetching, rejectWhenAborted(signal)]);
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the issuer did not answer in time')), {
      once: true,
    });
  });
}

async function fetchBothDocuments(parts: {
  readonly issuer: AcceptedIssuer;
  readonly documents: IssuerDocuments;
  readonly options: Parameters<IssuerDocuments['fetchJson']>[1];
}): Promise<readonly PublishedKey[]> {
  const jwksUri = parts.issuer.jwksUri ?? (await discoverJwksUri(parts));
  return readKeySet(await parts.documents.fetchJson(jwksUri, parts.options));
}

/** OpenID Connect Discovery 1.0 §4. */
async function discoverJwksUri(parts: {
  readonly issuer: AcceptedIssuer;
  readonly documents: IssuerDocuments;
  readonly options: Parameters<IssuerDocuments['fetchJson']>[1];
}): Promise<string> {
  const { issuer } = parts.issuer;
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await parts.documents.fetchJson(url, parts.options);
  if (!isJsonObject(document)) throw new Error('the discovery document is not an object');
  // §4.3: or one tenant of a shared identity provider could speak for another.
  if (document['issuer'] !== issuer) throw new Error('the discovery document is of another issuer');
  const jwksUri = document['jwks_uri'];
  if (typeof jwksUri !== 'string') throw new Error('the discovery document has no jwks_uri');
  if (issuer.startsWith('https:') && !jwksUri.startsWith('https:')) {
    throw new Error('the discovery document sends an https issuer to a jwks_uri without TLS');
  }
  return jwksUri;
}
