import type { FinishReason, Usage } from './conversation.ts';
import type { Route } from './governed.ts';
import type { AssembledPrompt, Caller, Grant, Redacted, Reservation } from './proofs.ts';
import { UNLIMITED, type RateLimits } from './rate-limits.ts';
import type {
  ClosedRecord,
  Intent,
  Outcome,
  RecordedAttack,
  RecordedCaller,
  RecordedGuard,
  RecordedTry,
  Story,
} from './record.ts';
import type { Refusal } from './refusal.ts';

const CAPABILITY_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

type Writable<Facts> = { -readonly [Key in keyof Facts]: Facts[Key] };

/** How an attempt ended, and the refusal that ended it, if one did. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  readonly refusal?: Refusal;
}

/** One request on its way: what is known of it so far, and what each stage took. Closed exactly once. */
export class Attempt {
  readonly requestId: string;
  /** An intent already: a copy that begins with it is quick to make, and what stands first stays first. */
  readonly #story: Writable<Intent>;
  readonly #guards: RecordedGuard[] = [];
  readonly #tries: RecordedTry[] = [];
  readonly #stages: Record<string, number> = {};
  readonly #monotonicUs: () => number;
  readonly #startedUs: number;
  #markUs: number;
  #usage: Usage | undefined;
  #finishReason: FinishReason | undefined;
  #costMicroUsd: number | undefined;
  #guardMicroUsd = 0;
  #rateLimits = UNLIMITED;
  #triesBeforeRoute = 0;
  #answerHash: string | undefined;
  #route: Route | undefined;
  #closed = false;

  constructor(begin: {
    readonly requestId: string;
    readonly startedAtMs: number;
    readonly monotonicUs: () => number;
    readonly dialect: string;
    readonly governanceVersion: string;
    /** W3C trace context of the client, if it sent one. */
    readonly traceparent: string | undefined;
  }) {
    this.requestId = begin.requestId;
    this.#monotonicUs = begin.monotonicUs;
    this.#startedUs = begin.monotonicUs();
    this.#markUs = this.#startedUs;
    const { requestId, startedAtMs, dialect, governanceVersion, traceparent } = begin;
    this.#story = { kind: 'opened', requestId, startedAtMs, dialect, governanceVersion };
    if (traceparent !== undefined) this.#story.traceparent = traceparent;
  }

  /** Puts down what passed since the last mark as the time of a stage. */
  mark(stage: string): void {
    const nowUs = this.#monotonicUs();
    this.#stages[stage] = (this.#stages[stage] ?? 0) + Math.round(nowUs - this.#markUs);
    this.#markUs = nowUs;
  }

  attacked(attack: RecordedAttack): void {
    this.#story.attacks = [...(this.#story.attacks ?? []), attack];
  }

  identified(caller: Caller): void {
    this.#story.caller = toRecordedCaller(caller);
  }

  /** What does not look like a capability's name is the client's own text, which is on no record. */
  asked(capabilityName: string): void {
    if (CAPABILITY_NAME.test(capabilityName)) this.#story.capability = capabilityName;
  }

  granted(grant: Grant): void {
    const { capability } = grant;
    this.#story.feature = capability.feature;
    this.#story.dataClass = capability.dataClass;
    this.#story.policies = grant.policies;
  }

  assembled(assembled: AssembledPrompt): void {
    const { name, version, hash } = assembled.grant.capability.prompt;
    this.#story.prompt = { name, version, hash };
  }

  redacted(redactions: readonly Redacted[]): void {
    if (redactions.length === 0) return;
    const counts: Record<string, number> = {};
    for (const { type } of redactions) counts[type] = (counts[type] ?? 0) + 1;
    this.#story.redactions = counts;
  }

