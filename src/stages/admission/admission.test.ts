import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import {
  CALLER,
  makeAssembled,
  makeCapability,
  makePrompt,
  makeRoute,
  text,
  user,
} from '../../../test/support/facts.ts';
import { openLocalLedger } from '../../adapters/ledger/local.ts';
import { makeStateDir } from '../../adapters/ledger/testing/state-dir.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { Used } from '../../road/bill.ts';
import type { CallerFacts } from '../../road/caller.ts';
import {
  NO_LIMITS,
  type Budget,
  type Capability,
  type PlaceLimits,
  type Route,
  type UseLimits,
} from '../../road/governed.ts';
import {
  proveCaller,
  proveGrant,
  proveRedactedPrompt,
  proveRoutePlan,
  type Reservation,
} from '../../road/proofs.ts';
import { isRefusal, type Refusal } from '../../road/refusal.ts';
import { billUse } from './bill.ts';
import type { GatewayRules } from './limits.ts';
import { createAdmission } from './reserve.ts';
import { settleReservation } from './settle.ts';

/** The last ten seconds of November. */
const NOW_MS = Date.UTC(2026, 10, 30, 23, 59, 50);
/** A prompt whose worst case is this many tokens: 9 + 7 bytes, two parts and the template. */
const INPUT_TOKENS = 9 + 7 + 2 * 16 + 64;
const OUTPUT_TOKENS = 100;

interface Setting {
  readonly rules?: Partial<GatewayRules>;
  readonly tenant?: Partial<PlaceLimits> & { readonly users?: UseLimits };
  readonly capability?: Partial<Capability['use']>;
  readonly routes?: readonly [Route, ...Route[]];
}

interface Desk {
  readonly ledger: Ledger;
  nowMs: number;
  ask(caller?: Partial<CallerFacts>): Promise<Reservation | Refusal>;
  settle(reservation: Reservation, used?: Partial<Used>): Promise<number>;
  books(): Promise<string[]>;
}

const money = (monthMicroUsd: number): Budget => ({ monthMicroUsd, alertAtPercent: 80 });
/** A micro-dollar a token, in and out. */
const route = (name: string, changes: Partial<Route> = {}): Route =>
  makeRoute({
    name,
    retries: 0,
    price: { inputMicroUsdPerMillion: 1e6, outputMicroUsdPerMillion: 1e6 },
    ...changes,
  });

function openDesk(context: TestContext, setting: Setting = {}): Desk {
  const stateDir = makeStateDir();
  const ledger = openLocalLedger({ stateDir, limits: { busyMs: 20, retryMs: 5 } });
  context.after(async () => {
    await ledger.stop();
    rmSync(stateDir, { recursive: true });
  });
  const admission = createAdmission({
    rules: { gateway: NO_LIMITS, users: {}, workflows: new Map(), ...setting.rules },
    ledger,
    clock: { nowMs: () => desk.nowMs },
  });
  const limits = { ...NO_LIMITS, ...setting.tenant };
  const capability = makeCapability({ use: { ...NO_LIMITS, onBudget: 'refuse', ...setting.capability } });
  let count = 0;
  const desk: Desk = {
    ledger,
    nowMs: NOW_MS,
    ask: async (changes = {}) => {
      const caller = proveCaller({
        ...CALLER,
        ...changes,
        tenantRules: { name: 'acme', displayName: 'Acme', regions: [], limits },
      });
      const grant = proveGrant({ caller, capability, policies: [] });
      const prompt = makePrompt([user(text('7 bytes'))], { parameters: { maxOutputTokens: OUTPUT_TOKENS } });
      const { prompt: assembled } = makeAssembled(prompt, grant);
      return admission.reserve({
        requestId: `request-${(count += 1)}`,
        startedAtMs: desk.nowMs,
        redacted: proveRedactedPrompt({ grant, prompt: assembled, redactions: [] }),
        plan: proveRoutePlan({ grant, routes: setting.routes ?? [route('a')] }),
      });
    },
    settle: async (reservation, used = {}) => {
      const bill = billUse(reservation, {
        route: reservation.routes[0],
        usage: undefined,
        deliveredBytes: 0,
        vainTries: [],
        guards: [],
        counts: true,
        ...used,
      });
      settleReservation({ ledger, reservation, bill, nowMs: desk.nowMs });
      await ledger.readBalances({ nowMs: desk.nowMs });
      return bill.costMicroUsd;
    },
    books: async () => {
      const balances = await ledger.readBalances({ nowMs: desk.nowMs });
      return balances.map(({ scope, settled, reserved }) => `${scope}: ${settled} + ${reserved}`);
    },
  };
  return desk;
}

