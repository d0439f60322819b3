import { hash } from 'node:crypto';
import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { createBedrockClient } from '../adapters/bedrock-runtime/client.ts';
import { createBedrockGuardrail } from '../adapters/guardrail/bedrock.ts';
import { createEmbeddedGuardrail } from '../adapters/guardrail/embedded.ts';
import { createEmbeddedPatternMatcher } from '../adapters/pattern-matcher/embedded.ts';
import { createEmbeddedPiiDetector } from '../adapters/pii-detector/embedded.ts';
import { createCedarEngine } from '../adapters/policy-engine/cedar.ts';
import type { Governance } from '../governance/governance.ts';
import type { AskedRequests } from '../ports/asked-requests.ts';
import type { Clock } from '../ports/clock.ts';
import type { Evidence } from '../ports/evidence.ts';
import type { Guardrail } from '../ports/guardrail.ts';
import type { TokenVerifier } from '../ports/identity.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ModelProvider } from '../ports/model.ts';
import type { PiiDetector } from '../ports/pii-detector.ts';
import type { PolicyEngine } from '../ports/policy-engine.ts';
import type { RouteHealth } from '../ports/route-health.ts';
import type { GuardrailReference, Route } from '../road/governed.ts';
import type { Stages } from '../road/road.ts';
import { refuse } from '../road/refusal.ts';
import { billUse } from '../stages/admission/bill.ts';
import { createAdmission } from '../stages/admission/reserve.ts';
import { settleReservation } from '../stages/admission/settle.ts';
import { authorise } from '../stages/authorisation/cedar-decision.ts';
import type { AddressLimiter } from '../stages/edge/address-limiter.ts';
import type { BodyLimits } from '../stages/edge/body.ts';
import { createAddressReader } from '../stages/edge/client-address.ts';
import { admitArrival, enterEdge, type Edge } from '../stages/edge/edge.ts';
import { closeAttempt } from '../stages/evidence/closing.ts';
import { openIntent } from '../stages/evidence/intent.ts';
import { guardInput } from '../stages/guardrail/guard-input.ts';
import { openOutputGuard } from '../stages/guardrail/guard-output.ts';
import { identifyCaller } from '../stages/identity/identify-caller.ts';
import { inferAnswer } from '../stages/inference/try-routes.ts';
import { assemblePrompt } from '../stages/prompt/layered-prompt.ts';
import { redactPrompt } from '../stages/redaction/mask-prompt.ts';
import { openAnswerRestorer } from '../stages/redaction/restore-answer.ts';
import { planRoutes } from '../stages/routing/route-plan.ts';
import type { SwitchBoard } from '../stages/switches/switch-board.ts';

/** What outlives a reload of the governance repository. */
export interface Engines {
  readonly clock: Clock;
  readonly evidence: Evidence;
  readonly ledger: Ledger;
  readonly health: RouteHealth;
  readonly providers: Readonly<Record<Route['provider'], ModelProvider>>;
  readonly bodyLimits: BodyLimits;
  /** Counts go on through a reload. */
  readonly limiter: AddressLimiter;
  /** Requests that were made before. */
  readonly askedRequests: AskedRequests;
  /** What is under way goes on through a reload, and may still be cut. */
  readonly board: SwitchBoard;
}

/** One version of the governance repository, ready to serve. */
export interface World {
  readonly governance: Governance;
  readonly policies: PolicyEngine;
  readonly verifier: TokenVerifier;
  readonly stages: Stages;
}

