import { refuse, type Refusal } from '../../road/refusal.ts';

/** Bytes of the longest token that is looked at: beyond it, parsing would be work that anybody can order. */
export const MAX_TOKEN_CHARS = 16_384;

const SCHEME = 'Bearer ';

/** Takes the token out of a whole Authorization header. */
export function readBearerToken(authorization: string | undefined): string | Refusal {
  if (authorization === undefined || authorization === '') {
    return refuse('identity.missing_token', { detail: 'no Authorization header' });
  }
  if (!authorization.startsWith(SCHEME)) return refuseScheme(authorization);
  const token = authorization.slice(SCHEME.length);
  if (token.trim() === '') return refuse('identity.missing_token', { detail: 'the bearer token is empty' });
  if (token.length > MAX_TOKEN_CHARS) {
    return refuse('identity.token_too_large', {
      detail: `${token.length} characters, of ${MAX_TOKEN_CHARS} at most`,
    });
  }
  // Two Authorization headers arrive joined with a comma: which of the two a proxy in front believed is unknown.
  if (/[\s,]/.test(token)) {
    return refuse('identity.malformed_token', { detail: 'more than one token, or whitespace within it' });
  }
  return token;
}

/**
 * One spelling alone is accepted. RFC 9110 lets the scheme be written in any case, but a verified token is
 * cached by the whole header, and proxies that match "Bearer " exactly would disagree with us on `bearer`.
 */
function refuseScheme(authorization: string): Refusal {
  if (authorization.trim() === 'Bearer') {
    return refuse('identity.missing_token', { detail: 'the bearer token is empty' });
  }
  return refuse('identity.wrong_scheme', {
    detail: /^bearer\s/i.test(authorization)
      ? 'the scheme is not spelled "Bearer "'
      : 'not the Bearer scheme',
  });
}
