import { ASSISTANT, type GovernanceCase } from './edit.ts';

const ROOT = 'goldenpath.yaml';
const BASELINE = 'guardrails/support-baseline/1.json';

const ISSUER = `issuers:
  - issuer: https://issuer.example
    audiences: [goldenpath]
`;
const PRODUCTION = `name: desk\nowner: a\nenvironment: production\n${ISSUER}`;
const BEDROCK_ROUTE = [
  'provider: bedrock',
  'model: eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'region: eu-central-1',
  'owner: platform-team',
  'dataClasses: [public, internal]',
  'price: { inputMicroUsdPerMillionTokens: 1, outputMicroUsdPerMillionTokens: 1 }',
  '',
].join('\n');
/** The example without a stand-in: what could be served in production. */
const ALL_BEDROCK = {
  'routes/stand-in.yaml': BEDROCK_ROUTE,
  'routes/stand-in-backup.yaml': BEDROCK_ROUTE,
  'routes/stand-in-confidential.yaml': BEDROCK_ROUTE.replace('[public, internal]', '[confidential]'),
};
const bedrockGuardrail = (version: string, region = 'eu-central-1') =>
  `engine: bedrock\nguardrailIdentifier: abc123\nguardrailVersion: ${version}\nregion: ${region}\n`;
const regexOf = (pattern: string) => ({ replace: '"TCK-[0-9]{6}"', with: JSON.stringify(pattern) });
const guardrailProblems = (line: number, cause: string, fix: string) => [
  { file: BASELINE, line, cause, fix },
];