/** Joins a version of the governance repository with the engines: every rule is compiled here, once. */
export function buildWorld(input: {
  readonly governance: Governance;
  readonly verifier: TokenVerifier;
  readonly engines: Engines;
}): World {
  const { governance, verifier, engines } = input;
  const { clock, evidence, ledger, health, providers, board } = engines;
  const policies = createCedarEngine({ ...governance.policies, version: governance.version });
  const guardrails = compileGuardrails(governance, clock);
  const detectors = compileDetectors(governance);
  const edge = compileEdge(governance, engines);
  const admission = createAdmission({ rules: governance.rules, ledger, clock });

  const stages: Stages = {
    enter: (visit) => enterEdge(visit, edge),
    admit: (arrival, onAttack) => admitArrival(arrival, edge, onAttack),
    identify: (authorization) => identifyCaller({ authorization, verifier, tenants: governance.tenants }),
    authorise: (caller, capabilityName) =>
      authorise({ caller, capabilityName, capabilities: governance.capabilities, policies }),
    checkCaller: (caller) => board.checkCaller(caller),
    openPath: (grant, conversation) => board.openPath(grant, conversation),
    assemble: ({ grant, passages }, conversation) => assemblePrompt(grant, conversation, passages),
    redact: (assembled) => redactPrompt(assembled, pick(detectors, assembled.grant.capability.name)),
    plan: (grant) => planRoutes(grant, health, (routes) => board.listOpen(routes)),
    reserve: (order) => admission.reserve(order),
    guardInput: (reservation, signal) =>
      guardInput(reservation, pick(guardrails, reservation.grant.capability.name), signal),
    openIntent: (attempt, guarded) => {
      const { reservation } = guarded;
      const nowMs = clock.nowMs();
      // What stood still for so long may have expired, and others may have been given what it held.
      return nowMs > reservation.staleAtMs
        ? refuse('admission.unavailable', { detail: 'the reservation is too old to ask a model' })
        : openIntent({ attempt, guarded, plan: reservation, evidence, nowMs });
    },
    follow: (asked) => board.follow(asked),
    infer: (asked) => {
      const plan = asked.guarded.reservation;
      const { deadlineMs } = plan.grant.capability.limits;
      const deadlineUs = clock.monotonicUs() + deadlineMs * 1000;
      return inferAnswer({
        prompt: asked.guarded,
        intent: asked.intent,
        plan,
        providers,
        health,
        clock,
        signal: asked.signal,
        delivery: asked.delivery,
        deadlineUs,
        mayTake: (route) => board.mayTake(asked, route),
        onTry: asked.onTry,
        onRoute: asked.onRoute,
      });
    },
    openOutputGuard: ({ guarded, signal }, onVerdict) =>
      openOutputGuard({
        guardrail: pick(guardrails, guarded.redacted.grant.capability.name),
        signal,
        onVerdict,
      }),
    openRestorer: ({ grant, redactions }) =>
      openAnswerRestorer({ redactions, restore: grant.capability.redaction.restore }),
    bill: billUse,
    settle: (reservation, bill) => settleReservation({ ledger, reservation, bill, nowMs: clock.nowMs() }),
    hashText: (text) => hash('sha256', text, 'hex'),
    close: (attempt, end, answer) => closeAttempt({ attempt, end, answer, evidence, nowMs: clock.nowMs() }),
  };
  return { governance, policies, verifier, stages };
}

function compileEdge({ edge: rules }: Governance, { bodyLimits, limiter, clock }: Engines): Edge {
  const patterns = rules.attackPatterns;
  const matcher = createEmbeddedPatternMatcher(patterns.map(({ pattern }) => pattern));
  const readAddress = createAddressReader(rules.proxies);
  return { rules, limiter, readAddress, attacks: { patterns, matcher }, bodyLimits, clock };
}

/** By the names of the capabilities. Those that use the same guardrail share it. */
function compileGuardrails(governance: Governance, clock: Clock): Map<string, Guardrail> {
  const clients = new Map<string, BedrockRuntimeClient>();
  const clientOf = (region: string) => {
    let client = clients.get(region);
    if (client === undefined) clients.set(region, (client = createBedrockClient(region, { maxAttempts: 2 })));
    return client;
  };
  const create = (reference: GuardrailReference): Guardrail =>
    reference.bedrock === undefined
      ? createEmbeddedGuardrail(reference, clock)
      : createBedrockGuardrail(reference, clientOf(reference.bedrock.region));
  const byReference = new Map<string, Guardrail>();
  const guardrails = new Map<string, Guardrail>();
  // Only what a capability uses is compiled; the rest was checked all the same.
  for (const { name, guardrail: reference } of governance.capabilities.values()) {
    const key = `${reference.name}@${reference.version}`;
    const guardrail = byReference.get(key) ?? create(reference);
    byReference.set(key, guardrail);
    guardrails.set(name, guardrail);
  }
  return guardrails;
}

/** Capabilities that mask the same types share a detector. */
function compileDetectors(governance: Governance): Map<string, PiiDetector> {
  const byTypes = new Map<string, PiiDetector>();
  const detectors = new Map<string, PiiDetector>();
  for (const { name, redaction } of governance.capabilities.values()) {
    const key = redaction.types.toSorted().join(' ');
    const detector = byTypes.get(key) ?? createEmbeddedPiiDetector(redaction.types);
    byTypes.set(key, detector);
    detectors.set(name, detector);
  }
  return detectors;
}

/** Everything was compiled before a request came, so what is missing is a defect and refuses. */
function pick<Value>(compiled: ReadonlyMap<string, Value>, key: string): Value {
  const value = compiled.get(key);
  if (value === undefined) throw new Error(`${key} was not compiled`);
  return value;
}
