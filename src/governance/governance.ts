import type { AcceptedIssuer } from '../ports/identity.ts';
import type { EdgeRules } from '../road/edge-rules.ts';
import type { Capability, GuardrailReference, Route, Tenant } from '../road/governed.ts';
import type { PolicySources } from './policies.ts';

/** A governance repository, compiled and frozen. What a request began with serves it to its end. */
export interface Governance {
  readonly name: string;
  /** SHA-256 over the repository's files, hex; stands on every record. */
  readonly version: string;
  readonly environment: 'development' | 'production';
  readonly loopbackIssuer: boolean;
  readonly issuers: readonly AcceptedIssuer[];
  readonly edge: EdgeRules;
  readonly tenants: ReadonlyMap<string, Tenant>;
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly guardrails: ReadonlyMap<string, GuardrailReference>;
  readonly policies: PolicySources;
}