function granted(result: Reservation | Refusal): Reservation {
  assert.ok(!isRefusal(result), JSON.stringify(result));
  return result;
}

const usage = (inputTokens: number, outputTokens: number): Partial<Used> => ({
  usage: { inputTokens, outputTokens, source: 'provider' },
});
const codeOf = (result: Reservation | Refusal) => (isRefusal(result) ? result.code : 'granted');

/** A setting, what is asked one after the other, and what becomes of each; what was granted stays under way. */
const LIMITS: readonly (readonly [
  name: string,
  setting: Setting,
  asked: readonly Partial<CallerFacts>[],
  codes: readonly string[],
])[] = [
  ['nothing is limited', {}, [{}, {}, {}], ['granted', 'granted', 'granted']],
  [
    'a burst',
    { rules: { users: { rate: { perSecond: 1, burst: 2 } } } },
    [{}, {}, {}],
    ['granted', 'granted', 'admission.rate_exceeded'],
  ],
  [
    'each user has a rate of its own, and so has one of another issuer',
    { rules: { users: { rate: { perSecond: 1, burst: 1 } } } },
    [{}, { subject: 'noor' }, { issuer: 'https://other.example' }, {}],
    ['granted', 'granted', 'granted', 'admission.rate_exceeded'],
  ],
  [
    'the month of a tenant is that of all its users',
    { tenant: { admission: { requestsPerMonth: 2 } } },
    [{}, { subject: 'noor' }, { subject: 'gil' }],
    ['granted', 'granted', 'admission.quota_exhausted'],
  ],
  [
    'a tenant says more for its users than the repository',
    { rules: { users: { requestsPerMonth: 1 } }, tenant: { users: { requestsPerMonth: 2 } } },
    [{}, {}, {}],
    ['granted', 'granted', 'admission.quota_exhausted'],
  ],
  [
    'what a tenant does not say for its users, the repository does',
    { rules: { users: { concurrentRequests: 1 } }, tenant: { users: { requestsPerMonth: 9 } } },
    [{}, {}],
    ['granted', 'admission.concurrency_exceeded'],
  ],
  [
    'a capability holds its users beside that',
    { rules: { users: { requestsPerMonth: 9 } }, capability: { users: { requestsPerMonth: 1 } } },
    [{}, {}, { subject: 'noor' }],
    ['granted', 'admission.quota_exhausted', 'granted'],
  ],
  [
    'tokens of a minute, by the worst case as long as nothing else is known',
    { capability: { admission: { tokensPerMinute: 2 * (INPUT_TOKENS + OUTPUT_TOKENS) } } },
    [{}, {}, {}],
    ['granted', 'granted', 'admission.tokens_exceeded'],
  ],
  [
    'a workflow has a budget, and who names another has not',
    {
      rules: {
        workflows: new Map([
          ['intake', { name: 'intake', limits: { admission: {}, budget: money(INPUT_TOKENS) } }],
        ]),
      },
    },
    [{ workflow: 'intake' }, { workflow: 'unknown' }, {}],
    ['admission.budget_exhausted', 'granted', 'granted'],
  ],
  [
    'the gateway as a whole',
    { rules: { gateway: { admission: { concurrentRequests: 1 }, budget: undefined } } },
    [{}, { subject: 'noor' }],
    ['granted', 'admission.concurrency_exceeded'],
  ],
  ['no budget at all', { tenant: { budget: money(0) } }, [{}], ['admission.budget_exhausted']],
];

