import { ModelError } from '../../ports/model.ts';
import type { AnswerEvent } from '../../road/conversation.ts';
import { refuse, RefusalError } from '../../road/refusal.ts';
import type { Inference } from './inference.ts';
import { RouteTry } from './route-try.ts';

/**
 * Asks the routes of the plan in their order. A try is repeated, or another route taken, only before the
 * first byte: after it, a second answer would be glued to the first.
 */
export async function* inferAnswer(inference: Inference): AsyncGenerator<readonly AnswerEvent[]> {
  let last: ModelError | undefined;
  for (const route of inference.plan.routes) {
    for (let tries = 0; tries <= route.retries; tries++) {
      if (tries > 0) await pause(inference, tries);
      // In this order: a probe of an open breaker must not be taken by a try that is never made.
      if (isOver(inference) || !inference.mayTake(route) || !inference.health.admit(route)) break;
      const attempt = new RouteTry(route, inference);
      try {
        do yield attempt.next();
        while (!attempt.isFinished());
        return;
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        if (attempt.hasBegun()) throw toRefusalError(error);
        last = error;
      } finally {
        attempt.close();
      }
      if (last.kind === 'rejected') break;
    }
  }
  throw toRefusalError(last ?? describeNoTry(inference));
}

function describeNoTry(inference: Inference): ModelError {
  return isOver(inference)
    ? new ModelError('deadline', 'the time was over before a route was tried')
    : new ModelError('unavailable', 'no route could be tried');
}

function isOver(inference: Inference): boolean {
  return inference.signal.aborted || inference.clock.monotonicUs() >= inference.deadlineUs;
}

const FIRST_PAUSE_MS = 50;

/** Full jitter: callers that failed together do not come back together. */
async function pause(inference: Inference, tries: number): Promise<void> {
  const ms = inference.clock.random() * FIRST_PAUSE_MS * 2 ** (tries - 1);
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

function toRefusalError(error: ModelError): RefusalError {
  return new RefusalError(refuse(`inference.${error.kind}`, { detail: error.message }), { cause: error });
}
