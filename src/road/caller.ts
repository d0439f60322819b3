/** The verified user or service behind a request. Only the identity stage makes one. */
export interface CallerFacts {
  readonly tenant: string;
  /** The token's `sub`. It stands on records and log lines: an issuer that puts a login there puts it there too. */
  readonly subject: string;
  readonly issuer: string;
  readonly kind: 'user' | 'service';
  readonly groups: readonly string[];
  readonly workflow: string | undefined;
  /** The OAuth client that the token was issued to (`client_id` or `azp`). */
  readonly client: string | undefined;
  /** When the token expires, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}