for (const [name, setting, asked, codes] of LIMITS) {
  test(`limits: ${name}`, async (context) => {
    const desk = openDesk(context, setting);
    const results: string[] = [];
    for (const caller of asked) results.push(codeOf(await desk.ask(caller)));
    assert.deepEqual(results, codes);
  });
}

test('a refusal says whose limit it is, when to come again, and where the limits stand', async (context) => {
  const desk = openDesk(context, {
    rules: { users: { rate: { perSecond: 2, burst: 1 } } },
    tenant: { admission: { requestsPerMonth: 5 } },
  });
  const first = granted(await desk.ask());
  assert.deepEqual(first.rateLimits, { requests: { limit: 1, remaining: 0, resetMs: 500 } });
  const refusal = await desk.ask();
  assert.ok(isRefusal(refusal));
  assert.equal(refusal.retryAfterMs, 500);
  assert.equal(refusal.hint, 'The limit is that of the user.');
  assert.match(refusal.detail ?? '', /^rate\/user\/acme\/.*\/maya: 0 left of 1$/);
  assert.deepEqual(refusal.rateLimits?.requests, { limit: 1, remaining: 0, resetMs: 500 });
});

test('a new month, and a new day, begin with what the calendar of UTC says', async (context) => {
  const desk = openDesk(context, {
    tenant: { admission: { requestsPerMonth: 1 }, budget: { dayMicroUsd: 1000, alertAtPercent: 80 } },
  });
  granted(await desk.ask());
  const refusal = await desk.ask();
  assert.ok(isRefusal(refusal));
  assert.deepEqual([refusal.code, refusal.retryAfterMs], ['admission.quota_exhausted', 10_000]);
  desk.nowMs += 10_000;
  granted(await desk.ask());
});

// Money.

const FULL = INPUT_TOKENS + OUTPUT_TOKENS;

test('an answer is held to what is left of the narrowest budget, and one that would be too short is refused', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(2 * FULL - 40) } });
  assert.equal(granted(await desk.ask()).prompt.parameters.maxOutputTokens, OUTPUT_TOKENS);
  const held = granted(await desk.ask());
  assert.equal(held.prompt.parameters.maxOutputTokens, OUTPUT_TOKENS - 40);
  assert.equal(held.reservedMicroUsd, FULL - 40);
  assert.deepEqual(held.nearlySpent, ['budget-month/tenant/acme 2026-11']);
  assert.equal(codeOf(await desk.ask()), 'admission.budget_exhausted');
  assert.deepEqual(await desk.books(), [`budget-month/tenant/acme: 0 + ${2 * FULL - 40}`]);
});

const dear = route('dear', { price: { inputMicroUsdPerMillion: 4e6, outputMicroUsdPerMillion: 4e6 } });
const cheap = route('cheap');

/** Budget, and what the capability says of it → the routes that are left, and the length of the answer. */
const ROUTES: readonly (readonly [string, number, Capability['use']['onBudget'], string])[] = [
  ['all are paid', 4 * FULL + INPUT_TOKENS, 'refuse', 'dear cheap 100'],
  ['the fallback is not', 4 * FULL, 'refuse', 'dear 100'],
  ['the answer is held, where the first may not go', 4 * FULL - 4, 'refuse', 'dear 99'],
  ['the dear one goes, where it may', 4 * FULL + INPUT_TOKENS - 1, 'cheaper_route', 'cheap 100'],
  ['the cheap one is held, too', FULL - 1, 'cheaper_route', 'cheap 99'],
  ['and refused at last', INPUT_TOKENS + 15, 'cheaper_route', 'admission.budget_exhausted'],
];

