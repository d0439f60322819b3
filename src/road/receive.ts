import type { Attempt } from './attempt.ts';
import type { Visit } from './edge-rules.ts';
import type { Caller } from './proofs.ts';
import { isRefusal, refuse, toRefusal, type Refusal } from './refusal.ts';
import type { Stages } from './road.ts';

/** A request that asks no model. */
export interface PlainArrival {
  readonly visit: Visit;
  readonly authorization: string | undefined;
  /** Absent where the request can have none. */
  readonly body: Buffer | undefined;
}

/** What the first stages of the road say of a request that asks no model. */
export interface Received {
  readonly caller: Caller;
  /** The body, of bounded size and depth; empty where there is none. */
  readonly text: string;
}

/** The first stages of the road: may it enter, and who is it? What is switched off is for who knows what is asked. */
export async function receive(
  stages: Stages,
  attempt: Attempt,
  { visit, authorization, body }: PlainArrival,
): Promise<Received | Refusal> {
  const admitted =
    body === undefined
      ? stages.enter(visit)
      : stages.admit({ visit, body }, (attack) => attempt.attacked(attack));
  attempt.mark('edge');
  if (isRefusal(admitted)) return admitted;
  const caller = await stages.identify(authorization);
  attempt.mark('identity');
  if (isRefusal(caller)) return caller;
  attempt.identified(caller);
  return { caller, text: admitted?.text ?? '' };
}

/** Answers a request that asks no model. Refused, or failed, it is an attempt, and leaves its one closed record. */
export async function attend<Answer>(
  stages: Stages,
  attempt: Attempt,
  answer: () => Promise<Answer | Refusal>,
): Promise<Answer | Refusal> {
  const answered = await answer().catch(toRefusal);
  if (!isRefusal(answered)) return answered;
  try {
    await stages.close(attempt, { outcome: 'refused', refusal: answered });
    return answered;
  } catch {
    // Even a no that cannot be recorded stays a no.
    return refuse('audit.unavailable');
  }
}
