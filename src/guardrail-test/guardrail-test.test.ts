import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { GuardrailCase } from '../governance/guardrail-cases.ts';
import { parseGuardrailConfig, type GuardrailConfig } from '../guardrail-engine/index.ts';
import { compareGuardrails, countChanges } from './compare.ts';
import { describeFailure, toJUnit } from './junit.ts';
import { planSuites, runSuites } from './run.ts';
import { findGuardrail, readWorkspace, type GuardrailFile, type Workspace } from './workspace.ts';

const MESSAGES = { blockedInputMessaging: 'Not asked.', blockedOutputsMessaging: 'Not said.' };
const DESK: GuardrailConfig = {
  name: 'desk',
  ...MESSAGES,
  wordPolicyConfig: { wordsConfig: [{ text: 'nightjar' }] },
  sensitiveInformationPolicyConfig: {
    piiEntitiesConfig: [{ type: 'EMAIL', action: 'ANONYMIZE', inputAction: 'ANONYMIZE' }],
    regexesConfig: [{ name: 'ticket', pattern: 'TCK-[0-9]{6}', action: 'NONE' }],
  },
};

function toFile(config: GuardrailConfig, version = 'DRAFT'): GuardrailFile {
  assert.ok(parseGuardrailConfig(config).ok);
  return { name: config.name, version, file: 'desk.json', config };
}

function toCase(testCase: Partial<GuardrailCase>, index = 0): GuardrailCase {
  return { text: 'hello', source: 'INPUT', expect: 'none', line: index + 1, ...testCase };
}

function run(cases: readonly Partial<GuardrailCase>[], config = DESK) {
  const caseFile = { file: 'desk.cases.yaml', name: 'desk', version: undefined, guardrail: undefined };
  const workspace: Workspace = {
    guardrails: [toFile(config)],
    caseFiles: [{ ...caseFile, cases: cases.map(toCase) }],
    problems: [],
  };
  return runSuites(planSuites(workspace, undefined), { nowMs: () => 0 });
}

describe('a case', () => {
  const good: readonly [string, Partial<GuardrailCase>][] = [
    ['that passes', { findings: [], output: 'hello' }],
    ['that is blocked', { text: 'The Nightjar', expect: 'blocked', output: 'Not asked.', findings: ['word NIGHTJAR'] }],
    ['of an answer that is blocked', { text: 'nightjar', source: 'OUTPUT', expect: 'blocked', output: 'Not said.' }],
    ['that is masked', { text: 'I am a@example.com', expect: 'masked', output: 'I am {EMAIL}', findings: ['pii EMAIL'] }],
    ['of several blocks', { text: ['a@example.com', 'b'], expect: 'masked', output: ['{EMAIL}', 'b'] }],
    ['that is only detected', { text: 'TCK-123456', expect: 'none', findings: ['regex ticket'] }],
    ['that leaves findings open', { text: 'TCK-123456', expect: 'none' }],
  ]; // prettier-ignore
  for (const [name, testCase] of good) {
    it(`${name} has no failures`, () => assert.deepEqual(run([testCase])[0]?.failures, []));
  }

  const bad: readonly [string, Partial<GuardrailCase>, readonly string[]][] = [
    ['another action', { text: 'nightjar' }, ['expected none, was blocked']],
    ['a mask that is no block', { text: 'a@example.com', expect: 'blocked' }, ['expected blocked, was masked']],
    ['another output', { text: 'a@example.com', expect: 'masked', output: '{MAIL}' }, ['the output differs', '- {MAIL}', '+ {EMAIL}']],
    ['another number of blocks', { output: ['hello', ''] }, ['the output differs', '- hello', '- ', '+ hello']],
    ['a finding less and one more', { text: 'TCK-123456', findings: ['pii EMAIL'] }, ['did not find pii EMAIL', 'also found regex ticket']],
  ]; // prettier-ignore
  for (const [name, testCase, told] of bad) {
    it(`with ${name} fails, and says how`, () => {
      const [result] = run([testCase]);
      assert.deepEqual(result?.failures.flatMap(describeFailure), told);
    });
  }

  it('is grounded in its source, which is no part of its output', () => {
    const config: GuardrailConfig = {
      ...DESK,
      contextualGroundingPolicyConfig: { filtersConfig: [{ type: 'GROUNDING', threshold: 0.5 }] },
    };
    const grounding = {
      source: ['A lamp may be returned within 30 days: a@example.com.'],
      query: 'How long may I return a lamp?',
    };
    const answer = { source: 'OUTPUT', grounding } as const;
    const results = run(
      [
        { ...answer, text: 'A lamp may be returned within 30 days: a@example.com.', expect: 'masked', output: 'A lamp may be returned within 30 days: {EMAIL}.' },
        { ...answer, text: 'Elephants are the largest land animals.', expect: 'blocked', findings: ['grounding GROUNDING'] },
      ],
      config,
    ); // prettier-ignore
    assert.deepEqual(
      results.map(({ failures }) => failures),
      [[], []],
    );
  });

  it('is called after its text where it has no name', () => {
    const [named, unnamed] = run([{ name: 'a' }, { text: ['many\n', 'words '.repeat(20)] }]);
    assert.equal(named?.name, 'a');
    assert.match(unnamed?.name ?? '', /^many words words .{40,}…$/);
    assert.equal(unnamed?.name.length, 60);
  });
});

