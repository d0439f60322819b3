import { Agent, request, type Dispatcher } from 'undici';
import type { IssuerDocuments } from '../../ports/identity.ts';

const MAX_REDIRECTS = 3;
const TIMEOUT_MS = 5_000;

/** Fetches issuer documents over HTTP: TLS beyond the own machine, bounded in time, size and redirects. */
export interface HttpIssuerDocuments extends IssuerDocuments {
  close(): Promise<void>;
}

/** Makes the adapter; `dispatcher` is for a proxy or for a certificate authority of the company's own. */
export function createHttpIssuerDocuments(
  options: { readonly dispatcher?: Dispatcher } = {},
): HttpIssuerDocuments {
  const dispatcher =
    options.dispatcher ?? new Agent({ connections: 4, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  return {
    async fetchJson(url, { signal, maxBytes }) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const body = await fetchFollowing({ url: parseUrl(url), signal: bounded, maxBytes, dispatcher });
      try {
        return JSON.parse(body) as unknown; // any → unknown: the caller checks it
      } catch (cause) {
        throw new Error('the issuer sent something that is not JSON', { cause });
      }
    },
    close: () => dispatcher.close(),
  };
}

interface Fetch {
  readonly url: URL;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly dispatcher: Dispatcher;
}

async function fetchFollowing(start: Fetch): Promise<string> {
  let { url } = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const { signal, dispatcher } = start;
    // `reset`: minutes lie between two looks, and a connection kept that long is one that the issuer has closed.
    const response = await request(url, {
      signal,
      dispatcher,
      reset: true,
      headers: { accept: 'application/json' },
    });
    if (response.statusCode === 200) return readBounded(response.body, start.maxBytes);
    await response.body.dump({ limit: 16_384, signal });
    const location = response.headers['location'];
    if (response.statusCode < 300 || response.statusCode > 399 || typeof location !== 'string') {
      throw new Error(`the issuer answered ${response.statusCode}`);
    }
    const next = new URL(location, url);
    // An open redirect at the issuer must not choose who publishes its keys.
    if (next.origin !== url.origin) throw new Error('the issuer redirects to another host');
    url = next;
  }
  throw new Error(`the issuer redirects more than ${MAX_REDIRECTS} times`);
}

async function readBounded(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk as Uint8Array); // undici types the chunks of a body as any
    bytes += buffer.length;
    if (bytes > maxBytes) throw new Error(`the issuer sent more than ${maxBytes} bytes`);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Without TLS, whoever sits on the wire chooses the keys, and with them every caller. */
function parseUrl(text: string): URL {
  const url = new URL(text);
  const isLoopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) return url;
  throw new Error('an issuer beyond this machine must be reached over https');
}
