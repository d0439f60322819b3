import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { BusinessRule, RaisedAlert } from '../../road/alert.ts';
import type { ClosedRecord } from '../../road/record.ts';
import { compileCondition, type RuleExpression } from '../../road/rule-condition.ts';
import { createRuleTelemetry } from './business-rules.ts';

const MINUTE_MS = 60_000;

function parse(condition: string): RuleExpression {
  const answer = cedar.policyToJson(`permit (principal, action, resource) when { ${condition} };`);
  assert.equal(answer.type, 'success', condition);
  return (answer.type === 'success' && answer.json.conditions[0]?.body) as RuleExpression; // of a policy with one
}

const RULE: BusinessRule = {
  name: 'PaymentWorkflowDenied',
  description: 'a payment workflow was denied',
  severity: 'error',
  condition: parse('context.outcome == "refused" && context.workflow like "payment*"'),
  threshold: 3,
  withinMinutes: 5,
  groupBy: ['tenant'],
  repeatMinutes: 60,
  to: ['oncall'],
};

const DENIED: ClosedRecord = {
  kind: 'closed',
  requestId: 'r',
  startedAtMs: 0,
  closedAtMs: 0,
  dialect: 'openai.chat',
  outcome: 'refused',
  refusal: { code: 'authorisation.denied' },
  caller: {
    tenant: 'acme',
    subject: 'maya',
    issuer: 'i',
    kind: 'user',
    groups: ['support'],
    workflow: 'payment-approval',
  },
};

function watch(rules: readonly BusinessRule[], budgets: readonly string[] = []) {
  const raised: RaisedAlert[] = [];
  const telemetry = createRuleTelemetry((alert) => raised.push(alert));
  telemetry.watch({ gateway: 'desk', rules, budgets });
  const close = (minute: number, more: Partial<ClosedRecord> = {}) =>
    telemetry.closed({ ...DENIED, closedAtMs: minute * MINUTE_MS, ...more });
  return { raised, telemetry, close };
}

describe('business rules', () => {
  test('raise an alert when so many records match within so many minutes, and name no person', () => {
    const { raised, close } = watch([RULE]);
    close(0);
    close(1, { outcome: 'answered' });
    close(2);
    close(6);
    assert.equal(raised.length, 0, 'the first is too old');
    close(7);
    assert.deepEqual(raised, [
      {
        to: ['oncall'],
        alert: {
          rule: 'PaymentWorkflowDenied',
          state: 'triggered',
          severity: 'error',
          summary: 'PaymentWorkflowDenied: a payment workflow was denied (3 within 5 min); tenant acme',
          dedupKey: 'goldenpath/desk/PaymentWorkflowDenied/acme',
          atMs: 7 * MINUTE_MS,
          facts: {
            tenant: 'acme',
            count: 3,
            outcome: 'refused',
            code: 'authorisation.denied',
            requestId: 'r',
          },
        },
      },
    ]);
  });

  test('say the same again only after a while, and of another group at once', () => {
    const { raised, close } = watch([{ ...RULE, threshold: 1 }]);
    for (let minute = 0; minute < 60; minute++) close(minute);
    assert.equal(raised.length, 1);
    close(59, { caller: { ...(DENIED.caller ?? assert.fail()), tenant: 'globex' } });
    assert.deepEqual(
      raised.map(({ alert }) => alert.dedupKey.split('/').at(-1)),
      ['acme', 'globex'],
    );
    close(60);
    assert.equal(raised.length, 3);
  });

  test('count on through a reload where they did not change, and begin anew where they did', () => {
    const { raised, telemetry, close } = watch([RULE]);
    close(0);
    close(1);
    telemetry.watch({ gateway: 'desk', rules: [structuredClone(RULE)], budgets: [] });
    close(2);
    assert.equal(raised.length, 1);
    telemetry.watch({ gateway: 'desk', rules: [{ ...RULE, threshold: 1 }], budgets: [] });
    close(3);
    assert.equal(raised.length, 2);
    telemetry.watch({ gateway: 'desk', rules: [], budgets: [] });
    close(4);
    assert.equal(raised.length, 2);
  });

  test('any number of groups costs bounded memory, and a long name still has a key', () => {
    const { raised, close } = watch([{ ...RULE, threshold: 2, groupBy: ['workflow'] }]);
    const caller = DENIED.caller ?? assert.fail();
    for (let index = 0; index < 5_000; index++)
      close(0, { caller: { ...caller, workflow: `payment-${index}` } });
    close(0, { caller: { ...caller, workflow: 'payment-0' } });
    assert.equal(raised.length, 0, 'the oldest was forgotten');
    const workflow = `payment-${'x'.repeat(500)}`;
    for (let index = 0; index < 2; index++) close(0, { caller: { ...caller, workflow } });
    assert.match(raised[0]?.alert.dedupKey ?? '', /^goldenpath\/[0-9a-f]{64}$/);
  });

  test('a budget that is nearly spent is told once in each of its windows', () => {
    const { raised, telemetry, close } = watch([], ['chat']);
    const [day, next] = ['budget-day/tenant/acme 2026-11-20', 'budget-day/tenant/acme 2026-11-21'];
    close(0, { nearlySpent: [day] });
    close(1, { nearlySpent: [day] });
    telemetry.watch({ gateway: 'desk', rules: [], budgets: ['chat'] });
    close(2, { nearlySpent: [day, next] });
    assert.deepEqual(
      raised.map(({ alert, to }) => [alert.rule, alert.facts['budget'], to]),
      [
        ['BudgetNearlySpent', day, ['chat']],
        ['BudgetNearlySpent', next, ['chat']],
      ],
    );
  });
});

