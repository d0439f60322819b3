import type { IncomingHttpHeaders } from 'node:http';
import { refuse, type Refusal } from '../road/refusal.ts';

/**
 * Why a body must not be read as these headers describe it, or undefined. Bodies are UTF-8 JSON as they
 * stand: a compressed one could be a bomb, and another charset is one text for us and another for who
 * inspects the traffic.
 */
export function explainContentHeaders(headers: IncomingHttpHeaders): Refusal | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuse('edge.unsupported_media_type', { hint: 'Send it without content-encoding.' });
  }
  const type = headers['content-type'];
  if (type === undefined || type === 'application/json') return undefined;
  for (const [, charset = ''] of type.matchAll(/charset\s*=\s*"?([^";\s]*)/gi)) {
    if (charset.toLowerCase() !== 'utf-8') {
      return refuse('edge.unsupported_media_type', { hint: 'Send it in UTF-8.' });
    }
  }
  return undefined;
}
