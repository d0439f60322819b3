import type { Clock } from '../../ports/clock.ts';
import { ModelError, type ModelProvider } from '../../ports/model.ts';
import type { RouteHealth } from '../../ports/route-health.ts';
import type { AnswerEvent } from '../../road/conversation.ts';
import type { Route } from '../../road/governed.ts';
import type { DurableIntent, GuardedPrompt, RoutePlan } from '../../road/proofs.ts';
import type { RecordedTry } from '../../road/record.ts';
import { refuse, RefusalError, type RefusalCode } from '../../road/refusal.ts';
import { openDeadline } from './deadline.ts';

export interface Inference {
  readonly prompt: GuardedPrompt;
  readonly intent: DurableIntent;
  readonly plan: RoutePlan;
  readonly providers: Readonly<Record<Route['provider'], ModelProvider>>;
  readonly health: RouteHealth;
  readonly clock: Clock;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
  readonly delivery: 'stream' | 'whole';
  /** When the capability's own deadline is over, on the monotonic clock in microseconds. */
  readonly deadlineUs: number;
  readonly onTry: (attempt: RecordedTry) => void;
  readonly onRoute: (route: Route) => void;
}

/**
 * Asks the routes of the plan in their order. A try is repeated, or another route taken, only before the
 * first byte: after it, a second answer would be glued to the first.
 */
export async function* inferAnswer(inference: Inference): AsyncGenerator<AnswerEvent> {
  let last: ModelError = new ModelError('unavailable', 'no route could be tried');
  for (const route of inference.plan.routes) {
    for (let tries = 0; tries <= route.retries; tries++) {
      if (!inference.health.admit(route)) break;
      const result = yield* tryRoute(route, inference);
      if (result === undefined) return;
      last = result;
      if (last.kind === 'rejected' || isOver(inference)) break;
      if (tries < route.retries) await pause(inference, tries);
    }
    if (isOver(inference)) break;
  }
  throw toRefusalError(last);
}

/** One try. Returns the error when another may follow, nothing when the answer is complete; throws otherwise. */
async function* tryRoute(
  route: Route,
  inference: Inference,
): AsyncGenerator<AnswerEvent, ModelError | undefined> {
  const { clock, health } = inference;
  const startedUs = clock.monotonicUs();
  const deadline = openDeadline({ signal: inference.signal, totalMs: totalMs(route, inference) });
  let firstByteMs: number | undefined;
  let settled = false;
  const settle = (attempt: { outcome: 'answered' | 'failed'; cause?: string }) => {
    settled = true;
    inference.onTry({ route: route.name, tookUs: Math.round(clock.monotonicUs() - startedUs), ...attempt });
  };
  const answer = inference.providers[route.provider].infer({
    prompt: inference.prompt.prompt,
    route,
    requestId: inference.intent.requestId,
    delivery: inference.delivery,
    signal: deadline.signal,
  });
  const events = answer[Symbol.asyncIterator]();
  try {
    for (;;) {
      deadline.arm(firstByteMs === undefined ? route.timeouts.firstByteMs : route.timeouts.idleMs);
      const step = await events.next();
      deadline.disarm();
      if (step.done === true) break;
      if (firstByteMs === undefined) {
        firstByteMs = (clock.monotonicUs() - startedUs) / 1000;
        inference.onRoute(route);
      }
      if (step.value.type === 'finish') {
        health.succeeded(route, firstByteMs);
        settle({ outcome: 'answered' });
        yield step.value;
        return undefined;
      }
      yield step.value;
    }
    throw new ModelError('malformed', 'the answer ended without a finish');
  } catch (cause) {
    if (settled || inference.signal.aborted) throw cause;
    const error = deadline.expired()
      ? new ModelError('deadline', `no answer in time (${deadline.expired()})`)
      : toModelError(cause);
    if (error.kind === 'rejected') health.inconclusive(route);
    else health.failed(route);
    settle({ outcome: 'failed', cause: `${error.kind}: ${error.message}` });
    if (firstByteMs !== undefined) throw toRefusalError(error);
    return error;
  } finally {
    deadline.close();
    if (!settled) {
      health.inconclusive(route);
      settle({ outcome: 'failed', cause: 'cancelled: the caller left, or the answer was cut off' });
    }
    // A generator that was not run to its end holds a connection until it is told.
    await events.return?.(undefined)?.catch(() => undefined);
  }
}

function totalMs(route: Route, inference: Inference): number {
  return Math.min(
    route.timeouts.totalMs,
    Math.max(0, (inference.deadlineUs - inference.clock.monotonicUs()) / 1000),
  );
}

function isOver(inference: Inference): boolean {
  return inference.signal.aborted || inference.clock.monotonicUs() >= inference.deadlineUs;
}

const FIRST_PAUSE_MS = 50;

/** Full jitter: callers that failed together do not come back together. */
async function pause(inference: Inference, tries: number): Promise<void> {
  const ms = inference.clock.random() * FIRST_PAUSE_MS * 2 ** tries;
  await new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      inference.signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    inference.signal.addEventListener('abort', finish, { once: true });
  });
}

function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  // Its message may hold anything, so only its name goes on the record.
  return new ModelError('unavailable', cause instanceof Error ? cause.name : 'unknown failure', { cause });
}

function toRefusalError(error: ModelError): RefusalError {
  const code: RefusalCode = `inference.${error.kind}`;
  return new RefusalError(refuse(code, { detail: error.message }), { cause: error });
}
