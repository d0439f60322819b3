import { ASSISTANT, LOCK, type GovernanceCase } from './edit.ts';

const STAND_IN = 'routes/stand-in.yaml';
const NO_EFFECT = 'no rule says what this file is, so it would have no effect';

/** Shapes, syntax, names and places of files. */
export const FILE_CASES: readonly GovernanceCase[] = [
  {
    name: 'the example itself',
    edit: {},
    problems: [],
  },
  {
    name: 'an unknown key, at its own line',
    edit: { [ASSISTANT]: { replace: 'feature: help-center', with: 'featur: help-center' } },
    problems: [{ file: ASSISTANT, line: 4, cause: 'featur is not known here', fix: 'Remove featur' }],
  },
  {
    name: 'an unknown key inside',
    edit: { [ASSISTANT]: { replace: 'restore: all }', with: 'restore: all, keep: 1 }' } },
    problems: [
      { file: ASSISTANT, line: 15, cause: 'redaction.keep is not known here', fix: 'Remove redaction.keep' },
    ],
  },
  {
    name: 'a value of a wrong type',
    edit: { [STAND_IN]: { replace: 'expectedLatencyMs: 1', with: 'expectedLatencyMs: soon' } },
    problems: [
      {
        file: STAND_IN,
        line: 8,
        cause: 'expectedLatencyMs has a value of another type',
        fix: 'Give expectedLatencyMs a number.',
      },
    ],
  },
  {
    name: 'a value that is none of the choices',
    edit: { [ASSISTANT]: { replace: 'dataClass: internal', with: 'dataClass: secret' } },
    problems: [
      {
        file: ASSISTANT,
        line: 5,
        cause: 'dataClass has a value that it cannot have',
        fix: 'Use one of: public, internal, confidential, restricted.',
      },
    ],
  },
  {
    name: 'types to redact that are not known',
    edit: { [ASSISTANT]: { replace: 'types: structured', with: 'types: [EMAIL, NAME]' } },
    problems: [
      {
        file: ASSISTANT,
        line: 15,
        cause: 'write structured, or a list of: EMAIL, PHONE',
        fix: 'Correct redaction.types',
      },
    ],
  },
  {
    name: 'a capability without owner',
    edit: { [ASSISTANT]: { replace: 'owner: support-platform\n', with: '' } },
    problems: [{ file: ASSISTANT, line: 2, cause: 'owner is missing', fix: 'Add owner (a text).' }],
  },
  {
    name: 'an owner that is empty',
    edit: { 'tenants/acme.yaml': { replace: 'acme-account-team', with: "''" } },
    problems: [{ file: 'tenants/acme.yaml', line: 3, cause: 'owner is empty', fix: 'Give owner a value.' }],
  },
  {
    name: 'a fraction of a token',
    edit: { [ASSISTANT]: { replace: 'default: 512', with: 'default: 0.5' } },
    problems: [
      {
        file: ASSISTANT,
        line: 14,
        cause: 'parameters.maxOutputTokens.default has a value of another type',
        fix: 'a whole number',
      },
    ],
  },
  {
    name: 'a default outside its range',
    edit: { [ASSISTANT]: { replace: 'default: 0.2', with: 'default: 0.9' } },
    problems: [
      { file: ASSISTANT, line: 13, cause: 'default is outside min and max', fix: 'parameters.temperature' },
    ],
  },
  {
    name: 'a prompt without version',
    edit: { [ASSISTANT]: { replace: 'support-assistant@1', with: 'support-assistant' } },
    problems: [{ file: ASSISTANT, line: 7, cause: 'write NAME@VERSION', fix: 'Correct prompt' }],
  },
  {
    name: 'a duplicate YAML key',
    edit: { [ASSISTANT]: { replace: 'dataClass: internal', with: 'dataClass: internal\ndataClass: public' } },
    problems: [{ file: ASSISTANT, line: 6, cause: 'Map keys must be unique', fix: 'Correct the syntax.' }],
  },
  {
    name: 'a duplicate JSON key',
    edit: {
      'guardrails/marketing-baseline/1.json': {
        replace: '"name": "marketing-baseline",',
        with: '"name": "other",\n  "name": "marketing-baseline",',
      },
    },
    problems: [
      {
        file: 'guardrails/marketing-baseline/1.json',
        line: 3,
        cause: 'Map keys must be unique',
        fix: 'Correct',
      },
    ],
  },
  {
    name: 'YAML that does not parse',
    edit: { [STAND_IN]: 'provider: [stand-in\nmodel: stand-in\n' },
    problems: [{ file: STAND_IN, line: 2, cause: 'Flow sequence', fix: 'Correct the syntax.' }],
  },
  {
    name: 'JSON that does not parse',
    edit: { [LOCK]: '{ "prompts": {},\n  "guardrails": {}, }\n' },
    lock: 'stale',
    problems: [
      { file: LOCK, line: 2, cause: 'not valid JSON: Expected double-quoted property name', fix: 'Correct' },
    ],
  },
  {
    name: 'a YAML alias bomb',
    edit: {
      [STAND_IN]: [
        'a: &a [x,x,x,x,x,x,x,x,x,x]',
        'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
        'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
        'd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]',
        '',
      ].join('\n'),
    },
    problems: [{ file: STAND_IN, line: 1, cause: 'Excessive alias count', fix: 'without aliases' }],
  },
  {
    name: 'a YAML alias of nothing',
    edit: { 'tenants/acme.yaml': 'displayName: *acme\nowner: a\n' },
    problems: [{ file: 'tenants/acme.yaml', line: 1, cause: 'Unresolved alias', fix: 'without aliases' }],
  },
  {
    name: 'YAML nested deeper than the stack',
    edit: { 'tenants/acme.yaml': `owner: ${'['.repeat(20_000)}` },
    problems: [{ file: 'tenants/acme.yaml', line: 1, cause: 'nested too deeply', fix: 'Correct' }],
  },
  {
    name: 'a YAML tag that nobody knows',
    edit: { 'tenants/acme.yaml': { replace: 'Acme Outdoor', with: '!secret acme' } },
    problems: [{ file: 'tenants/acme.yaml', line: 2, cause: 'Unresolved tag: !secret', fix: 'Correct' }],
  },
  {
    name: 'two YAML documents in one file',
    edit: { 'tenants/acme.yaml': 'displayName: A\nowner: a\n---\nowner: b\n' },
    problems: [
      {
        file: 'tenants/acme.yaml',
        line: 3,
        cause: 'multiple documents; write one file each',
        fix: 'Correct',
      },
    ],
  },
  {
    name: 'no goldenpath.yaml',
    edit: { 'goldenpath.yaml': null },
    problems: [
      { file: 'goldenpath.yaml', line: 1, cause: 'not a governance repository', fix: 'goldenpath init' },
    ],
  },
  {
    name: 'policies in a misspelt folder',
    edit: { 'policy/more.cedar': 'permit (principal, action, resource);' },
    problems: [{ file: 'policy/more.cedar', line: 1, cause: NO_EFFECT, fix: 'policies/NAME.cedar' }],
  },
  {
    name: 'policies somewhere else',
    edit: { 'knowledge/more.cedar': 'permit (principal, action, resource);', 'extra.cedar': '' },
    problems: [{ file: 'extra.cedar', line: 1, cause: NO_EFFECT, fix: 'policies/NAME.cedar' }],
  },
  {
    name: 'folders and endings that are almost right',
    edit: {
      'Capabilities/a.yaml': '',
      'capabilities/nested/b.yaml': '',
      'guardrails/c.json': '{}',
      'prompts/d/1/prompt.yml': '',
      'policies/e.yaml': '',
      'policies/other.cedarschema': '',
      'goldenpath.yml': '',
      'routes/f.yml': '',
    },
    problems: [
      { file: 'Capabilities/a.yaml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'capabilities/nested/b.yaml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'goldenpath.yml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'guardrails/c.json', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'policies/e.yaml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'policies/other.cedarschema', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'prompts/d/1/prompt.yml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
      { file: 'routes/f.yml', line: 1, cause: NO_EFFECT, fix: 'Move it' },
    ],
  },
  {
    name: 'files of no concern',
    edit: { 'README.md': '#', 'capabilities/README.md': '#', '.github/x.yaml': 'a: b', 'docs/x.json': '{' },
    problems: [],
  },
  {
    name: 'a name that is none',
    edit: { 'tenants/Acme Outdoor.yaml': 'displayName: A\nowner: a\n' },
    problems: [
      {
        file: 'tenants/Acme Outdoor.yaml',
        line: 1,
        cause: '"Acme Outdoor" cannot be a name',
        fix: 'lower-case',
      },
    ],
  },
  {
    name: 'a version that is none',
    edit: {
      'prompts/support-assistant/v2/prompt.yaml': 'layers: [{ layer: system, file: system.md, owner: a }]\n',
      'prompts/support-assistant/v2/system.md': 'You help.',
    },
    problems: [
      {
        file: 'prompts/support-assistant/v2/prompt.yaml',
        line: 1,
        cause: '"v2" is not a version',
        fix: '1, 2, 3',
      },
    ],
  },
  {
    name: 'two files for one version of a guardrail',
    edit: {
      'guardrails/support-baseline/1.yaml':
        'engine: bedrock\nguardrailIdentifier: abc\nguardrailVersion: "3"\nregion: eu-central-1\n',
    },
    problems: [
      {
        file: 'guardrails/support-baseline/1.yaml',
        line: 1,
        cause: '1.json describes the same version',
        fix: 'Keep one',
      },
    ],
  },
  {
    name: 'cases of a guardrail, in YAML and as JSON Lines',
    edit: {
      'guardrails/support-baseline/cases/more.yaml': 'cases: [{ text: a, expect: none }]\n',
      'guardrails/support-baseline/cases/more.jsonl':
        '{"text":"a","expect":"none"}\n\n{"text":["a","b"],"expect":"masked"}\n',
    },
    problems: [],
  },
  {
    name: 'cases that are not of their shape, or for no guardrail',
    edit: {
      'guardrails/nobody/cases/a.yaml': 'cases: [{ text: a, expect: none }]\n',
      'guardrails/support-baseline/cases/b.yaml':
        'guardrail: support-baseline@9\ncases:\n  - { text: a, expect: none }\n',
      'guardrails/support-baseline/cases/c.yaml':
        'cases:\n  - { text: a, expect: NONE }\n  - { text: a, expect: none, findings: [EMAIL] }\n',
      'guardrails/support-baseline/cases/d.jsonl': '{"text":"a","expect":"none"}\n{"text":"a"}\n{\n',
      'guardrails/support-baseline/cases/e.jsonl': '\n',
      'guardrails/support-baseline/cases/f.yaml':
        'cases:\n  - { text: a, expect: none, grounding: { source: b, query: c } }\n',
    },
    problems: [
      { file: 'guardrails/nobody/cases/a.yaml', line: 1, cause: 'there is no guardrail nobody', fix: 'support-baseline@1' },
      { file: 'guardrails/support-baseline/cases/b.yaml', line: 1, cause: 'there is no guardrail support-baseline@9', fix: 'Use one of' },
      { file: 'guardrails/support-baseline/cases/c.yaml', line: 2, cause: 'cases.0.expect has a value that it cannot have', fix: 'none, masked, blocked' },
      { file: 'guardrails/support-baseline/cases/c.yaml', line: 3, cause: 'write POLICY NAME', fix: 'Correct' },
      { file: 'guardrails/support-baseline/cases/d.jsonl', line: 2, cause: 'expect', fix: '' },
      { file: 'guardrails/support-baseline/cases/d.jsonl', line: 3, cause: 'the line is not JSON', fix: 'one case a line' },
      { file: 'guardrails/support-baseline/cases/e.jsonl', line: 1, cause: 'no cases', fix: 'one case a line' },
      { file: 'guardrails/support-baseline/cases/f.yaml', line: 2, cause: 'set source to OUTPUT', fix: 'Correct' },
    ],
  }, // prettier-ignore
];
