import type { Attempt, AttemptEnd } from './attempt.ts';
import { DeliveredAnswer } from './delivered-answer.ts';
import type { AnswerEvent, Conversation, Usage } from './conversation.ts';
import type { Visit } from './edge-rules.ts';
import type { Route } from './governed.ts';
import type {
  AdmittedBytes,
  AnswerRestorer,
  AssembledPrompt,
  Caller,
  DeliverableEvent,
  DurableIntent,
  Grant,
  GuardedEvent,
  GuardedPrompt,
  OutputGuard,
  RedactedPrompt,
  RoutePlan,
} from './proofs.ts';
import type { RecordedAttack, RecordedGuard, RecordedTry } from './record.ts';
import { describeUnforeseen, isRefusal, refuse, RefusalError, type Refusal } from './refusal.ts';

/** A request as a dialect's endpoint received it. */
export interface Arrival {
  readonly visit: Visit;
  readonly body: Buffer;
  readonly authorization: string | undefined;
  /** Reads the dialect: bytes → conversation. */
  readonly read: (bytes: AdmittedBytes) => Conversation | Refusal;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
}

/** What becomes of an arrival: a refusal, or an answer that is about to flow. */
export type Departure =
  | { readonly refusal: Refusal }
  | { readonly conversation: Conversation; readonly batches: AsyncIterable<Batch> };

/** Events that came together travel together. */
export type Batch = readonly DeliverableEvent[];

/** The input guard's *no*, which reaches the caller as an answer in the guardrail's own words. */
export interface InputBlocked {
  readonly blocked: true;
  readonly refusal: Refusal;
  readonly events: readonly GuardedEvent[];
  readonly guard: RecordedGuard;
}

/** The stages, with what each needs from the world already in its hands. */
export interface Stages {
  /** Counts a visit, of which `admit` is one; a refusal where it must not enter. */
  enter(visit: Visit): Refusal | undefined;
  admit(
    arrival: Pick<Arrival, 'visit' | 'body'>,
    onAttack: (attack: RecordedAttack) => void,
  ): AdmittedBytes | Refusal;
  identify(authorization: string | undefined): Caller | Refusal | Promise<Caller | Refusal>;
  authorise(caller: Caller, capabilityName: string): Grant | Refusal;
  assemble(grant: Grant, conversation: Conversation): AssembledPrompt | Refusal;
  redact(assembled: AssembledPrompt): RedactedPrompt | Refusal;
  plan(grant: Grant): RoutePlan | Refusal;
  guardInput(redacted: RedactedPrompt, signal: AbortSignal): Promise<GuardedPrompt | InputBlocked | Refusal>;
  openIntent(attempt: Attempt, guarded: GuardedPrompt, plan: RoutePlan): Promise<DurableIntent | Refusal>;
  infer(asked: Asked): AsyncIterable<readonly AnswerEvent[]>;
  openOutputGuard(asked: Asked, onVerdict: (guard: RecordedGuard) => void): OutputGuard;
  openRestorer(redacted: RedactedPrompt): AnswerRestorer;
  estimateUsage(guarded: GuardedPrompt, outputCharacters: number): Usage;
  price(usage: Usage, route: Route): number;
  hashText(text: string): string;
  /** Keeps what was released of an answer, and writes the one closed record; does nothing when it is closed already. */
  close(attempt: Attempt, end: AttemptEnd, answer?: ReleasedAnswer): Promise<void>;
}

/** The text of an answer as the output guard released it, and for whom. */
export interface ReleasedAnswer {
  readonly grant: Grant;
  readonly text: string;
}

/** A question on its way to a model. */
export interface Asked {
  readonly guarded: GuardedPrompt;
  readonly intent: DurableIntent;
  readonly plan: RoutePlan;
  readonly delivery: Conversation['delivery'];
  readonly signal: AbortSignal;
  readonly onTry: (attempt: RecordedTry) => void;
  /** Told as soon as a route's first byte is there. */
  readonly onRoute: (route: Route) => void;
}

/**
 * The road. Every attempt travels it in this order, and leaves exactly one closed record:
 *
 *   edge → identity → authorisation → prompt → redaction → routing → input guard
 *        → [the intent is made durable] → inference → output guard → restoration → [the record is closed]
 *
 * Each stage takes what the stage before proved, and the first refusal returns.
 */
export async function travel(stages: Stages, attempt: Attempt, arrival: Arrival): Promise<Departure> {
  try {
    const departure = await askForAnswer(stages, attempt, arrival);
    if (!isRefusal(departure)) return departure;
    return await turnBack(stages, attempt, endOf(departure, arrival.signal));
  } catch (error) {
    return await turnBack(stages, attempt, endOf(toRefusal(error), arrival.signal));
  }
}

