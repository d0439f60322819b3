import { isUtf8 } from 'node:buffer';
import { proveAdmittedBytes, type AdmittedBytes } from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** Admits a body of bounded size and depth in valid UTF-8. Depth is counted before any parser recurses into it. */
export function admitBody(body: Buffer, limits: BodyLimits): AdmittedBytes | Refusal {
  if (body.length > limits.maxBytes) {
    return refuse('edge.body_too_large', { hint: `At most ${limits.maxBytes} bytes are accepted.` });
  }
  if (!isUtf8(body)) return refuse('edge.invalid_utf8');
  if (measureDepth(body, limits.maxDepth) > limits.maxDepth) {
    return refuse('edge.body_too_deep', { hint: `At most ${limits.maxDepth} levels are accepted.` });
  }
  return proveAdmittedBytes(body.toString('utf8'));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Depth of brackets outside strings; stops counting once it is over `enough`. Bytes ≥ 0x80 cannot be brackets in UTF-8. */
function measureDepth(body: Buffer, enough: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === QUOTE) {
      i = skipString(body, i + 1);
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth > deepest) deepest = depth;
      if (deepest > enough) return deepest;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}

/** Index of the quote that ends the string; a quote after an odd number of backslashes does not. */
function skipString(body: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const end = body.indexOf(QUOTE, at);
    if (end === -1) return body.length;
    let slashes = 0;
    while (body[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    at = end + 1;
  }
}