const SCHEMA =
  'entity G; entity R; action close appliesTo { principal: [G], resource: [R], context: { s: String, t: String, n: Long, m: Long, a: Set<String>, b: Set<String> } };';
const TEXTS = ['', 'pay', 'payment', 'a*b', 'ab', 'aab', 'payment-x-approval'];
const SETS = [[], ['a'], ['a', 'b'], ['b', 'a', 'a'], ['c']];

/** A random expression of a type, as Cedar's text. */
function write(
  type: 'bool' | 'text' | 'long' | 'set',
  depth: number,
  pick: (bound: number) => number,
): string {
  const of = (inner: Parameters<typeof write>[0]) => write(inner, depth - 1, pick);
  const leaf = depth <= 0;
  if (type === 'text') return ['context.s', 'context.t', `"${TEXTS[pick(TEXTS.length)]}"`][pick(3)] ?? '';
  if (type === 'long') return ['context.n', 'context.m', `${pick(5) - 2}`][pick(3)] ?? '';
  if (type === 'set') return ['context.a', 'context.b', '["a", "b"]', '["c"]'][pick(4)] ?? '';
  const makers = [
    () => `${of('text')} == ${of('text')}`,
    () => `${of('set')} == ${of('set')}`,
    () => `${of('long')} != ${of('long')}`,
    () => `${of('long')} ${['<', '<=', '>', '>='][pick(4)]} ${of('long')}`,
    () => `${of('text')} like "${['pay*', '*', 'a\\*b', '*a*b*', 'p*t', '', '**ment', 'aa*b'][pick(8)]}"`,
    () => `${of('set')}.contains(${of('text')})`,
    () => `${of('set')}.containsAll(${of('set')})`,
    () => `${of('set')}.containsAny(${of('set')})`,
    () => `${of('set')}.isEmpty()`,
    () => `(${of('bool')}) && (${of('bool')})`,
    () => `(${of('bool')}) || (${of('bool')})`,
    () => `!(${of('bool')})`,
    () => `if (${of('bool')}) then (${of('bool')}) else (${of('bool')})`,
  ];
  return makers[pick(leaf ? 9 : makers.length)]?.() ?? '';
}

test('a condition means here what it means to Cedar', () => {
  let seed = 42;
  const pick = (bound: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * bound);
  };
  const answers = [0, 0];
  for (let round = 0; round < 3_000; round++) {
    const condition = write('bool', 3, pick);
    const context = {
      s: TEXTS[pick(TEXTS.length)] ?? '',
      t: TEXTS[pick(TEXTS.length)] ?? '',
      n: pick(5) - 2,
      m: pick(5) - 2,
      a: SETS[pick(SETS.length)] ?? [],
      b: SETS[pick(SETS.length)] ?? [],
    };
    const answer = cedar.isAuthorized({
      principal: { type: 'G', id: 'g' },
      action: { type: 'Action', id: 'close' },
      resource: { type: 'R', id: 'r' },
      context,
      policies: { staticPolicies: { p: `permit (principal, action, resource) when { ${condition} };` } },
      entities: [],
      schema: SCHEMA,
    });
    assert.equal(answer.type, 'success', condition);
    if (answer.type !== 'success') continue;
    assert.deepEqual(answer.response.diagnostics.errors, [], condition);
    const expected = answer.response.decision === 'allow';
    const facts = new Map<string, string | number | readonly string[]>(Object.entries(context));
    const got = compileCondition(parse(condition))((name) => facts.get(name));
    assert.equal(got, expected, `${condition} with ${JSON.stringify(context)}`);
    answers[got ? 1 : 0]!++;
  }
  assert.ok(Math.min(...answers) > 500, `both answers came: ${answers.join(', ')}`);
});

test('a rule takes about a microsecond a record', () => {
  const { close } = watch([{ ...RULE, threshold: 1_000 }]);
  const startedMs = performance.now();
  for (let index = 0; index < 100_000; index++) close(0, { outcome: 'answered' });
  const tookUs = (performance.now() - startedMs) / 100;
  assert.ok(tookUs < 20, `${tookUs} µs a record`); // loose: machines are shared
});
