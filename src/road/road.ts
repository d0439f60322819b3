import type { Attempt, AttemptEnd } from './attempt.ts';
import type { Bill, Used } from './bill.ts';
import type { AnswerEvent, Conversation } from './conversation.ts';
import { DeliveredAnswer } from './delivered-answer.ts';
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
  OpenPath,
  OutputGuard,
  RedactedPrompt,
  Reservation,
  RoutePlan,
} from './proofs.ts';
import type { RecordedAttack, RecordedGuard, RecordedTry } from './record.ts';
import { isRefusal, refuse, RefusalError, toRefusal, type Refusal } from './refusal.ts';

/** A request as a dialect's endpoint received it. */
export interface Arrival {
  readonly visit: Visit;
  readonly body: Buffer;
  readonly authorization: string | undefined;
  /** Reads the dialect: bytes → conversation. */
  readonly read: (bytes: AdmittedBytes) => Conversation | Refusal;
  /** Aborted when the caller leaves, or the request is cut. */
  readonly signal: AbortSignal;
  /** Ends the request from inside, whatever it waits for: aborts the signal for this reason. */
  readonly cut: (why: RefusalError) => void;
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
  /** Whether this caller is switched off; `openPath` looks at the rest. */
  checkCaller(caller: Caller): Refusal | undefined;
  authorise(caller: Caller, capabilityName: string): Grant | Refusal;
  openPath(grant: Grant, conversation: Conversation): OpenPath | Refusal;
  assemble(path: OpenPath, conversation: Conversation): AssembledPrompt | Refusal;
  redact(assembled: AssembledPrompt): RedactedPrompt | Refusal;
  plan(grant: Grant): RoutePlan | Refusal;
  reserve(order: {
    readonly requestId: string;
    readonly startedAtMs: number;
    readonly redacted: RedactedPrompt;
    readonly plan: RoutePlan;
  }): Promise<Reservation | Refusal>;
  guardInput(
    reservation: Reservation,
    signal: AbortSignal,
  ): GuardedPrompt | InputBlocked | Refusal | Promise<GuardedPrompt | InputBlocked | Refusal>;
  openIntent(attempt: Attempt, guarded: GuardedPrompt): Refusal | Promise<DurableIntent | Refusal>;
  /** Cuts the question when something on its path is switched off. Throws where it is already. Returns how to stop that. */
  follow(asked: Asked): () => void;
  infer(asked: Asked): AsyncIterable<readonly AnswerEvent[]>;
  openOutputGuard(asked: Asked, onVerdict: (guard: RecordedGuard) => void): OutputGuard;
  openRestorer(redacted: RedactedPrompt): AnswerRestorer;
  bill(reservation: Reservation, used: Used): Bill;
  /** Books a bill in place of what was set aside. Nobody waits for it, and it never throws. */
  settle(reservation: Reservation, bill: Bill): void;
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
  readonly path: OpenPath;
  readonly guarded: GuardedPrompt;
  readonly intent: DurableIntent;
  readonly delivery: Conversation['delivery'];
  readonly signal: AbortSignal;
  readonly cut: Arrival['cut'];
  readonly onTry: (attempt: RecordedTry) => void;
  /** Told as soon as a route's first byte is there. */
  readonly onRoute: (route: Route) => void;
}

/**
 * The road. Every attempt travels it in this order, and leaves exactly one closed record:
 *
 *   edge → identity → switches → authorisation → prompt → redaction → routing → admission → input guard
 *        → [the intent is made durable] → inference → output guard → restoration
 *        → [the record is closed] → settlement
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
  const callerOff = stages.checkCaller(caller);
  if (callerOff !== undefined) return callerOff;

  const conversation = arrival.read(bytes);
  attempt.mark('dialect');
  if (isRefusal(conversation)) return conversation;
  attempt.asked(conversation.capability);

  const grant = stages.authorise(caller, conversation.capability);
  attempt.mark('authorisation');
  if (isRefusal(grant)) return grant;
  attempt.granted(grant);

  const path = stages.openPath(grant, conversation);
  attempt.mark('switches');
  if (isRefusal(path)) return path;

  const assembled = stages.assemble(path, conversation);
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

  const { requestId, startedAtMs } = attempt.story();
  const reservation = await stages.reserve({ requestId, startedAtMs, redacted, plan });
  attempt.mark('admission');
  if (isRefusal(reservation)) return reservation;
  attempt.reserved(reservation);
  return await askReserved(stages, { attempt, arrival, conversation, path, reservation });
}

interface ReservedRequest {
  readonly attempt: Attempt;
  readonly arrival: Arrival;
  readonly conversation: Conversation;
  readonly path: OpenPath;
  readonly reservation: Reservation;
}

/** From here on something is set aside: it is settled with the answer, or given back where no model was asked. */
async function askReserved(
  stages: Stages,
  { attempt, arrival, conversation, path, reservation }: ReservedRequest,
): Promise<Exclude<Departure, { refusal: Refusal }> | Refusal> {
  let bill: Bill | undefined;
  let isAsked = false;
  try {
    const judged = stages.guardInput(reservation, arrival.signal);
    const guarded = judged instanceof Promise ? await judged : judged;
    attempt.mark('input_guard');
    if (isRefusal(guarded)) return guarded;
    attempt.guarded(guarded.guard);
    if ('blocked' in guarded) {
      bill = billUnasked(stages, { attempt, reservation, counts: true });
      await stages.close(attempt, { outcome: 'blocked', refusal: guarded.refusal });
      const events = stages.openRestorer(reservation.redacted).restore(guarded.events);
      return { conversation, batches: once(events) };
    }

    const intent = await stages.openIntent(attempt, guarded);
    attempt.mark('intent');
    if (isRefusal(intent)) return intent;

    const asked: Asked = {
      path,
      guarded,
      intent,
      delivery: conversation.delivery,
      signal: arrival.signal,
      cut: arrival.cut,
      onTry: (tried) => attempt.tried(tried),
      onRoute: (route) => attempt.taken(route),
    };
    isAsked = true;
    const batches = deliver(stages, attempt, asked);
    // What fails before the first byte is a refusal, and not a broken stream.
    return { conversation, batches: new Flow(await batches.next(), batches) };
  } finally {
    if (!isAsked) {
      bill ??= billUnasked(stages, { attempt, reservation, counts: false });
      stages.settle(reservation, bill);
    }
  }
}

