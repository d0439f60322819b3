import type { ExpectedProblem, GovernanceCase } from './edit.ts';

const ROOT = 'goldenpath.yaml';
const RULE = 'rules/payment.yaml';
const HEAD = 'name: desk\nowner: a\nenvironment: development\nloopbackIssuer: true\n';
const ALERTS = `${HEAD}alerts:
  destinations:
    oncall: { type: pagerduty, routingKeyEnv: PAGERDUTY_KEY }
    chat: { type: webhook, url: http://127.0.0.1:9/hook }
`;
const rule = (when: string, more = '') =>
  `owner: a\nalert: PaymentDenied\ndescription: x\nto: [oncall]\nwhen: ${when}\n${more}`;

const wrong = (name: string, when: string, cause: string): GovernanceCase => ({
  name,
  edit: { [ROOT]: ALERTS, [RULE]: rule(when) },
  problems: [{ file: RULE, line: 5, cause, fix: 'lists the facts of a record' }],
});
const wrongRule = (name: string, text: string, problem: Omit<ExpectedProblem, 'file'>): GovernanceCase => ({
  name,
  edit: { [ROOT]: ALERTS, [RULE]: text },
  problems: [{ file: RULE, ...problem }],
});

/** Business rules, and where alerts go. */
export const RULE_CASES: readonly GovernanceCase[] = [
  {
    name: 'rules and destinations that are right',
    edit: {
      [ROOT]: `${ALERTS}  budgets: [chat]\n  faults: [oncall, chat]\n`,
      [RULE]: rule(
        'context.workflow like "pay*" && !context.groups.isEmpty() && context.costMicroUsd > 1000',
        'groupBy: [tenant, workflow]\nthreshold: 3\n',
      ),
    },
    problems: [],
  },
  wrong('a condition about a fact that there is not', 'context.workflw == "x"', 'workflw'),
  wrong('a condition that compares a text with a number', 'context.costMicroUsd > "x"', 'expected Long'),
  wrong('a condition that is no truth', 'context.tenant', 'expected Bool'),
  wrong('a condition that is not Cedar', 'context.tenant == ', 'unexpected token'),
  wrong('arithmetic, which could overflow', 'context.costMicroUsd * 2 > 5', 'a rule cannot use *'),
  wrong('a condition about something else than the record', 'principal == principal', 'facts of the record'),
  wrong('a condition that says more than one', '"true } unless { false"', 'more than one condition'),
  wrong(
    'a condition that begins another policy',
    '"true }; permit (principal, action, resource) when { true"',
    'unexpected token',
  ),
  wrongRule(
    'a destination that there is not',
    rule('context.outcome == "failed"').replace('oncall', 'pager'),
    {
      line: 4,
      cause: 'the destination pager does not exist',
      fix: 'Use one of: oncall, chat.',
    },
  ),
  wrongRule('a rule that tells nobody', rule('context.outcome == "failed"').replace('[oncall]', '[]'), {
    line: 4,
    cause: 'to is empty',
    fix: 'Give to a value',
  }),
  wrongRule('a group by what there is not', rule('context.outcome == "failed"', 'groupBy: [person]\n'), {
    line: 6,
    cause: 'groupBy.0 has a value that it cannot have',
    fix: 'Use one of: tenant, subject',
  }),
  wrongRule('a threshold of nothing', rule('context.outcome == "failed"', 'threshold: 0\n'), {
    line: 6,
    cause: 'threshold is too small',
    fix: 'at least 1',
  }),
  {
    name: 'a rule in a repository without destinations',
    edit: { [RULE]: rule('context.outcome == "failed"') },
    problems: [
      { file: RULE, line: 4, cause: 'the destination oncall does not exist', fix: 'alerts.destinations' },
    ],
  },
  {
    name: 'a webhook with two addresses, and faults that nobody hears of',
    edit: {
      [ROOT]: `${HEAD}alerts:\n  faults: [nobody]\n  destinations:\n    chat: { type: webhook, url: http://127.0.0.1:9, urlEnv: URL }\n`,
    },
    problems: [{ file: ROOT, line: 8, cause: 'give url or urlEnv', fix: 'Correct' }],
  },
  {
    name: 'a key that stands in the repository',
    edit: {
      [ROOT]: `${HEAD}alerts:\n  destinations:\n    oncall: { type: pagerduty, routingKeyEnv: not-a-name }\n`,
    },
    problems: [{ file: ROOT, line: 7, cause: 'environment variable', fix: 'Correct' }],
  },
  {
    name: 'two rules of one name',
    edit: {
      [ROOT]: ALERTS,
      [RULE]: rule('context.outcome == "failed"'),
      'rules/second.yaml': rule('context.outcome == "blocked"'),
    },
    problems: [
      {
        file: 'rules/second.yaml',
        line: 2,
        cause: 'PaymentDenied is the name of another rule',
        fix: 'name of its own',
      },
    ],
  },
  {
    name: 'a rule in a misspelt folder',
    edit: { 'rule/payment.yaml': 'owner: a\n' },
    problems: [{ file: 'rule/payment.yaml', line: 1, cause: 'would have no effect', fix: 'Move it' }],
  },
];