async function askForAnswer(
  stages: Stages,
  attempt: Attempt,
  arrival: Arrival,
): Promise<Exclude<Departure, { refusal: Refusal }> | Refusal> {
  const bytes = stages.admit(arrival, (attack) => attempt.attacked(attack));
  attempt.mark('edge');
  if (isRefusal(bytes)) return bytes;

  const verified = stages.identify(arrival.authorization);
  const caller = verified instanceof Promise ? await verified : verified;
  attempt.mark('identity');
  if (isRefusal(caller)) return caller;
  attempt.identified(caller);

  const conversation = arrival.read(bytes);
  attempt.mark('dialect');
  if (isRefusal(conversation)) return conversation;
  attempt.asked(conversation.capability);

  const grant = stages.authorise(caller, conversation.capability);
  attempt.mark('authorisation');
  if (isRefusal(grant)) return grant;
  attempt.granted(grant);

  const assembled = stages.assemble(grant, conversation);
  attempt.mark('prompt');
  if (isRefusal(assembled)) return assembled;
  attempt.assembled(assembled);

  const redacted = stages.redact(assembled);
  attempt.mark('redaction');
  if (isRefusal(redacted)) return redacted;
  attempt.redacted(redacted.redactions);

  const plan = stages.plan(grant);
  attempt.mark('routing');
  if (isRefusal(plan)) return plan;

  const guarded = await stages.guardInput(redacted, arrival.signal);
  attempt.mark('input_guard');
  if (isRefusal(guarded)) return guarded;
  attempt.guarded(guarded.guard);
  if ('blocked' in guarded) {
    await stages.close(attempt, { outcome: 'blocked', refusal: guarded.refusal });
    return { conversation, batches: once(stages.openRestorer(redacted).restore(guarded.events)) };
  }

  const intent = await stages.openIntent(attempt, guarded, plan);
  attempt.mark('intent');
  if (isRefusal(intent)) return intent;

  const asked: Asked = {
    guarded,
    intent,
    plan,
    delivery: conversation.delivery,
    signal: arrival.signal,
    onTry: (tried) => attempt.tried(tried),
    onRoute: (route) => attempt.taken(route),
  };
  return { conversation, batches: await startFlow(deliver(stages, attempt, asked)) };
}

/** Waits for the first batch, so that what fails before the first byte is a refusal and not a broken stream. */
async function startFlow(batches: AsyncGenerator<Batch>): Promise<AsyncIterable<Batch>> {
  const first = await batches.next();
  let pending: IteratorResult<Batch> | undefined = first;
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const step = pending ?? (await batches.next());
        pending = undefined;
        return step;
      },
      return: () => batches.return(undefined),
    }),
  };
}

/** The second half: the answer flows, and whatever becomes of it, its record is closed before its last batch leaves. */
async function* deliver(stages: Stages, attempt: Attempt, asked: Asked): AsyncGenerator<Batch> {
  const answer = new DeliveredAnswer();
  let end: AttemptEnd = { outcome: 'cancelled' };
  try {
    const onVerdict = (guard: RecordedGuard) => {
      attempt.guarded(guard);
      if (guard.action === 'blocked') answer.block(guard);
    };
    const guard = stages.openOutputGuard(asked, onVerdict);
    const restorer = stages.openRestorer(asked.guarded.redacted);
    for await (const batch of stages.infer(asked)) {
      const released = await guard.pass(batch);
      const isComplete = answer.note(released);
      const restored = restorer.restore(released);
      if (isComplete) {
        end = answer.describeEnd();
        await settle(stages, { attempt, asked, answer, end });
      }
      if (restored.length > 0) yield restored;
      if (isComplete) return;
    }
    throw new RefusalError(refuse('inference.malformed', { detail: 'the answer ended without a finish' }));
  } catch (error) {
    if (!asked.signal.aborted) end = { outcome: 'failed', refusal: toRefusal(error) };
    throw error;
  } finally {
    await settle(stages, { attempt, asked, answer, end });
  }
}

interface Settlement {
  readonly attempt: Attempt;
  readonly asked: Asked;
  readonly answer: DeliveredAnswer;
  readonly end: AttemptEnd;
}

/** Prices what was used, and closes the record with what was released. Does nothing the second time. */
async function settle(stages: Stages, { attempt, asked, answer, end }: Settlement): Promise<void> {
  if (attempt.isClosed()) return;
  attempt.mark('answer');
  const text = answer.text();
  const route = attempt.route();
  // Who left before the first byte is priced by rule: a model was asked. Where every try failed, none has answered.
  if (route !== undefined || end.outcome === 'cancelled') {
    const usage = answer.usage ?? stages.estimateUsage(asked.guarded, text.length);
    attempt.answered({
      usage,
      reason: answer.finishReason,
      costMicroUsd: stages.price(usage, route ?? asked.plan.routes[0]),
      answerHash: stages.hashText(text),
    });
  }
  await stages.close(attempt, end, { grant: asked.plan.grant, text });
}

async function* once(batch: Batch): AsyncGenerator<Batch> {
  yield batch;
}

type TurnedBack = AttemptEnd & { readonly refusal: Refusal };

/** Who left is not refused: whatever the stages said after that, nobody heard it. */
function endOf(refusal: Refusal, signal: AbortSignal): TurnedBack {
  return { outcome: signal.aborted ? 'cancelled' : 'refused', refusal };
}

async function turnBack(stages: Stages, attempt: Attempt, end: TurnedBack): Promise<Departure> {
  try {
    await stages.close(attempt, end);
    return { refusal: end.refusal };
  } catch {
    // Even a no that cannot be recorded stays a no.
    return { refusal: refuse('audit.unavailable') };
  }
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof RefusalError) return error.refusal;
  return refuse('gateway.internal', { detail: describeUnforeseen(error) });
}
