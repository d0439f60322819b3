import type { Clock } from '../../ports/clock.ts';
import { allowsOrigin, type EdgeRules, type Visit } from '../../road/edge-rules.ts';
import type { AdmittedBytes } from '../../road/proofs.ts';
import type { RecordedAttack } from '../../road/record.ts';
import { isRefusal, refuse, type Refusal } from '../../road/refusal.ts';
import type { AddressLimiter } from './address-limiter.ts';
import { findAttacks, type AttackRules } from './attack-patterns.ts';
import { admitBody, type BodyLimits } from './body.ts';
import type { ReadClientAddress } from './client-address.ts';

/** The edge under one version of the rules, with what it needs in its hands. */
export interface Edge {
  readonly rules: EdgeRules;
  readonly limiter: AddressLimiter;
  readonly readAddress: ReadClientAddress;
  readonly attacks: AttackRules;
  readonly bodyLimits: BodyLimits;
  readonly clock: Clock;
}

/** Counts a visit for its address, and turns away pages of other origins. Programs send no origin. */
export function enterEdge(visit: Visit, { rules, limiter, readAddress, clock }: Edge): Refusal | undefined {
  const nowMs = Math.floor(clock.monotonicUs() / 1000);
  const retryAfterMs = limiter.take(readAddress(visit), nowMs, rules.perAddress);
  if (retryAfterMs !== undefined) return refuse('edge.rate_exceeded', { retryAfterMs });
  if (visit.origin !== undefined && !allowsOrigin(rules.crossOrigin, visit.origin)) {
    return refuse('edge.origin_refused');
  }
  return undefined;
}

/** Admits a body of bounded size and depth without a known attack in it, from a visitor who may enter. */
export function admitArrival(
  arrival: { readonly visit: Visit; readonly body: Buffer },
  edge: Edge,
  onAttack: (attack: RecordedAttack) => void,
): AdmittedBytes | Refusal {
  const turnedAway = enterEdge(arrival.visit, edge);
  if (turnedAway !== undefined) return turnedAway;
  const bytes = admitBody(arrival.body, edge.bodyLimits);
  if (isRefusal(bytes)) return bytes;
  return findAttacks(bytes.text, edge.attacks, onAttack) ?? bytes;
}
