import type { CallerFacts } from '../road/caller.ts';
import type { Refusal } from '../road/refusal.ts';

/** An issuer that the governance repository accepts, as it is compiled. */
export interface AcceptedIssuer {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  /** At least one; a token must carry one of them as `aud` (or, Cognito access tokens, as `client_id`). */
  readonly audiences: readonly string[];
  readonly flavour: 'oidc' | 'cognito';
  /** Cognito only: which kinds are accepted. */
  readonly tokenUse: readonly ('access' | 'id')[];
  readonly claims: {
    readonly tenant: string;
    readonly groups: string;
    readonly workflow: string;
  };
  /** Tenant of every token of this issuer, where no claim says it. */
  readonly tenant: string | undefined;
  /** The tenants that this issuer may speak for; absent means every tenant. */
  readonly tenants?: readonly string[] | undefined;
  readonly clockSkewS: number;
  /** Where the keys are, for issuers without discovery. */
  readonly jwksUri: string | undefined;
}

/** Fetches an issuer's documents. The only way out of the identity stage. */
export interface IssuerDocuments {
  /** GET, JSON, at most `maxBytes`, no redirects to another host. Rejects on anything else. */
  fetchJson(
    url: string,
    options: { readonly signal: AbortSignal; readonly maxBytes: number },
  ): Promise<unknown>;
}

/** Verifies the bearer token of a request. */
export interface TokenVerifier {
  /** `authorization` is the whole header. Answers at once where the token is cached. */
  verify(authorization: string | undefined): CallerFacts | Refusal | Promise<CallerFacts | Refusal>;
}