/** Where no model was asked, a guardrail may still have been. */
function billUnasked(
  stages: Stages,
  { attempt, reservation, counts }: { attempt: Attempt; reservation: Reservation; counts: boolean },
): Bill {
  const guards = attempt.guards();
  const bill = stages.bill(reservation, {
    route: undefined,
    usage: undefined,
    deliveredBytes: 0,
    vainTries: [],
    guards,
    counts,
  });
  attempt.billed(bill);
  return bill;
}

/** The batches of an answer whose first one was waited for. */
class Flow implements AsyncIterableIterator<Batch> {
  #first: IteratorResult<Batch> | undefined;
  readonly #batches: AsyncGenerator<Batch>;

  constructor(first: IteratorResult<Batch>, batches: AsyncGenerator<Batch>) {
    this.#first = first;
    this.#batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch>> {
    const step = this.#first;
    this.#first = undefined;
    return step === undefined ? this.#batches.next() : Promise.resolve(step);
  }

  return(): Promise<IteratorResult<Batch>> {
    return this.#batches.return(undefined);
  }
}

/** The second half: the answer flows, and whatever becomes of it, its record is closed before its last batch leaves. */
async function* deliver(stages: Stages, attempt: Attempt, asked: Asked): AsyncGenerator<Batch> {
  const answer = new DeliveredAnswer();
  let end: AttemptEnd = { outcome: 'cancelled' };
  let unfollow: (() => void) | undefined;
  try {
    unfollow = stages.follow(asked);
    const onVerdict = (guard: RecordedGuard) => {
      attempt.guarded(guard);
      if (guard.action === 'blocked') answer.block(guard);
    };
    const guard = stages.openOutputGuard(asked, onVerdict);
    const restorer = stages.openRestorer(asked.guarded.redacted);
    for await (const batch of stages.infer(asked)) {
      const passed = guard.pass(batch);
      const released = passed instanceof Promise ? await passed : passed;
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
    const why = whyCut(asked.signal) ?? error;
    if (!asked.signal.aborted || why !== error) end = { outcome: 'failed', refusal: toRefusal(why) };
    throw why;
  } finally {
    unfollow?.();
    if (!attempt.isClosed()) await settle(stages, { attempt, asked, answer, end });
  }
}

interface Settlement {
  readonly attempt: Attempt;
  readonly asked: Asked;
  readonly answer: DeliveredAnswer;
  readonly end: AttemptEnd;
}

/**
 * Prices what was used, closes the record with what was released, and books its price in the ledger: in this order, so
 * that a crash between the two leaves a record by which the ledger is corrected. What could not be recorded
 * stays set aside until it expires.
 */
async function settle(stages: Stages, { attempt, asked, answer, end }: Settlement): Promise<void> {
  attempt.mark('answer');
  const text = answer.text();
  const { reservation } = asked.guarded;
  const route = attempt.route();
  const bill = stages.bill(reservation, {
    route,
    usage: answer.usage,
    deliveredBytes: Buffer.byteLength(text),
    vainTries: attempt.vainTries(),
    guards: attempt.guards(),
    counts: true,
  });
  attempt.billed(bill);
  if (route !== undefined) {
    attempt.answered({ reason: answer.finishReason, answerHash: stages.hashText(text) });
  }
  await stages.close(attempt, end, { grant: reservation.grant, text });
  stages.settle(reservation, bill);
}

async function* once(batch: Batch): AsyncGenerator<Batch> {
  yield batch;
}

type TurnedBack = AttemptEnd & { readonly refusal: Refusal };

/** Why a request was cut from inside; undefined where it was not, or its caller left. */
function whyCut({ reason }: AbortSignal): RefusalError | undefined {
  return reason instanceof RefusalError ? reason : undefined;
}

/** Who left is not refused: whatever the stages said after that, nobody heard it. */
function endOf(refusal: Refusal, signal: AbortSignal): TurnedBack {
  return { outcome: signal.aborted && whyCut(signal) === undefined ? 'cancelled' : 'refused', refusal };
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