for (const [name, limit, onBudget, expected] of ROUTES) {
  test(`near the end of a budget: ${name}`, async (context) => {
    const desk = openDesk(context, {
      tenant: { budget: money(limit) },
      capability: { onBudget },
      routes: [dear, cheap],
    });
    const result = await desk.ask();
    const got = isRefusal(result)
      ? result.code
      : [...result.routes.map((one) => one.name), result.prompt.parameters.maxOutputTokens].join(' ');
    assert.equal(got, expected);
  });
}

test('a route that is at its own limit is passed over, and the others are not charged for it', async (context) => {
  const limits = { admission: { concurrentRequests: 1 }, budget: undefined };
  const desk = openDesk(context, { routes: [{ ...cheap, limits }, dear] });
  assert.deepEqual(
    granted(await desk.ask()).routes.map(({ name }) => name),
    ['cheap', 'dear'],
  );
  assert.deepEqual(
    granted(await desk.ask()).routes.map(({ name }) => name),
    ['dear'],
  );
});

test('every planned try is set aside with its input, and the dearest with its output', async (context) => {
  const desk = openDesk(context, {
    tenant: { budget: money(1e6) },
    routes: [{ ...dear, retries: 2 }, cheap],
  });
  const { reservedMicroUsd } = granted(await desk.ask());
  assert.equal(reservedMicroUsd, 3 * 4 * INPUT_TOKENS + INPUT_TOKENS + 4 * OUTPUT_TOKENS);
});

test('what was used is booked in place of what was set aside, by route too', async (context) => {
  const limits = { admission: {}, budget: money(1e6) };
  const desk = openDesk(context, {
    tenant: { admission: { tokensPerMinute: 1000, requestsPerMonth: 9 }, budget: money(1e6) },
    routes: [
      { ...cheap, limits },
      { ...dear, limits },
    ],
  });
  const reservation = granted(await desk.ask());
  await desk.settle(reservation, usage(20, 30));
  assert.deepEqual(await desk.books(), [
    'budget-month/route/cheap: 50 + 0',
    'budget-month/tenant/acme: 50 + 0',
    'quota/tenant/acme: 1 + 0',
    'tokens/tenant/acme: 50 + 0',
  ]);
});

test('a try in vain that may be billed costs its input, one that was turned away nothing', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(1e6) }, routes: [cheap, dear] });
  const vain = { route: 'dear', outcome: 'failed', tookUs: 1 } as const;
  const asked = Math.ceil((9 + 7) / 4);
  const cost = await desk.settle(granted(await desk.ask()), {
    ...usage(20, 30),
    vainTries: [{ ...vain, mayCost: true }, vain],
  });
  assert.equal(cost, 50 + 4 * asked);
  const unanswered = { route: undefined, vainTries: [{ ...vain, mayCost: true } as const] };
  assert.equal(await desk.settle(granted(await desk.ask()), unanswered), 4 * asked);
  assert.equal(await desk.settle(granted(await desk.ask()), { route: undefined, vainTries: [vain] }), 0);
});

test('an answer without a count is never free, and never above what was set aside', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(1e6) } });
  const reservation = granted(await desk.ask());
  assert.equal(await desk.settle(reservation), 4);
  const endless = granted(await desk.ask());
  assert.equal(await desk.settle(endless, { deliveredBytes: 1e9 }), 4 + OUTPUT_TOKENS);
  const guessed = { inputTokens: 4, outputTokens: 1e6, source: 'estimate' } as const;
  assert.equal(await desk.settle(granted(await desk.ask()), { usage: guessed }), 4 + OUTPUT_TOKENS);
});

