import { applyGuardrail, createCompiler } from './apply.ts';
import { invokeGuardrailChecks } from './checks.ts';
import {
  createGuardrail,
  createGuardrailVersion,
  deleteGuardrail,
  updateGuardrail,
} from './change-guardrails.ts';
import type { ControlPlane } from './plane.ts';
import { getGuardrail, listGuardrails } from './read-guardrails.ts';
import type { WireRequest } from './request.ts';
import { listTagsForResource, tagResource, untagResource } from './tags.ts';

/** An operation of Bedrock: where the service model has it, and what answers it. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly status: 200 | 202;
  readonly answer: (request: WireRequest) => unknown;
}

/** Every operation that this Bedrock has. */
export function listOperations(plane: ControlPlane): readonly Operation[] {
  const runtime = { ...plane, compile: createCompiler() };
  // A change is made of what was read before it: each waits for the one before.
  const inTurn = createTurnstile();
  const read = (look: (plane: ControlPlane, request: WireRequest) => unknown) => (request: WireRequest) =>
    look(plane, request);
  const change =
    (make: (plane: ControlPlane, request: WireRequest) => Promise<unknown>) => (request: WireRequest) =>
      inTurn(() => make(plane, request));
  const all = '/guardrails';
  const one = `${all}/:guardrailIdentifier`;
  const apply = '/guardrail/:guardrailIdentifier/version/:guardrailVersion/apply';
  return [
    { method: 'POST', url: all, status: 202, answer: change(createGuardrail) },
    { method: 'GET', url: all, status: 200, answer: read(listGuardrails) },
    { method: 'GET', url: one, status: 200, answer: read(getGuardrail) },
    { method: 'PUT', url: one, status: 202, answer: change(updateGuardrail) },
    { method: 'POST', url: one, status: 202, answer: change(createGuardrailVersion) },
    { method: 'DELETE', url: one, status: 202, answer: change(deleteGuardrail) },
    { method: 'POST', url: '/listTagsForResource', status: 200, answer: read(listTagsForResource) },
    { method: 'POST', url: '/tagResource', status: 200, answer: change(tagResource) },
    { method: 'POST', url: '/untagResource', status: 200, answer: change(untagResource) },
    { method: 'POST', url: apply, status: 200, answer: (request) => applyGuardrail(runtime, request) },
    { method: 'POST', url: '/guardrail-checks/invoke', status: 200, answer: invokeGuardrailChecks },
  ];
}

function createTurnstile(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
