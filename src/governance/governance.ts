import type { AcceptedIssuer } from '../ports/identity.ts';
import type { AlertRules } from '../road/alert.ts';
import type { EdgeRules } from '../road/edge-rules.ts';
import type {
  Capability,
  GuardrailReference,
  PlaceLimits,
  Route,
  Tenant,
  UseLimits,
  Workflow,
} from '../road/governed.ts';
import type { CompiledPrice } from './price-files.ts';
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
  /** What holds beside the limits of tenants, capabilities and routes. */
  readonly rules: {
    /** The whole gateway together. */
    readonly gateway: PlaceLimits;
    /** Every user, where the tenant does not say otherwise. */
    readonly users: UseLimits;
    readonly workflows: ReadonlyMap<string, Workflow>;
  };
  /** By NAME@VERSION. */
  readonly prices: ReadonlyMap<string, CompiledPrice>;
  readonly policies: PolicySources;
  readonly alerts: AlertRules;
}
