import { fileURLToPath } from 'node:url';
import { compileGovernance } from '../../src/governance/compile.ts';
import { Attempt } from '../../src/road/attempt.ts';
import type { CallerFacts } from '../../src/road/caller.ts';
import type { Block, Conversation, Message } from '../../src/road/conversation.ts';
import { NO_LIMITS, type Capability, type Route } from '../../src/road/governed.ts';
import {
  proveAssembledPrompt,
  proveCaller,
  proveGrant,
  proveGuardedPrompt,
  proveRedactedPrompt,
  proveReservation,
  proveRoutePlan,
  type AssembledPrompt,
  type Grant,
  type GuardedPrompt,
  type ModelPrompt,
  type RedactedPrompt,
  type Reservation,
  type RoutePlan,
} from '../../src/road/proofs.ts';
import type { RecordedGuard } from '../../src/road/record.ts';

const { governance, problems } = await compileGovernance(
  fileURLToPath(new URL('../../examples/support-desk', import.meta.url)),
);
if (governance === undefined) throw new Error(JSON.stringify(problems));

/** The example's governance repository, for tests of one stage. */
export const EXAMPLE = governance;

/** A capability of the example, changed. */
export function makeCapability(changes: Partial<Capability> = {}, name = 'support-assistant'): Capability {
  const capability = EXAMPLE.capabilities.get(name);
  if (capability === undefined) throw new Error(`there is no ${name}`);
  return { ...capability, ...changes };
}

/** A route of the example, changed. */
export function makeRoute(changes: Partial<Route> = {}): Route {
  const route = EXAMPLE.routes.get('stand-in');
  if (route === undefined) throw new Error('there is no stand-in');
  return { ...route, ...changes };
}

export const CALLER: CallerFacts = {
  tenant: 'acme',
  subject: 'maya',
  issuer: 'https://issuer.example',
  kind: 'user',
  groups: ['support'],
  workflow: undefined,
  client: undefined,
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};

export function makeCaller(changes: Partial<CallerFacts> = {}, regions: readonly string[] = []) {
  return proveCaller({
    ...CALLER,
    ...changes,
    tenantRules: { name: 'acme', displayName: 'Acme', regions, limits: NO_LIMITS },
  });
}

export function makeGrant(changes: Partial<Capability> = {}, caller = makeCaller()): Grant {
  return proveGrant({ caller, capability: makeCapability(changes), policies: ['a'] });
}

export const text = (content: string): Block => ({ type: 'text', text: content });
export const user = (...blocks: readonly Block[]): Message => ({ role: 'user', blocks });

export function makeConversation(changes: Partial<Conversation> = {}): Conversation {
  return {
    capability: 'support-assistant',
    messages: [user(text('How long can I return an item?'))],
    clientInstructions: [],
    parameters: {},
    toolNames: [],
    toolChoice: undefined,
    variables: {},
    unsupported: [],
    delivery: 'whole',
    ...changes,
  };
}

export function makePrompt(messages: readonly Message[], changes: Partial<ModelPrompt> = {}): ModelPrompt {
  return {
    system: 'You help.',
    messages,
    tools: [],
    toolChoice: undefined,
    parameters: { maxOutputTokens: 100 },
    ...changes,
  };
}

export function makeAssembled(prompt: ModelPrompt, grant = makeGrant()): AssembledPrompt {
  return proveAssembledPrompt({ grant, prompt });
}

export function makeRedacted(prompt: ModelPrompt, grant = makeGrant()): RedactedPrompt {
  return proveRedactedPrompt({ grant, prompt, redactions: [] });
}

export const CLEAN: RecordedGuard = {
  engine: 'test',
  id: 'test',
  version: '1',
  source: 'INPUT',
  action: 'none',
  findings: [],
};

export function makeGuarded(prompt: ModelPrompt, grant = makeGrant()): GuardedPrompt {
  const reservation = makeReservation(prompt, grant);
  return proveGuardedPrompt({ reservation, redacted: reservation.redacted, prompt, guard: CLEAN });
}

/** Of a request that nothing limits. */
export function makeReservation(
  prompt: ModelPrompt,
  grant = makeGrant(),
  changes: Partial<Reservation> = {},
): Reservation {
  return proveReservation({
    id: 'request-1',
    grant,
    routes: [makeRoute()],
    redacted: makeRedacted(prompt, grant),
    prompt,
    reservedMicroUsd: 0,
    amounts: [],
    rateLimits: {},
    nearlySpent: [],
    staleAtMs: Number.MAX_SAFE_INTEGER,
    ...changes,
  });
}

export function makePlan(grant = makeGrant()): RoutePlan {
  return proveRoutePlan({ grant, routes: [makeRoute()] });
}

export function makeAttempt(): Attempt {
  return new Attempt({
    requestId: 'request-1',
    startedAtMs: 1_800_000_000_000,
    monotonicUs: () => performance.now() * 1000,
    dialect: 'openai.chat',
    governanceVersion: 'v1',
    traceparent: undefined,
  });
}

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;
