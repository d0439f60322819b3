import type { Attempt } from './attempt.ts';
import type { Visit } from './edge-rules.ts';
import type { Caller } from './proofs.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import type { Stages } from './road.ts';

/** The first stages of the road, for requests that ask no model: may they enter, and who is it? */
export async function receive(
  stages: Stages,
  attempt: Attempt,
  arrival: { readonly visit: Visit; readonly authorization: string | undefined },
): Promise<Caller | Refusal> {
  const turnedAway = stages.enter(arrival.visit);
  attempt.mark('edge');
  if (turnedAway !== undefined) return turnedAway;
  const caller = await stages.identify(arrival.authorization);
  attempt.mark('identity');
  if (isRefusal(caller)) return caller;
  attempt.identified(caller);
  return caller;
}