describe('a folder', () => {
  async function fill(files: Readonly<Record<string, string>>) {
    const path = await mkdtemp(join(tmpdir(), 'guardrail-test-'));
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
  }
  const guardrail = JSON.stringify(DESK);
  const cases = 'cases: [{ text: a, expect: none }]\n';

  it('has guardrails and cases, numbered or not, below or beside', async () => {
    await using folder = await fill({
      'desk.json': guardrail,
      'desk.cases.yaml': cases,
      'desk.cases.jsonl': '{"text":"a","expect":"none"}\n',
      'shop/2.json': guardrail,
      'shop/10.json': guardrail,
      'shop/cases/a.yaml': cases,
      'shop/cases/b.yaml': `guardrail: shop@2\n${cases}`,
      'package.json': '{"name":"other"}',
      'data/1.json': '[]',
      'notes.json': 'no json',
    });
    const workspace = await readWorkspace(folder.path);
    assert.deepEqual(workspace.problems, []);
    const planned = (wanted?: string) =>
      planSuites(workspace, wanted)
        .map(({ guardrail, caseFile }) => `${caseFile.file} on ${guardrail.name}@${guardrail.version}`)
        .toSorted();
    assert.deepEqual(planned(), [
      'desk.cases.jsonl on desk@DRAFT',
      'desk.cases.yaml on desk@DRAFT',
      'shop/cases/a.yaml on shop@10',
      'shop/cases/b.yaml on shop@2',
    ]);
    assert.deepEqual(planned('shop@2'), ['shop/cases/a.yaml on shop@2', 'shop/cases/b.yaml on shop@2']);
    assert.throws(() => planned('shop@3'), /no guardrail shop@3 here; there are desk@DRAFT, shop@10, shop@2/);
  });

  it('may be the one of a guardrail itself', async () => {
    await using folder = await fill({ 'desk/1.json': guardrail, 'desk/cases/a.yaml': cases });
    const { guardrails, caseFiles } = await readWorkspace(join(folder.path, 'desk'));
    assert.deepEqual(
      [guardrails[0]?.name, guardrails[0]?.version, caseFiles[0]?.name],
      ['desk', '1', 'desk'],
    );
  });

  it('of a repository has what its guardrails/ has', async () => {
    await using folder = await fill({
      'goldenpath.yaml': 'x',
      'guardrails/desk/1.json': guardrail,
      'tools/other.json': guardrail,
    });
    const { guardrails } = await readWorkspace(folder.path);
    assert.deepEqual(
      guardrails.map(({ file }) => file),
      ['guardrails/desk/1.json'],
    );
  });

  it('with cases for nobody, a broken guardrail or two of one version says so', async () => {
    await using folder = await fill({
      'bad.json': JSON.stringify({ ...DESK, name: 'not a name' }),
      'broken.json': '{ "blockedInputMessaging": ',
      'a/1.json': guardrail,
      'b/a/1.json': guardrail,
      'c.cases.yaml': 'cases: []\n',
    });
    const { problems } = await readWorkspace(folder.path);
    assert.deepEqual(problems.map(({ file }) => file).toSorted(), [
      'b/a/1.json',
      'bad.json',
      'broken.json',
      'c.cases.yaml',
    ]);
    await using lonely = await fill({ 'desk.json': guardrail, 'shop.cases.yaml': cases });
    const workspace = await readWorkspace(lonely.path);
    assert.throws(
      () => planSuites(workspace, undefined),
      /^Error: shop\.cases\.yaml: there is no guardrail shop here/,
    );
  });

  it('has the highest version of a guardrail where none is named, and a draft above all', () => {
    const files = ['9', '10', 'DRAFT'].map((version) => toFile(DESK, version));
    assert.equal(findGuardrail(files, 'desk').version, 'DRAFT');
    assert.equal(findGuardrail(files.slice(0, 2), 'desk').version, '10');
    assert.equal(findGuardrail(files, 'desk@9').version, '9');
  });
});

