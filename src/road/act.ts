import type { Switch } from './switching.ts';

/** What a caller may want beside asking a capability, and policy decides on. The words are those of the Cedar schema. */
export type Act =
  | { readonly action: 'switch'; readonly resource: Switch }
  | { readonly action: 'giveFeedback'; readonly resource: AskedRequest };

/** A request that was made before, as policies see it. */
export interface AskedRequest {
  readonly requestId: string;
  readonly tenant: string;
  readonly subject: string;
  readonly capability: string;
}