/** What is well-formed and must not be served. */
export const SAFETY_CASES: readonly GovernanceCase[] = [
  { name: 'what could be served in production', edit: { [ROOT]: PRODUCTION, ...ALL_BEDROCK }, problems: [] },
  {
    name: 'no issuer',
    edit: { [ROOT]: 'name: desk\nowner: a\nenvironment: development\n' },
    problems: [{ file: ROOT, line: 1, cause: 'no issuer is accepted', fix: 'List an issuer' }],
  },
  {
    name: 'an issuer without audience, empty or not there',
    edit: {
      [ROOT]:
        'name: desk\nowner: a\nenvironment: development\nissuers:\n  - issuer: https://a.example\n    audiences: []\n  - issuer: https://b.example\n',
    },
    problems: [
      {
        file: ROOT,
        line: 6,
        cause: 'issuers.0.audiences is empty',
        fix: 'Give issuers.0.audiences a value.',
      },
      {
        file: ROOT,
        line: 7,
        cause: 'issuers.1.audiences is missing',
        fix: 'Add issuers.1.audiences (a list).',
      },
    ],
  },
  {
    name: 'an issuer that stands twice',
    edit: { [ROOT]: `${PRODUCTION.replace('production', 'development')}${ISSUER.replace('issuers:\n', '')}` },
    problems: [{ file: ROOT, line: 7, cause: 'issuer https://issuer.example stands twice', fix: 'Merge' }],
  },
  {
    name: 'issuers that speak for tenants that do not exist',
    edit: {
      [ROOT]: `${PRODUCTION}    tenant: initech\n    tenants: [acme, umbrella]\n`.replace(
        'production',
        'development',
      ),
    },
    problems: [
      { file: ROOT, line: 7, cause: 'tenant initech does not exist', fix: 'acme, globex' },
      { file: ROOT, line: 8, cause: 'tenant umbrella does not exist', fix: 'acme, globex' },
    ],
  },
  {
    name: 'no tenant',
    edit: { 'tenants/acme.yaml': null, 'tenants/globex.yaml': null },
    problems: [
      { file: ROOT, line: 2, cause: 'there is no tenant', fix: 'Add tenants/NAME.yaml' },
      ...[
        { line: 4, cause: '"acme/platform-admins" is in no tenant' },
        { line: 12, cause: '"globex/leads" is in no tenant' },
      ].map(({ line, cause }) => ({
        file: 'policies/operators.cedar',
        line,
        cause,
        fix: 'There are none yet',
      })),
      {
        file: 'policies/support.cedar',
        line: 13,
        cause: 'tenant acme does not exist',
        fix: 'There are none yet',
      },
    ],
  },
  {
    name: 'keys without TLS in production',
    edit: {
      [ROOT]: `${PRODUCTION.replace('https:', 'http:')}    jwksUri: http://issuer.example/keys\n`,
      ...ALL_BEDROCK,
    },
    problems: [
      { file: ROOT, line: 5, cause: 'keys fetched without TLS', fix: 'Use the https issuer' },
      { file: ROOT, line: 7, cause: 'keys fetched without TLS', fix: 'Use an https jwksUri' },
    ],
  },
  {
    name: 'the loopback issuer and stand-ins in production',
    edit: { [ROOT]: `${PRODUCTION}loopbackIssuer: true\n` },
    problems: [
      { file: ROOT, line: 7, cause: 'hands a token to anybody on the machine', fix: 'Remove loopbackIssuer' },
      {
        file: 'routes/stand-in-backup.yaml',
        line: 2,
        cause: 'no language model',
        fix: 'bedrock or openai-compatible',
      },
      { file: 'routes/stand-in-confidential.yaml', line: 2, cause: 'no language model', fix: 'bedrock' },
      { file: 'routes/stand-in.yaml', line: 2, cause: 'no language model', fix: 'bedrock' },
    ],
  },
  {
    name: 'DRAFT guardrails in production',
    edit: {
      [ROOT]: PRODUCTION,
      ...ALL_BEDROCK,
      'routes/stand-in.yaml': `${BEDROCK_ROUTE}guardrail: { identifier: abc, version: DRAFT }\n`,
      'guardrails/support-draft/1.yaml': bedrockGuardrail('DRAFT'),
      [ASSISTANT]: { replace: 'support-baseline@1', with: 'support-draft@1' },
    },
    problems: [
      {
        file: ASSISTANT,
        line: 8,
        cause: 'a DRAFT guardrail can change under a record',
        fix: 'Pin a numeric version',
      },
      {
        file: 'routes/stand-in.yaml',
        line: 7,
        cause: 'a DRAFT guardrail can change',
        fix: 'Pin a numeric version',
      },
    ],
  },
  {
    name: 'a DRAFT guardrail in development',
    edit: {
      'guardrails/support-draft/1.yaml': bedrockGuardrail('DRAFT'),
      [ASSISTANT]: { replace: 'support-baseline@1', with: 'support-draft@1' },
    },
    problems: [],
  },
  {
    name: 'a guardrail of Amazon Bedrock in another Region than the route',
    edit: {
      'routes/stand-in.yaml': BEDROCK_ROUTE,
      'guardrails/support-cloud/1.yaml': bedrockGuardrail('"4"', 'us-east-1'),
      [ASSISTANT]: { replace: 'support-baseline@1', with: 'support-cloud@1' },
    },
    problems: [
      {
        file: ASSISTANT,
        line: 9,
        cause: 'route stand-in is in eu-central-1, and its guardrail is in us-east-1',
        fix: 'one Region',
      },
    ],
  },
  {
    name: 'a guardrail of Amazon Bedrock in the Region of the route',
    edit: {
      'routes/stand-in.yaml': BEDROCK_ROUTE,
      'guardrails/support-cloud/1.yaml': bedrockGuardrail('"4"'),
      [ASSISTANT]: { replace: 'support-baseline@1', with: 'support-cloud@1' },
    },
    problems: [],
  },
  {
    name: 'a route outside of the regions of its capability',
    edit: { [ASSISTANT]: { replace: 'tools:', with: 'regions: [eu-central-1]\ntools:' } },
    problems: [
      { file: ASSISTANT, line: 9, cause: 'route stand-in is in local', fix: 'add local to regions' },
      { file: ASSISTANT, line: 9, cause: 'route stand-in-backup is in local', fix: 'Remove the route' },
    ],
  },
  {
    name: 'a global inference profile where regions are named',
    edit: {
      'routes/stand-in.yaml': BEDROCK_ROUTE.replace('eu.anthropic', 'global.anthropic'),
      [ASSISTANT]: { replace: 'tools:', with: 'regions: [eu-central-1, local]\ntools:' },
    },
    problems: [
      { file: ASSISTANT, line: 9, cause: 'any Region of the world', fix: 'inference profile of the regions' },
    ],
  },
  {
    name: 'a route that may not carry the data class',
    edit: { [ASSISTANT]: { replace: 'dataClass: internal', with: 'dataClass: restricted' } },
    problems: [
      {
        file: ASSISTANT,
        line: 9,
        cause: 'route stand-in may not carry restricted data',
        fix: 'dataClasses hold',
      },
      { file: ASSISTANT, line: 9, cause: 'route stand-in-backup may not carry', fix: 'dataClasses hold' },
    ],
  },
  {
    name: 'routes that cannot work',
    edit: {
      'routes/a.yaml': BEDROCK_ROUTE.replace('bedrock', 'openai-compatible'),
      'routes/b.yaml': `${BEDROCK_ROUTE}baseUrl: http://127.0.0.1\n`,
      'routes/c.yaml': `${BEDROCK_ROUTE}apiKeyEnv: KEY\n`,
      'routes/d.yaml': BEDROCK_ROUTE.replace('eu-central-1', 'local'),
      'routes/e.yaml': `${BEDROCK_ROUTE.replace('bedrock', 'stand-in')}guardrail: { identifier: a, version: '1' }\n`,
    },
    problems: [
      { file: 'routes/a.yaml', line: 1, cause: 'needs a baseUrl', fix: 'Add baseUrl' },
      { file: 'routes/b.yaml', line: 7, cause: 'has no baseUrl', fix: 'Remove it' },
      { file: 'routes/c.yaml', line: 7, cause: 'no apiKeyEnv', fix: 'Remove it' },
      { file: 'routes/d.yaml', line: 3, cause: 'local is not an AWS Region', fix: 'eu-central-1' },
      {
        file: 'routes/e.yaml',
        line: 7,
        cause: 'cannot apply a guardrail of Amazon Bedrock',
        fix: 'Remove it',
      },
    ],
  },
  {
    name: 'a regex with lookaround',
    edit: { [BASELINE]: regexOf('(?=a)b') },
    problems: guardrailProblems(32, 'custom regex "internal-ticket"', 'Remove the policy'),
  },
  {
    name: 'a regex with a back-reference',
    edit: { [BASELINE]: regexOf('(a+)\\1') },
    problems: guardrailProblems(32, 'custom regex "internal-ticket"', 'Remove the policy'),
  },
  {
    name: 'a regex that backtracks forever elsewhere runs in linear time here',
    edit: { [BASELINE]: regexOf('(a+)+b') },
    problems: [],
  },
  {
    name: 'a regex that is too large to compile',
    edit: { [BASELINE]: regexOf('(a{1,900}b{1,900}){1,900}') },
    problems: guardrailProblems(32, 'custom regex "internal-ticket"', 'Remove the policy'),
  },
  {
    name: 'a control that needs to see images',
    edit: {
      [BASELINE]: {
        replace: '  "wordPolicyConfig": {',
        with: [
          '  "contentPolicyConfig": { "filtersConfig": [{ "type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH",',
          '    "inputModalities": ["TEXT", "IMAGE"] }] },',
          '  "wordPolicyConfig": {',
        ].join('\n'),
      },
    },
    problems: guardrailProblems(7, 'content filter HATE of images', 'keep the guardrail in Amazon Bedrock'),
  },
  {
    name: 'a control that is misspelt',
    edit: { [BASELINE]: { replace: '"wordPolicyConfig"', with: '"wordsPolicyConfig"' } },
    problems: guardrailProblems(6, 'wordsPolicyConfig', ''),
  },
];
