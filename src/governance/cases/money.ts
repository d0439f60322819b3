import { ASSISTANT, type GovernanceCase } from './edit.ts';

const ROUTE = 'routes/stand-in.yaml';
const ROOT = 'goldenpath.yaml';
const TENANT = 'tenants/acme.yaml';
const BACKUP = 'routes/stand-in-backup.yaml';
const price = (text: string) => ({ [ROUTE]: { replace: 'price: stand-in@1', with: text } });
const tenant = (blocks: string) => ({ [TENANT]: `displayName: Acme\nowner: a\n${blocks}\n` });

/** Prices, limits and budgets. */
export const MONEY_CASES: readonly GovernanceCase[] = [
  {
    name: 'a route without a price',
    edit: { [ROUTE]: { replace: 'price: stand-in@1\n', with: '' } },
    problems: [{ file: ROUTE, line: 2, cause: 'its use would be free', fix: 'Correct price' }],
  },
  {
    name: 'half a price',
    edit: price('price: { inputMicroUsdPerMillionTokens: 1 }'),
    problems: [{ file: ROUTE, line: 7, cause: 'its use would be free', fix: 'Correct price' }],
  },
  {
    name: 'a price that does not exist',
    edit: price('price: stand-in@2'),
    problems: [
      {
        file: ROUTE,
        line: 7,
        cause: 'price stand-in@2 does not exist',
        fix: 'Use one of: bedrock-guardrails@1, claude-haiku-4-5@1, stand-in@1',
      },
    ],
  },
  {
    name: 'a price of another kind of thing',
    edit: price('price: bedrock-guardrails@1'),
    problems: [{ file: ROUTE, line: 7, cause: 'bedrock-guardrails@1 has no tokens', fix: 'Add tokens' }],
  },
  {
    name: 'a published price that was changed',
    edit: { 'prices/stand-in/1.yaml': { replace: '100000', with: '1' } },
    lock: 'stale',
    problems: [
      {
        file: 'prices/stand-in/1.yaml',
        line: 1,
        cause: 'the published version stand-in@1 was changed',
        fix: 'Restore prices/stand-in/1 from git',
      },
    ],
  },
  {
    name: 'a price that is less than nothing',
    edit: { 'prices/stand-in/1.yaml': { replace: '100000', with: '-1' } },
    problems: [
      {
        file: 'prices/stand-in/1.yaml',
        line: 5,
        cause: 'tokens.inputMicroUsdPerMillionTokens is too small',
        fix: 'at least 0',
      },
    ],
  },
  {
    name: 'a budget that says nothing, and one that counts finer than a millionth of a dollar',
    edit: {
      ...tenant('budget: {}'),
      [BACKUP]: { replace: 'expectedLatencyMs: 2', with: 'budget: { usdPerDay: 0.0000001 }' },
    },
    problems: [
      { file: BACKUP, line: 8, cause: 'a millionth of a dollar', fix: 'Correct budget.usdPerDay' },
      { file: TENANT, line: 3, cause: 'write usdPerDay or usdPerMonth', fix: 'Correct budget' },
    ],
  },
  {
    name: 'a burst without a rate, and limits below nothing',
    edit: {
      ...tenant('admission: { burst: 5 }\nusers: { requestsPerSecond: 0, concurrentRequests: -1 }'),
    },
    problems: [
      { file: TENANT, line: 3, cause: 'burst says nothing', fix: 'Correct admission' },
      { file: TENANT, line: 4, cause: 'users.requestsPerSecond is too small', fix: '0' },
      { file: TENANT, line: 4, cause: 'users.concurrentRequests is too small', fix: '0' },
    ],
  },
  {
    name: 'a cheaper route, where there is one route alone',
    edit: { [ASSISTANT]: { replace: 'routes: [stand-in, stand-in-backup]', with: 'routes: [stand-in]' } },
    problems: [{ file: ASSISTANT, line: 17, cause: 'there is no cheaper one', fix: 'Add a route' }],
  },
  {
    name: 'what a repository may say of money',
    edit: {
      [ROOT]: {
        replace: 'loopbackIssuer: true',
        with: 'loopbackIssuer: true\nbudget: { usdPerDay: 0.000001, usdPerMonth: 19.99 }',
      },
      'workflows/refunds.yaml': 'owner: a\npurpose: b\nadmission: { tokensPerMinute: 0 }\n',
      ...price('price: claude-haiku-4-5@1'),
    },
    problems: [],
  },
];
