import type { AcceptedIssuer } from '../../ports/identity.ts';
import type { CallerFacts } from '../../road/caller.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import { compileClaimPath, readClaim, readGroups, readText, type ClaimPath } from './claims.ts';
import type { JsonObject } from './strict-json.ts';

/** The claims of one issuer, prepared. */
export interface ClaimPaths {
  readonly tenant: ClaimPath;
  readonly groups: ClaimPath;
  readonly workflow: ClaimPath;
}

/** Prepares the claim names of an issuer. */
export function compileClaimPaths(issuer: AcceptedIssuer): ClaimPaths {
  return {
    tenant: compileClaimPath(issuer.claims.tenant),
    groups: compileClaimPath(issuer.claims.groups),
    workflow: compileClaimPath(issuer.claims.workflow),
  };
}

/** Reads the caller out of the payload of a token whose signature, audience and lifetime are proven. */
export function readCaller(token: {
  readonly payload: JsonObject;
  readonly issuer: AcceptedIssuer;
  readonly paths: ClaimPaths;
  readonly expiresAtMs: number;
}): CallerFacts | Refusal {
  const { payload, issuer, paths } = token;
  const subject = readText({ value: payload['sub'], what: 'subject' });
  if (isRefusal(subject)) return subject;
  if (subject === undefined) return refuse('identity.missing_claim', { detail: 'sub is missing' });
  const tenant = readTenant(token);
  if (isRefusal(tenant)) return tenant;
  const groups = readGroups(payload, paths.groups);
  if (isRefusal(groups)) return groups;
  const workflow = readText({ value: readClaim(payload, paths.workflow), what: 'workflow' });
  if (isRefusal(workflow)) return workflow;
  const client = readText({ value: readClient(payload), what: 'client' });
  if (isRefusal(client)) return client;
  const kind = isService({ payload, issuer, subject, client }) ? 'service' : 'user';
  return Object.freeze({
    tenant,
    subject,
    issuer: issuer.issuer,
    kind,
    groups,
    workflow,
    client,
    expiresAtMs: token.expiresAtMs,
  });
}

function readTenant(token: {
  readonly payload: JsonObject;
  readonly issuer: AcceptedIssuer;
  readonly paths: ClaimPaths;
}): string | Refusal {
  const claimed = readText({ value: readClaim(token.payload, token.paths.tenant), what: 'tenant' });
  if (isRefusal(claimed)) return claimed;
  const tenant = claimed ?? token.issuer.tenant;
  if (tenant === undefined)
    return refuse('identity.missing_claim', { detail: 'the tenant claim is missing' });
  // Or whoever runs one accepted issuer could sign itself into the tenant of another.
  if (token.issuer.tenants !== undefined && !token.issuer.tenants.includes(tenant)) {
    return refuse('identity.unknown_tenant', {
      detail: 'the issuer may not speak for the tenant of the token',
    });
  }
  return tenant;
}

/** `client_id` (RFC 9068), `azp` (OpenID Connect), `appid` (Entra v1), `cid` (Okta). */
function readClient(payload: JsonObject): unknown {
  return payload['client_id'] ?? payload['azp'] ?? payload['appid'] ?? payload['cid'];
}

/** Whether no user stands behind a token: it came from the client-credentials grant. */
function isService(token: {
  readonly payload: JsonObject;
  readonly issuer: AcceptedIssuer;
  readonly subject: string;
  readonly client: string | undefined;
}): boolean {
  const { payload, subject, client } = token;
  if (token.issuer.flavour === 'cognito') {
    return payload['token_use'] === 'access' && payload['username'] === undefined;
  }
  // RFC 9068 §2.2 gives such a token the client as its subject; Auth0 and Entra say it in claims of their own.
  return subject === client || payload['gty'] === 'client-credentials' || payload['idtyp'] === 'app';
}
