/** What holds for every request before anybody knows who sent it. */
export interface EdgeRules {
  readonly perAddress: AddressRate;
  readonly proxies: TrustedProxies;
  readonly crossOrigin: CrossOriginRules;
  readonly attackPatterns: readonly AttackPattern[];
}

/** So many requests of one client's address in any stretch of this length. */
export interface AddressRate {
  readonly requests: number;
  readonly windowMs: number;
}

/** Whose word on where a request came from is believed: that of these networks, or of so many proxies in a row. */
export type TrustedProxies = { readonly networks: readonly string[] } | { readonly hops: number };

/** Which web pages may use the gateway from a browser. */
export interface CrossOriginRules {
  /** Exact origins, or `*` alone. */
  readonly origins: readonly string[];
  readonly credentials: boolean;
}

/** A known attack, as a regular expression over the text of a request. */
export interface AttackPattern {
  readonly name: string;
  readonly pattern: string;
  readonly action: 'count' | 'block';
  /** What the caller reads when it is blocked, in place of the general words. */
  readonly message: string | undefined;
}

/** Where a request says that it comes from. Only the socket's address cannot be forged. */
export interface Visit {
  readonly remoteAddress: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly origin: string | undefined;
}

export function allowsOrigin({ origins }: CrossOriginRules, origin: string): boolean {
  return origins.includes(origin) || origins[0] === '*';
}