describe('JUnit XML', () => {
  it('is well formed and escaped, whatever the texts', () => {
    const nasty = 'a "quote" <tag> & ]]> \u0000\u001b[31m\ud800 \uffff line\nbreak é 😀';
    const xml = toJUnit(run([{ name: nasty, text: nasty, output: `other ${nasty}` }, { name: 'fine' }]));
    // oxlint-disable-next-line no-control-regex -- characters that XML does not have are what is looked for
    assert.doesNotMatch(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\uffff]/);
    assert.ok(xml.isWellFormed());
    const open: string[] = [];
    const attribute = String.raw`\s[a-z]+="[^"<&]*(?:&[#a-z0-9]+;[^"<&]*)*"`;
    const rest = xml
      .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>/, '')
      .replaceAll(
        new RegExp(String.raw`<(/?)([a-z]+)((?:${attribute})*)(/?)>`, 'g'),
        (_, close, tag, _all, empty) => {
          if (close === '/') assert.equal(open.pop(), tag);
          else if (empty === '') open.push(String(tag));
          return '';
        },
      );
    assert.deepEqual(open, []);
    assert.doesNotMatch(rest, /[<]|&(?!(amp|lt|gt|quot|#\d+);)/);
    assert.match(
      xml,
      /<testsuites name="goldenpath guardrail test" tests="2" failures="1" errors="0" skipped="0"/,
    );
    assert.match(xml, /<testsuite name="desk@DRAFT desk\.cases\.yaml" tests="2" failures="1"/);
    assert.match(xml, /<failure message="the output differs" type="output">/);
  });
});

describe('a comparison', () => {
  it('names every kind of change, and counts what is the same', () => {
    const after: GuardrailConfig = {
      name: 'desk',
      blockedInputMessaging: 'Never asked.',
      blockedOutputsMessaging: 'Not said.',
      wordPolicyConfig: { wordsConfig: [{ text: 'heron' }, { text: 'owl' }] },
      sensitiveInformationPolicyConfig: {
        piiEntitiesConfig: [{ type: 'IP_ADDRESS', action: 'ANONYMIZE', inputAction: 'ANONYMIZE' }],
        regexesConfig: [
          { name: 'number', pattern: 'TCK-[0-9]{6}', action: 'NONE' },
          { name: 'address', pattern: 'b@example[.]com', action: 'ANONYMIZE', inputAction: 'ANONYMIZE' },
        ],
      },
    };
    const before: GuardrailConfig = {
      ...DESK,
      wordPolicyConfig: { wordsConfig: [{ text: 'nightjar' }, { text: 'owl' }] },
    };
    const texts = [
      'nightjar',
      'heron',
      'a@example.com',
      '192.0.2.7',
      'b@example.com',
      'owl',
      'TCK-123456',
      'hello',
    ];
    const compared = compareGuardrails(
      { before: toFile(before), after: toFile(after) },
      { cases: [{ file: 'texts.txt', cases: texts.map((text, i) => toCase({ text }, i)) }] },
    );
    assert.deepEqual(
      compared.map(({ change }) => change),
      ['no longer blocked', 'newly blocked', 'no longer masked', 'newly masked', 'masked differently', 'blocked differently', 'found differently', undefined],
    ); // prettier-ignore
    assert.deepEqual(new Set(Object.values(countChanges(compared))), new Set([1]));
    assert.equal(countChanges(compared).same, 1);
  });
});