  reserved(reservation: Reservation): void {
    const { reservedMicroUsd, nearlySpent, prompt, redacted, rateLimits } = reservation;
    this.#story.reservedMicroUsd = reservedMicroUsd;
    if (nearlySpent.length > 0) this.#story.nearlySpent = nearlySpent;
    const { maxOutputTokens } = prompt.parameters;
    if (maxOutputTokens < redacted.prompt.parameters.maxOutputTokens)
      this.#story.cappedOutputTokens = maxOutputTokens;
    this.#rateLimits = rateLimits;
  }

  guarded(guard: RecordedGuard): void {
    this.#guards.push(guard);
  }

  tried(attempt: RecordedTry): void {
    this.#tries.push(attempt);
    if (this.#route === undefined) this.#triesBeforeRoute = this.#tries.length;
  }

  /** The route that answers. */
  taken(route: Route): void {
    this.#route = route;
    this.#story.route = route.name;
    this.#story.provider = route.provider;
    this.#story.model = route.model;
    this.#story.region = route.region;
    if (route.price.id !== undefined) this.#story.price = route.price.id;
  }

  /** `inputHash`: SHA-256 of what the archive keeps of the prompt, hex. */
  hashed(inputHash: string): void {
    this.#story.inputHash = inputHash;
  }

  /** What was used of models and guardrails, and what that costs. Nothing is said where it is nothing. */
  billed(bill: {
    readonly usage: Usage | undefined;
    readonly costMicroUsd: number;
    readonly guardMicroUsd: number;
  }): void {
    this.#usage = bill.usage;
    if (bill.usage !== undefined || bill.costMicroUsd > 0) this.#costMicroUsd = bill.costMicroUsd;
    this.#guardMicroUsd = bill.guardMicroUsd;
  }

  /** `answerHash`: SHA-256 of the answer as the output guard released it, hex. */
  answered(answer: { readonly reason: FinishReason | undefined; readonly answerHash: string }): void {
    this.#finishReason = answer.reason;
    this.#answerHash = answer.answerHash;
  }

  story(): Story {
    return this.#story;
  }

  route(): Route | undefined {
    return this.#route;
  }

  guards(): readonly RecordedGuard[] {
    return this.#guards;
  }

  /** Tries before the one that answered, if one did. */
  vainTries(): readonly RecordedTry[] {
    return this.#tries.slice(0, this.#triesBeforeRoute);
  }

  rateLimits(): RateLimits {
    return this.#rateLimits;
  }

  isClosed(): boolean {
    return this.#closed;
  }

  intent(plannedRoute: string): Intent {
    return { ...this.#story, route: plannedRoute, guards: [...this.#guards] };
  }

  /** The one closed record; undefined if the attempt is closed already. */
  close(end: AttemptEnd & { readonly closedAtMs: number }): ClosedRecord | undefined {
    if (this.#closed) return undefined;
    this.#closed = true;
    const { outcome, refusal, closedAtMs } = end;
    const record: Writable<ClosedRecord> = { ...this.#story, kind: 'closed', closedAtMs, outcome };
    if (refusal !== undefined) {
      const { code, detail } = refusal;
      record.refusal = detail === undefined ? { code } : { code, detail };
    }
    if (this.#guards.length > 0) record.guards = this.#guards;
    if (this.#tries.length > 0) record.tries = this.#tries;
    if (this.#finishReason !== undefined) record.finishReason = this.#finishReason;
    if (this.#usage !== undefined) record.usage = this.#usage;
    if (this.#costMicroUsd !== undefined) record.costMicroUsd = this.#costMicroUsd;
    if (this.#guardMicroUsd !== 0) record.guardMicroUsd = this.#guardMicroUsd;
    if (this.#answerHash !== undefined) record.answerHash = this.#answerHash;
    record.stages = this.#stages;
    record.tookUs = Math.round(this.#monotonicUs() - this.#startedUs);
    return record;
  }
}

function toRecordedCaller(caller: Caller): RecordedCaller {
  const { tenant, subject, issuer, kind, groups, workflow, client } = caller;
  return {
    tenant,
    subject,
    issuer,
    kind,
    groups,
    ...(workflow === undefined ? {} : { workflow }),
    ...(client === undefined ? {} : { client }),
  };
}
