import type { FinishReason, Usage } from './conversation.ts';
import type { Route } from './governed.ts';
import type { AssembledPrompt, Caller, Grant, Redacted } from './proofs.ts';
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
  readonly #story: Writable<Story>;
  readonly #guards: RecordedGuard[] = [];
  readonly #tries: RecordedTry[] = [];
  readonly #stages: Record<string, number> = {};
  readonly #monotonicUs: () => number;
  readonly #startedUs: number;
  #markUs: number;
  #usage: Usage | undefined;
  #finishReason: FinishReason | undefined;
  #costMicroUsd: number | undefined;
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
    this.#story = { requestId, startedAtMs, dialect, governanceVersion };
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

  guarded(guard: RecordedGuard): void {
    this.#guards.push(guard);
  }

  tried(attempt: RecordedTry): void {
    this.#tries.push(attempt);
  }

  /** The route that answers. */
  taken(route: Route): void {
    this.#route = route;
    this.#story.route = route.name;
    this.#story.provider = route.provider;
    this.#story.model = route.model;
    this.#story.region = route.region;
  }

  /** `inputHash`: SHA-256 of what the archive keeps of the prompt, hex. */
  hashed(inputHash: string): void {
    this.#story.inputHash = inputHash;
  }

  answered(answer: {
    readonly usage: Usage;
    readonly reason: FinishReason | undefined;
    readonly costMicroUsd: number;
    /** SHA-256 of the answer as the output guard released it, hex. */
    readonly answerHash: string;
  }): void {
    this.#usage = answer.usage;
    this.#finishReason = answer.reason;
    this.#costMicroUsd = answer.costMicroUsd;
    this.#answerHash = answer.answerHash;
  }

  story(): Story {
    return this.#story;
  }

  route(): Route | undefined {
    return this.#route;
  }

  isClosed(): boolean {
    return this.#closed;
  }

  intent(plannedRoute: string): Intent {
    return { kind: 'opened', ...this.#story, route: plannedRoute, guards: [...this.#guards] };
  }

  /** The one closed record; undefined if the attempt is closed already. */
  close(end: AttemptEnd & { readonly closedAtMs: number }): ClosedRecord | undefined {
    if (this.#closed) return undefined;
    this.#closed = true;
    const { refusal } = end;
    return {
      kind: 'closed',
      ...this.#story,
      closedAtMs: end.closedAtMs,
      outcome: end.outcome,
      ...(refusal === undefined
        ? {}
        : {
            refusal: {
              code: refusal.code,
              ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
            },
          }),
      ...(this.#guards.length === 0 ? {} : { guards: this.#guards }),
      ...(this.#tries.length === 0 ? {} : { tries: this.#tries }),
      ...(this.#finishReason === undefined ? {} : { finishReason: this.#finishReason }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
      ...(this.#costMicroUsd === undefined ? {} : { costMicroUsd: this.#costMicroUsd }),
      ...(this.#answerHash === undefined ? {} : { answerHash: this.#answerHash }),
      stages: this.#stages,
      tookUs: Math.round(this.#monotonicUs() - this.#startedUs),
    };
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
