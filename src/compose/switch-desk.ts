import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { Evidence } from '../ports/evidence.ts';
import type { PolicyEngine } from '../ports/policy-engine.ts';
import type { Caller } from '../road/proofs.ts';
import { refuse, type Refusal } from '../road/refusal.ts';
import { explainSwitchName, SWITCH_KINDS, type Flip, type Switch } from '../road/switching.ts';
import { authoriseAct } from '../stages/authorisation/act-decision.ts';
import type { SwitchBoard } from '../stages/switches/switch-board.ts';
import { flipSwitch, type FlipOutcome } from './flip-switch.ts';

/** Where operators turn switches from afar. */
export interface SwitchDesk {
  readonly board: SwitchBoard;
  readonly policies: PolicyEngine;
  readonly evidence: Evidence;
  readonly clock: Clock;
}

const orderSchema = z.strictObject({
  kind: z.enum(SWITCH_KINDS),
  name: z.string().default(''),
  state: z.enum(['off', 'on']),
  reason: z.string().trim().min(1).max(500),
});

/** What is off, of what this caller may turn. */
export async function listForOperator(caller: Caller, desk: SwitchDesk): Promise<readonly Flip[] | Refusal> {
  const { board, policies } = desk;
  const callerOff = board.checkOperator(caller);
  if (callerOff !== undefined) return callerOff;
  const mayTurn = (turned: Switch) =>
    authoriseAct(caller, { action: 'switch', resource: { kind: turned.kind, name: turned.name } }, policies);
  const visible = (await board.switches.list()).filter((flip) => mayTurn(flip) === undefined);
  // Who may turn nothing is told so, rather than that nothing is off.
  return visible.length === 0 ? (mayTurnAnything(caller, desk) ?? []) : visible;
}

function mayTurnAnything(caller: Caller, { policies }: SwitchDesk): Refusal | undefined {
  const { tenant, subject } = caller;
  const probes: Switch[] = [
    { kind: 'everything', name: '' },
    { kind: 'tenant', name: tenant },
    { kind: 'user', name: `${tenant}/${subject}` },
  ];
  const refusals = probes.map((resource) => authoriseAct(caller, { action: 'switch', resource }, policies));
  return refusals.includes(undefined) ? undefined : refusals[0];
}

/** Turns a switch as a caller orders it, if policy lets them. */
export async function flipForOperator(
  caller: Caller,
  text: string,
  desk: SwitchDesk,
): Promise<FlipOutcome | Refusal> {
  const { board, policies, evidence, clock } = desk;
  const callerOff = board.checkOperator(caller);
  if (callerOff !== undefined) return callerOff;
  const order = readOrder(text);
  if ('refused' in order) return order;
  const { kind, name } = order;
  const refusal = authoriseAct(caller, { action: 'switch', resource: { kind, name } }, policies);
  if (refusal !== undefined) return refusal;
  const actor = `user:${caller.tenant}/${caller.subject}`;
  const flip = { ...order, actor, atMs: clock.nowMs() };
  return flipSwitch(flip, board.switches, (record) => evidence.note(record));
}

function readOrder(text: string): z.infer<typeof orderSchema> | Refusal {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('edge.malformed_json');
  }
  const parsed = orderSchema.safeParse(json);
  if (!parsed.success) {
    const hint = `Send kind (${SWITCH_KINDS.join(', ')}), name, state (off or on) and reason.`;
    return refuse('edge.malformed_request', { hint });
  }
  const misnamed = explainSwitchName(parsed.data);
  if (misnamed === undefined) return parsed.data;
  return refuse('edge.malformed_request', { hint: `${misnamed[0]?.toUpperCase()}${misnamed.slice(1)}.` });
}
