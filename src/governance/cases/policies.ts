import type { GovernanceCase } from './edit.ts';

const SUPPORT = 'policies/support.cedar';
const MARKETING = 'policies/marketing.cedar';
const SCHEMA = 'policies/schema.cedarschema';

/** Cedar: syntax, schema, ids, and names that policies speak of. */
export const POLICY_CASES: readonly GovernanceCase[] = [
  {
    name: 'a syntax error, at its line, also after letters of two bytes',
    edit: {
      [SUPPORT]:
        '// Ünïcödé ist hier erlaubt: äöüäöüäöüäöüäöüäöüäöü\n\npermit (principal, action, resource)\nwhen { principal.groups.contains("x" };\n',
    },
    problems: [
      { file: SUPPORT, line: 4, cause: 'unexpected token `}`', fix: 'Write what is expected `)` or `,`' },
    ],
  },
  {
    name: 'an attribute that the schema does not have',
    edit: {
      [SUPPORT]:
        '\n// Second line.\n@id("a")\npermit (principal, action, resource)\nwhen {\n  principal.team == "support"\n};\n',
    },
    problems: [
      {
        file: SUPPORT,
        line: 6,
        cause: 'attribute `team` on entity type `Goldenpath::User` not found',
        fix: '',
      },
    ],
  },
  {
    name: 'an action that does not exist',
    edit: { [SUPPORT]: 'permit (principal, action == Goldenpath::Action::"invok", resource);' },
    problems: [{ file: SUPPORT, line: 1, cause: 'unrecognized action', fix: 'did you mean' }],
  },
  {
    name: 'a condition that can never hold',
    edit: { [SUPPORT]: 'permit (principal, action, resource) when { 1 == 2 };' },
    problems: [{ file: SUPPORT, line: 1, cause: 'policy is impossible', fix: 'Correct the policy' }],
  },
  {
    name: 'two policies of one id, also across files',
    edit: { [SUPPORT]: { replace: 'support-agents-may-ask', with: 'marketing-may-write' } },
    problems: [
      { file: SUPPORT, line: 2, cause: 'a policy with the id marketing-may-write stands twice', fix: '@id' },
    ],
  },
  {
    name: 'an id that would make its policy disappear',
    edit: { [MARKETING]: { replace: '@id("no-service-writes-marketing")', with: '@id("__proto__")' } },
    problems: [
      { file: MARKETING, line: 10, cause: '"__proto__" cannot be the id of a policy', fix: 'letters' },
    ],
  },
  {
    name: 'an id that every object has',
    edit: { [MARKETING]: { replace: 'no-service-writes-marketing', with: 'constructor' } },
    problems: [],
  },
  {
    name: 'a template',
    edit: {
      [MARKETING]:
        'permit (principal, action, resource);\n\npermit (principal == ?principal, action, resource);',
    },
    problems: [
      { file: MARKETING, line: 3, cause: 'a policy template has no links here', fix: 'as a policy' },
    ],
  },
  {
    name: 'no schema',
    edit: { [SCHEMA]: null },
    problems: [{ file: SCHEMA, line: 1, cause: 'the Cedar schema is missing', fix: 'goldenpath init' }],
  },
  {
    name: 'a schema that does not parse',
    edit: { [SCHEMA]: { replace: 'workflow?: String,', with: 'workflow?: Strin,' } },
    problems: [{ file: SCHEMA, line: 13, cause: 'Strin', fix: 'neither' }],
  },
  {
    name: 'a schema that the gateway does not fit',
    edit: { [SCHEMA]: { replace: '    client?: String,\n', with: '' } },
    problems: [
      {
        file: SCHEMA,
        line: 1,
        cause: 'the schema does not fit what the gateway asks',
        fix: 'goldenpath init',
      },
    ],
  },
  {
    name: 'a switch of a schema that the gateway does not fit',
    edit: { [SCHEMA]: { replace: '    kind: String,\n    name: String,\n', with: '    name: String,\n' } },
    problems: [
      {
        file: SCHEMA,
        line: 1,
        cause: 'the schema does not fit what the gateway asks',
        fix: 'goldenpath init',
      },
    ],
  },
  {
    name: 'no policy',
    edit: { [SUPPORT]: '// none yet\n', [MARKETING]: null, 'policies/operators.cedar': null },
    problems: [{ file: 'policies', line: 1, cause: 'there is no policy', fix: 'at least one permit' }],
  },
  {
    name: 'capabilities, tenants and groups that do not exist',
    edit: {
      [MARKETING]: [
        'forbid (',
        '  principal in Goldenpath::Tenant::"acmee",',
        '  action,',
        '  resource == Goldenpath::Capability::"marketing-writter"',
        ');',
        'forbid (principal in Goldenpath::Group::"interns", action, resource);',
        'forbid (principal, action, resource)',
        'when { principal in Goldenpath::Group::"initech/interns" };',
        'permit (principal == Goldenpath::User::"acme/maya", action, resource);',
        '',
      ].join('\n'),
    },
    problems: [
      { file: MARKETING, line: 2, cause: 'tenant acmee does not exist', fix: 'There are: acme, globex' },
      {
        file: MARKETING,
        line: 4,
        cause: 'capability marketing-writter does not exist',
        fix: 'marketing-writer',
      },
      { file: MARKETING, line: 6, cause: '"interns" is in no tenant', fix: 'TENANT/GROUP' },
      { file: MARKETING, line: 8, cause: '"initech/interns" is in no tenant', fix: 'TENANT/GROUP' },
    ],
  },
];
