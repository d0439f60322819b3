import type { AcceptedIssuer } from '../../ports/identity.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import { isJsonObject, type JsonObject } from './strict-json.ts';

/** Longest values that are taken from a token, in UTF-16 code units. */
const MAX_CHARS = { subject: 255, tenant: 128, group: 256, workflow: 128, client: 255 } as const;
const MAX_GROUPS = 256;

/** Control, formatting (bidirectional, zero width) and separator characters: they forge log lines and look-alikes. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Where a claim stands in a payload: its literal name first, then a dotted path. */
export interface ClaimPath {
  readonly name: string;
  readonly steps: readonly string[];
}

/** Prepares the name of a claim once, so that no token has to. An empty name is a claim that nobody has. */
export function compileClaimPath(name: string): ClaimPath {
  return { name, steps: name.includes('://') ? [name] : name.split('.') };
}

/** Reads a claim; undefined where the token lacks it. Inherited members (`constructor`) are no claims. */
export function readClaim(payload: JsonObject, path: ClaimPath): unknown {
  if (Object.hasOwn(payload, path.name)) return payload[path.name];
  let value: unknown = payload;
  for (const step of path.steps) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** Checks that a claim is one printable string within its bound; undefined stays undefined. */
export function readText(claim: {
  readonly value: unknown;
  readonly what: keyof typeof MAX_CHARS;
}): string | undefined | Refusal {
  const { value, what } = claim;
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return refuseClaim(`${what} is not a string`);
  const flaw = findFlaw(value, MAX_CHARS[what]);
  return flaw === undefined ? value : refuseClaim(`${what} ${flaw}`);
}

/** Checks groups: a list of strings, or one string. Too many are refused: dropping one could lift a prohibition. */
export function readGroups(payload: JsonObject, path: ClaimPath): readonly string[] | Refusal {
  const value = readClaim(payload, path);
  if (value === undefined) return readMissingGroups(payload, path);
  const groups: unknown[] = Array.isArray(value) ? value : [value];
  if (groups.length > MAX_GROUPS) return refuseClaim(`${groups.length} groups, of ${MAX_GROUPS} at most`);
  const checked: string[] = [];
  for (const group of groups) {
    if (typeof group !== 'string') return refuseClaim('groups are neither a string nor a list of strings');
    const flaw = findFlaw(group, MAX_CHARS.group);
    if (flaw !== undefined) return refuseClaim(`a group ${flaw}`);
    checked.push(group);
  }
  return Object.freeze(checked);
}

/**
 * Microsoft Entra leaves the groups out of a token that would be too large, and says so in `_claim_names` or
 * `hasgroups`. Taking that for "no groups" would lift every prohibition of a group.
 */
function readMissingGroups(payload: JsonObject, path: ClaimPath): readonly string[] | Refusal {
  const elsewhere = payload['_claim_names'];
  const isElsewhere = isJsonObject(elsewhere) && Object.hasOwn(elsewhere, path.name);
  if (isElsewhere || payload['hasgroups'] === true) {
    return refuse('identity.missing_claim', {
      detail: 'the issuer left the groups out of the token (overage)',
    });
  }
  return Object.freeze([]);
}

/** Checks that the token was issued for this gateway. */
export function checkAudience(payload: JsonObject, issuer: AcceptedIssuer): Refusal | undefined {
  const isCognitoAccess = issuer.flavour === 'cognito' && payload['token_use'] === 'access';
  // A Cognito access token bound to a resource has an `aud` (RFC 8707), and then that one alone counts.
  const value = isCognitoAccess && payload['aud'] === undefined ? payload['client_id'] : payload['aud'];
  if (value === undefined) return refuse('identity.wrong_audience', { detail: 'the token has no audience' });
  const audiences: unknown[] = Array.isArray(value) ? value : [value];
  if (audiences.length > 64 || !audiences.every((audience) => typeof audience === 'string')) {
    return refuseClaim('the audience is neither a string nor a short list of strings');
  }
  if (audiences.some((audience) => issuer.audiences.includes(audience))) return undefined;
  return refuse('identity.wrong_audience', { detail: 'the token is for another audience' });
}

/** Refuses a claim of the wrong type or of an impossible value; `detail` names the claim, not its value. */
export function refuseClaim(detail: string): Refusal {
  return refuse('identity.invalid_claim', { detail });
}

function findFlaw(text: string, maxChars: number): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (text.length > maxChars) return `is longer than ${maxChars} characters`;
  return UNSAFE.test(text) ? 'holds control characters' : undefined;
}
