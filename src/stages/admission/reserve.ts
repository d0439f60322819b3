import type { Clock } from '../../ports/clock.ts';
import type { Ledger, ReserveResult } from '../../ports/ledger.ts';
import type { Capability, Route } from '../../road/governed.ts';
import {
  proveReservation,
  type Caller,
  type ChosenRoutes,
  type ModelPrompt,
  type RedactedPrompt,
  type Reservation,
  type RoutePlan,
} from '../../road/proofs.ts';
import { UNLIMITED } from '../../road/rate-limits.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import { createCalendar, type Calendar } from './calendar.ts';
import { explainRefusal } from './explain.ts';
import {
  listLimits,
  listRouteLimits,
  toCharge,
  type GatewayRules,
  type Limit,
  type LimitCharge,
} from './limits.ts';
import { amountOf, describeTaking, listOptions, withinBudgets, type Option, type Taking } from './options.ts';
import { describeRateLimits, type Standing } from './standing.ts';
import { describeWorstCase } from './worst-case.ts';

/** From the reservation until a model is asked; a request that was stopped for longer must ask anew. */
const FRESH_MS = 60_000;
/** After the deadline of its request: for what is still to be written then. */
const EXPIRY_MARGIN_MS = 60_000;
/** What is left of a limit changes while it is asked for; who finds it changed so often is refused. */
const MAX_ATTEMPTS = 4;
const RETRY_MS = 1000;

export interface Admission {
  reserve(order: ReserveOrder): Promise<Reservation | Refusal>;
}

export interface ReserveOrder {
  readonly requestId: string;
  /** By it the calendar's windows are chosen, so that records and ledger agree on the day. */
  readonly startedAtMs: number;
  readonly redacted: RedactedPrompt;
  readonly plan: RoutePlan;
}

/** Sets aside the worst case of every request in all limits that hold for it. Limits are compiled here, once. */
export function createAdmission(parts: {
  readonly rules: GatewayRules;
  readonly ledger: Ledger;
  readonly clock: Pick<Clock, 'nowMs'>;
}): Admission {
  const { rules, ledger, clock } = parts;
  const desk = { ledger, clock, limitsOf: compileLimits(rules), calendarOf: createCalendar() };
  return { reserve: (order) => reserveBest(desk, order) };
}

type LimitsOf = (chosen: ChosenRoutes) => readonly Limit[];

/** A cached token gives the same caller each time, and its limits go with it: who is idle costs no memory. */
function compileLimits(rules: GatewayRules): LimitsOf {
  const byCaller = new WeakMap<Caller, Map<Capability, readonly Limit[]>>();
  const byRoute = new WeakMap<Route, readonly Limit[]>();
  return ({ grant, routes }) => {
    let known = byCaller.get(grant.caller);
    if (known === undefined) byCaller.set(grant.caller, (known = new Map()));
    let limits = known.get(grant.capability);
    if (limits === undefined) known.set(grant.capability, (limits = listLimits(grant, rules)));
    const ofRoutes: Limit[] = [];
    for (const route of routes) {
      let own = byRoute.get(route);
      if (own === undefined) byRoute.set(route, (own = listRouteLimits(route)));
      ofRoutes.push(...own);
    }
    return ofRoutes.length === 0 ? limits : [...limits, ...ofRoutes];
  };
}

interface Desk {
  readonly ledger: Ledger;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly limitsOf: LimitsOf;
  readonly calendarOf: (timeMs: number) => Calendar;
}

/** Asks for the request as it is; where that does not fit, for what of it the limits allow. */
async function reserveBest(desk: Desk, order: ReserveOrder): Promise<Reservation | Refusal> {
  const { ledger } = desk;
  const calendar = desk.calendarOf(order.startedAtMs);
  const { grant, routes } = order.plan;
  const { prompt } = order.redacted;
  const worstCase = describeWorstCase(prompt, grant.capability.guardrail.price);
  const nowMs = desk.clock.nowMs();
  const staleAtMs = nowMs + FRESH_MS;
  const expiresAtMs = staleAtMs + grant.capability.limits.deadlineMs + EXPIRY_MARGIN_MS;
  let option: Option = { routes, outputTokens: prompt.parameters.maxOutputTokens };
  for (let attempts = 1; ; attempts += 1) {
    const limits = desk.limitsOf({ grant, routes: option.routes });
    const taking = describeTaking(option, worstCase);
    const charges = limits.map((limit) => toCharge(limit, amountOf(limit, taking), calendar));
    let result: ReserveResult = NOTHING_LIMITED;
    try {
      if (charges.length > 0)
        result = await ledger.reserve({ id: order.requestId, nowMs, expiresAtMs, charges });
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown';
      return refuse('admission.unavailable', { detail, retryAfterMs: RETRY_MS });
    }
    const { remaining } = result;
    const standing = { limits, remaining, calendar, nowMs };
    if (result.ok) return prove({ order, taking, charges, standing, staleAtMs });
    const refused = limits[result.charge];
    const options = listOptions({ option, refused, onBudget: grant.capability.use.onBudget });
    const next = withinBudgets({ options, limits, remaining, worstCase });
    if (next === undefined || attempts === MAX_ATTEMPTS) return explainRefusal({ refused, result, standing });
    option = next;
  }
}

function prove(granted: {
  readonly order: ReserveOrder;
  readonly taking: Taking;
  readonly charges: readonly LimitCharge[];
  readonly standing: Standing;
  readonly staleAtMs: number;
}): Reservation {
  const { order, taking, charges, standing, staleAtMs } = granted;
  const { option, microUsd } = taking;
  const { prompt } = order.redacted;
  const isCapped = option.outputTokens < prompt.parameters.maxOutputTokens;
  return proveReservation({
    id: order.requestId,
    grant: order.plan.grant,
    routes: option.routes,
    redacted: order.redacted,
    prompt: isCapped ? capOutput(prompt, option.outputTokens) : prompt,
    reservedMicroUsd: microUsd,
    amounts: charges,
    rateLimits: charges.length === 0 ? UNLIMITED : describeRateLimits(standing),
    nearlySpent: listNearlySpent(standing),
    staleAtMs,
  });
}

function capOutput(prompt: ModelPrompt, maxOutputTokens: number): ModelPrompt {
  return { ...prompt, parameters: { ...prompt.parameters, maxOutputTokens } };
}

const NOTHING_LIMITED: ReserveResult = { ok: true, remaining: [] };
const NONE: readonly string[] = [];

function listNearlySpent({ limits, remaining, calendar }: Standing): readonly string[] {
  let found: string[] | undefined;
  for (let index = 0; index < limits.length; index += 1) {
    const limit = limits[index];
    if (limit?.alertAt === undefined || limit.limit - (remaining[index] ?? 0) < limit.alertAt) continue;
    found ??= [];
    found.push(`${limit.scope} ${limit.kind === 'budget-day' ? calendar.day : calendar.month}`);
  }
  return found ?? NONE;
}
