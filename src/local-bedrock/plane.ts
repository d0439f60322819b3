import { z } from 'zod';
import { toArn, type Place } from './describe.ts';
import {
  listAllVersions,
  type GuardrailStore,
  type GuardrailVersion,
  type StoredGuardrail,
} from './guardrail.ts';
import { identifierShape, readShape } from './request.ts';
import { ServiceError } from './service-error.ts';

/** What the control plane works on. */
export interface ControlPlane {
  readonly store: GuardrailStore;
  readonly place: Place;
  readonly nowMs: () => number;
  /** A new guardrail id: lower-case letters and digits. */
  readonly createId: () => string;
}

/** The guardrail that an id or an ARN names; `undefined` where there is none here. */
export function lookUpGuardrail(
  { store, place }: Pick<ControlPlane, 'store' | 'place'>,
  identifier: string,
): StoredGuardrail | undefined {
  const id = identifier.slice(identifier.lastIndexOf('/') + 1);
  if (identifier.startsWith('arn:') && identifier !== toArn(id, place)) return undefined;
  return store.get(id);
}

/** The guardrail of a label; a ResourceNotFoundException where there is none. */
export function findGuardrail(plane: ControlPlane, identifier: string | undefined): StoredGuardrail {
  const { guardrailIdentifier } = readShape(z.object({ guardrailIdentifier: identifierShape }), {
    guardrailIdentifier: identifier,
  });
  const guardrail = lookUpGuardrail(plane, guardrailIdentifier);
  if (guardrail !== undefined) return guardrail;
  throw new ServiceError('ResourceNotFoundException', 'The guardrail does not exist in this Region.');
}

/** A version of a guardrail; a ResourceNotFoundException where there is none. */
export function findVersion(guardrail: StoredGuardrail, version: string): GuardrailVersion {
  const found = listAllVersions(guardrail).find((one) => one.version === version);
  if (found !== undefined) return found;
  throw new ServiceError('ResourceNotFoundException', `The guardrail has no version ${version}.`);
}