test('where no model was asked all is given back, and a guardrail that was asked is paid', async (context) => {
  const desk = openDesk(context, {
    rules: { users: { concurrentRequests: 1 } },
    tenant: { admission: { requestsPerMonth: 5 }, budget: money(1e6) },
  });
  const unused = { route: undefined, counts: false } as const;
  await desk.settle(granted(await desk.ask()), unused);
  assert.deepEqual(await desk.books(), []);
  const capability = granted(await desk.ask());
  const priced = {
    ...capability,
    grant: {
      ...capability.grant,
      capability: makeCapability({
        guardrail: { ...makeCapability().guardrail, price: { contentFilter: 150_000, deniedTopic: 1 } },
      }),
    },
  } as Reservation; // a changed copy of a proof, for its bill alone
  const guard = {
    engine: 'bedrock',
    id: 'g',
    version: '1',
    source: 'INPUT',
    action: 'blocked',
    findings: [],
    units: { contentFilter: 2, deniedTopic: 2 },
  } as const;
  const cost = await desk.settle(priced, { ...unused, guards: [guard], counts: true });
  assert.equal(cost, 301);
  assert.deepEqual(await desk.books(), ['budget-month/tenant/acme: 301 + 0', 'quota/tenant/acme: 1 + 0']);
});

test('what a provider charges above the worst case is booked, and whoever comes next is refused', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(FULL) } });
  const reservation = granted(await desk.ask());
  const cost = await desk.settle(reservation, usage(1000, 5000));
  assert.deepEqual(await desk.books(), ['budget-month/tenant/acme: 6000 + 0']);
  assert.ok(cost > reservation.reservedMicroUsd);
  assert.equal(codeOf(await desk.ask()), 'admission.budget_exhausted');
});

test('a count that is none is held at what can be counted, and books all the same', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(FULL) } });
  await desk.settle(granted(await desk.ask()), usage(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
  assert.deepEqual(await desk.books(), ['budget-month/tenant/acme: 1000000000000000 + 0']);
});

test('a ledger that cannot be asked refuses, unless nothing is limited', async (context) => {
  const desk = openDesk(context, { tenant: { budget: money(1e6) } });
  const free = openDesk(context);
  await Promise.all([desk.ledger.stop(), free.ledger.stop()]);
  const refusal = await desk.ask();
  assert.ok(isRefusal(refusal));
  assert.equal(refusal.code, 'admission.unavailable');
  granted(await free.ask());
});

test('whatever is asked, answered, lost and miscounted below its worst case, no budget is exceeded and the bills are the books', async (context) => {
  const outcome = fc.record({
    input: fc.nat(INPUT_TOKENS),
    output: fc.double({ min: 0, max: 1, noNaN: true }),
    counted: fc.boolean(),
    vain: fc.boolean(),
    waits: fc.boolean(),
  });
  const setting = fc.record({
    budget: fc.integer({ min: 0, max: 20 * FULL }),
    onBudget: fc.constantFrom('refuse', 'cheaper_route'),
    outcomes: fc.array(outcome, { maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(setting, async ({ budget, onBudget, outcomes }) => {
      const desk = openDesk(context, {
        tenant: { budget: money(budget) },
        capability: { onBudget },
        routes: [{ ...dear, retries: 1 }, cheap],
      });
      let billed = 0;
      const waiting: (() => Promise<number>)[] = [];
      for (const { input, output, counted, vain, waits } of outcomes) {
        const result = await desk.ask();
        const [balance] = await desk.ledger.readBalances({ nowMs: NOW_MS });
        assert.ok((balance?.settled ?? 0) + (balance?.reserved ?? 0) <= budget);
        if (isRefusal(result)) continue;
        const tokens = Math.floor(output * result.prompt.parameters.maxOutputTokens);
        const settle = () =>
          desk.settle(result, {
            ...(counted ? usage(input, tokens) : { deliveredBytes: tokens * 6 }),
            vainTries: vain ? [{ route: 'dear', outcome: 'failed', mayCost: true, tookUs: 1 }] : [],
          });
        if (waits) waiting.push(settle);
        else billed += await settle();
      }
      for (const settle of waiting) billed += await settle();
      const [balance] = await desk.ledger.readBalances({ nowMs: NOW_MS });
      assert.deepEqual([balance?.settled ?? 0, balance?.reserved ?? 0], [billed, 0]);
      assert.ok(billed <= budget, `${billed} of ${budget}`);
      await desk.ledger.stop();
    }),
    { numRuns: 60 },
  );
});
