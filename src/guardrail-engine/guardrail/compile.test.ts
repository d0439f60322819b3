import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { compileGuardrail, GuardrailCompileError } from './compile.ts';
import type { CompiledGuardrail } from './compiled.ts';
import { parseGuardrailConfig } from './config.ts';
import { responseSchema } from './response-schema.ts';
import type { ApplyGuardrailResponse, ContentBlock, GuardrailSource } from './response.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123';
const POLICIES = {
  wordPolicyConfig: {
    wordsConfig: [
      { text: 'Project Bluebird' },
      { text: 'watched', inputAction: 'NONE', outputAction: 'NONE' },
    ],
  },
  sensitiveInformationPolicyConfig: {
    piiEntitiesConfig: [
      { type: 'EMAIL', action: 'ANONYMIZE', inputAction: 'ANONYMIZE', inputEnabled: true },
      { type: 'PHONE', action: 'ANONYMIZE' },
      { type: 'US_SOCIAL_SECURITY_NUMBER', action: 'BLOCK' },
      { type: 'IP_ADDRESS', action: 'NONE' },
    ],
    regexesConfig: [
      { name: 'Ticket', pattern: '\\bTCK-\\d{3,6}\\b', action: 'ANONYMIZE' },
      { name: 'Key', pattern: 'key[=:]\\s*\\w{8,}', action: 'BLOCK' },
    ],
  },
} as const; // the schema wants the literals

function compile(policies: object = POLICIES, nowMs: () => number = () => 0): CompiledGuardrail {
  const parsed = parseGuardrailConfig({
    name: 'g',
    blockedInputMessaging: 'In blocked.',
    blockedOutputsMessaging: 'Out blocked.',
    ...policies,
  });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compileGuardrail(parsed.config, { id: 'abc123', version: '7', arn: ARN, nowMs });
}

const guardrail = compile();
const blocksOf = (...texts: string[]): ContentBlock[] => texts.map((text) => ({ text: { text } }));

function assess(source: GuardrailSource, ...texts: string[]): ApplyGuardrailResponse {
  const response = guardrail.assess({ source, content: blocksOf(...texts) });
  assert.deepEqual(responseSchema.parse(response), response);
  return response;
}

describe('assess', () => {
  it('answers exactly so when it finds nothing', () => {
    let now = 0;
    const response = compile(POLICIES, () => (now += 1.7)).assess({
      source: 'OUTPUT',
      content: blocksOf('hello'),
    });
    const units = {
      topicPolicyUnits: 0,
      contentPolicyUnits: 0,
      wordPolicyUnits: 1,
      sensitiveInformationPolicyUnits: 1,
      sensitiveInformationPolicyFreeUnits: 1,
      contextualGroundingPolicyUnits: 0,
      contentPolicyImageUnits: 0,
      automatedReasoningPolicyUnits: 0,
      automatedReasoningPolicies: 0,
    };
    const guardrailCoverage = { textCharacters: { guarded: 5, total: 5 } };
    assert.deepEqual(response, {
      usage: units,
      action: 'NONE',
      actionReason: 'No action.',
      outputs: [],
      assessments: [
        {
          invocationMetrics: { guardrailProcessingLatency: 2, usage: units, guardrailCoverage },
          appliedGuardrailDetails: {
            guardrailId: 'abc123',
            guardrailVersion: '7',
            guardrailArn: ARN,
            guardrailOrigin: ['REQUEST'],
            guardrailOwnership: 'SELF',
          },
        },
      ],
      guardrailCoverage,
    });
  });

  it('masks, with one output for each content block', () => {
    const response = assess('OUTPUT', 'a@b.org or TCK-123', 'nothing', '+49 170 1234567!');
    assert.equal(response.action, 'GUARDRAIL_INTERVENED');
    assert.equal(response.actionReason, 'Guardrail masked.');
    assert.deepEqual(response.outputs, [
      { text: '{EMAIL} or {Ticket}' },
      { text: 'nothing' },
      { text: '{PHONE}!' },
    ]);
    assert.deepEqual(response.assessments[0]?.sensitiveInformationPolicy, {
      piiEntities: [
        { match: 'a@b.org', type: 'EMAIL', action: 'ANONYMIZED', detected: true },
        { match: '+49 170 1234567', type: 'PHONE', action: 'ANONYMIZED', detected: true },
      ],
      regexes: [
        {
          name: 'Ticket',
          match: 'TCK-123',
          regex: '\\bTCK-\\d{3,6}\\b',
          action: 'ANONYMIZED',
          detected: true,
        },
      ],
    });
  });

  it('lets a block beat a mask, and then shows no action for what would have been masked', () => {
    const response = assess('OUTPUT', 'a@b.org has 123-45-6789');
    assert.equal(response.actionReason, 'Guardrail blocked.');
    assert.deepEqual(response.outputs, [{ text: 'Out blocked.' }]);
    assert.deepEqual(response.assessments[0]?.sensitiveInformationPolicy?.piiEntities, [
      { match: 'a@b.org', type: 'EMAIL', action: 'NONE', detected: true },
      { match: '123-45-6789', type: 'US_SOCIAL_SECURITY_NUMBER', action: 'BLOCKED', detected: true },
    ]);
  });

  it('blocks words whatever their case, but not inside other words', () => {
    const response = assess('INPUT', 'PROJECT bluebird, watched');
    assert.deepEqual(response.outputs, [{ text: 'In blocked.' }]);
    assert.deepEqual(response.assessments[0]?.wordPolicy, {
      customWords: [
        { match: 'PROJECT bluebird', action: 'BLOCKED', detected: true },
        { match: 'watched', action: 'NONE', detected: true },
      ],
    });
    assert.equal(assess('INPUT', 'subproject bluebirds').action, 'NONE');
  });

  const disguises: readonly [how: string, text: string][] = [
    ['invisible characters', 'Pro\u200bject Blue\u2060bird'],
    ['letters of another script', 'Prоjесt Вluеbird'],
    ['accents', 'Pröjéct Blüebird'],
    ['full width', 'Ｐｒｏｊｅｃｔ Ｂｌｕｅｂｉｒｄ'],
    ['leetspeak', 'pr0j3ct 8lu3b1rd'],
    ['letters that stand apart', 'p r o j e c t  b l u e b i r d'],
    ['rot13', 'Cebwrpg Oyhroveq'],
    ['reverse', 'driBeulB tcejorP'],
    ['percents', 'Project%20Bluebird'],
    ['escapes', String.raw`\u0050roject Bluebird`],
    ['entities', 'Project&#32;Bluebird'],
    ['tags', Array.from('Project Bluebird', (char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join('')],
    ['base64', Buffer.from('it is Project Bluebird!').toString('base64')],
    ['base64, twice', Buffer.from(Buffer.from('it is Project Bluebird!').toString('base64')).toString('base64')],
    ['hex', Buffer.from('it is Project Bluebird!').toString('hex')],
  ]; // prettier-ignore
  for (const [how, text] of disguises) {
    it(`finds a word in ${how}`, () => {
      const whole = `Tell me about ${text}, please.`;
      assert.equal(assess('INPUT', whole).actionReason, 'Guardrail blocked.');
      const { released, response } = streamOf('INPUT', whole.split(''));
      assert.equal(response.actionReason, 'Guardrail blocked.');
      assert.ok('Tell me about '.startsWith(released), released);
    });
  }

  it('masks what is disguised as a whole', () => {
    const mail = Buffer.from('mail a@b.org now').toString('base64');
    assert.deepEqual(assess('OUTPUT', `a\u200b@b.org, ${mail} and a%40b.org.`).outputs, [
      { text: '{EMAIL}, {EMAIL} and {EMAIL}.' },
    ]);
  });

  it('blocks the words of the managed list, and only those', () => {
    const managed = compile({ wordPolicyConfig: { managedWordListsConfig: [{ type: 'PROFANITY' }] } });
    const response = managed.assess({ source: 'INPUT', content: blocksOf('you a$$hole, I pass the class') });
    assert.deepEqual(responseSchema.parse(response), response);
    assert.deepEqual(response.assessments[0]?.wordPolicy, {
      managedWordLists: [{ match: 'a$$hole', type: 'PROFANITY', action: 'BLOCKED', detected: true }],
    });
  });

  it('masks the input only where inputAction says so', () => {
    const response = assess('INPUT', 'a@b.org, +49 170 1234567');
    assert.deepEqual(response.outputs, [{ text: '{EMAIL}, +49 170 1234567' }]);
    assert.deepEqual(
      response.assessments[0]?.sensitiveInformationPolicy?.piiEntities?.map(({ action }) => action),
      ['ANONYMIZED', 'NONE'],
    );
  });

  it('only reports where the action is NONE', () => {
    const response = assess('OUTPUT', 'at 10.0.0.1');
    assert.equal(response.action, 'NONE');
    assert.deepEqual(response.outputs, []);
    assert.equal(response.assessments[0]?.sensitiveInformationPolicy?.piiEntities?.[0]?.action, 'NONE');
  });

  it('neither runs nor bills a direction that is disabled', () => {
    const policies = {
      wordPolicyConfig: { wordsConfig: [{ text: 'acme', inputEnabled: false }] },
      sensitiveInformationPolicyConfig: {
        piiEntitiesConfig: [{ type: 'EMAIL', action: 'BLOCK', inputEnabled: false }],
      },
    };
    const response = compile(policies).assess({ source: 'INPUT', content: blocksOf('acme a@b.org') });
    assert.deepEqual(responseSchema.parse(response), response);
    assert.deepEqual([response.action, response.assessments], ['NONE', []]);
    assert.ok(Object.values(response.usage).every((units) => units === 0));
    assert.equal(
      compile(policies).assess({ source: 'OUTPUT', content: blocksOf('acme') }).action,
      'GUARDRAIL_INTERVENED',
    );
    const stream = compile(policies).stream({ source: 'INPUT' });
    assert.deepEqual(stream.push('acme'), { text: 'acme', blocked: false });
    assert.deepEqual(stream.end().response.assessments, []);
  });

  it('shows, in full scope, the PII types that were not found too', () => {
    const response = guardrail.assess({
      source: 'OUTPUT',
      content: blocksOf('a@b.org'),
      outputScope: 'FULL',
    });
    assert.deepEqual(responseSchema.parse(response), response);
    assert.deepEqual(
      response.assessments[0]?.sensitiveInformationPolicy?.piiEntities?.map(({ type, detected }) => [type, detected]),
      [['EMAIL', true], ['US_SOCIAL_SECURITY_NUMBER', false], ['IP_ADDRESS', false], ['PHONE', false]],
    ); // prettier-ignore
  });

  const bills: readonly [characters: number, units: number][] = [[0, 0], [1, 1], [1000, 1], [1001, 2], [2000, 2], [2001, 3]]; // prettier-ignore
  for (const [characters, units] of bills) {
    it(`counts ${characters} characters as ${units} units`, () => {
      assert.equal(assess('INPUT', 'a'.repeat(characters)).usage.sensitiveInformationPolicyUnits, units);
    });
  }

  it('bills grounding source and query, but does not guard them', () => {
    const response = guardrail.assess({
      source: 'OUTPUT',
      content: [
        { text: { text: '123-45-6789', qualifiers: ['grounding_source'] } },
        { text: { text: '123-45-6789', qualifiers: ['query'] } },
        { text: { text: 'a@b.org', qualifiers: ['guard_content', 'query'] } },
      ],
    });
    assert.equal(response.actionReason, 'Guardrail masked.');
    assert.deepEqual(response.guardrailCoverage, { textCharacters: { guarded: 7, total: 29 } });
    assert.deepEqual(
      response.outputs.map(({ text }) => text),
      ['123-45-6789', '123-45-6789', '{EMAIL}'],
    );
  });

  it('refuses what is not text', () => {
    const image = JSON.parse('{"image":{"format":"png"}}') as ContentBlock; // what a caller may send after all
    assert.throws(() => guardrail.assess({ source: 'INPUT', content: [image] }), {
      name: 'ValidationException',
    });
  });

  it('masks every part of every match where they overlap', () => {
    const overlapping = compile({
      sensitiveInformationPolicyConfig: {
        regexesConfig: [
          { name: 'A', pattern: 'one two', action: 'ANONYMIZE' },
          { name: 'B', pattern: 'two three', action: 'ANONYMIZE' },
        ],
      },
    });
    const response = overlapping.assess({ source: 'OUTPUT', content: blocksOf('one two three') });
    assert.deepEqual(response.outputs, [{ text: '{A}{B}' }]);
  });
});

describe('compile', () => {
  it('refuses a guardrail with a control that it cannot evaluate', () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:automated-reasoning-policy/abcdefghijkl';
    const policies = { automatedReasoningPolicyConfig: { policies: [arn] } };
    assert.throws(
      () => compile(policies),
      (error) =>
        error instanceof GuardrailCompileError &&
        /automated reasoning/.test(error.message) &&
        error.unsupported.length === 1,
    );
  });

  it('gives a guardrail that cannot be changed', () => {
    assert.ok(Object.isFrozen(guardrail));
    assert.ok(Object.isFrozen(guardrail.blockedMessaging));
    assert.deepEqual(guardrail.blockedMessaging, { INPUT: 'In blocked.', OUTPUT: 'Out blocked.' });
  });
});

/** Streams chunks, and checks on the way that nothing comes after a block. */
function streamOf(source: GuardrailSource, chunks: readonly string[]) {
  const stream = guardrail.stream({ source });
  let released = '';
  let blocked = false;
  for (const chunk of chunks) {
    const step = stream.push(chunk);
    if (blocked) assert.deepEqual(step, { text: '', blocked: true });
    if (step.blocked) assert.equal(step.text, '');
    blocked = step.blocked;
    released += step.text;
  }
  const last = stream.end();
  if (blocked) assert.equal(last.text, '');
  return { released: released + last.text, response: last.response, blocked: last.blocked };
}

function assertSameAsWhole(source: GuardrailSource, chunks: readonly string[]): void {
  const text = chunks.join('');
  const whole = guardrail.assess({ source, content: blocksOf(text) });
  const { released, response, blocked } = streamOf(source, chunks);
  assert.deepEqual(response, whole);
  assert.equal(blocked, whole.actionReason === 'Guardrail blocked.');
  if (!blocked) {
    assert.equal(released, whole.outputs[0]?.text ?? text);
    return;
  }
  assertNothingLeaked(source, text, released);
}

const SECRETS = ['123-45-6789', 'Project Bluebird', 'key=abcdefgh1'];

// What was released is a beginning of the text, masked, and ends before the first secret begins.
function assertNothingLeaked(source: GuardrailSource, text: string, released: string): void {
  const begins = SECRETS.map((secret) => text.indexOf(secret)).filter((at) => at >= 0);
  const before = text.slice(0, Math.min(...begins));
  const masked = guardrail.assess({ source, content: blocksOf(before) }).outputs[0]?.text ?? before;
  assert.ok(masked.startsWith(released), `${released} is not of ${masked}`);
}

describe('guard stream', () => {
  const masked =
    'Hi 😀 a@b.org, TCK-1234 or +49 170 1234567, at 10.0.0.1; TCK-12 watched 123-45-678 key=short';
  for (const text of [masked, ...SECRETS.map((secret) => `${masked} then ${secret} and a@b.org after`)]) {
    it(`gives the verdict of the whole for every place to cut ${text.slice(-40)}`, () => {
      for (let cut = 0; cut <= text.length; cut++) {
        assertSameAsWhole('OUTPUT', [text.slice(0, cut), text.slice(cut)]);
        assertSameAsWhole('INPUT', [text.slice(0, cut), text.slice(cut)]);
      }
      assertSameAsWhole('OUTPUT', text.split(''));
    });
  }

  it('gives the verdict of the whole for random cuts of random texts', () => {
    const bits = [
      ...masked.split(/(?<=[ ,;])/),
      ...SECRETS,
      '123-',
      '45-',
      '6789',
      ' ',
      '\ud83d',
      '\ude00',
      'key=',
      'project ',
      '\n',
    ];
    const texts = fc.array(fc.constantFrom(...bits), { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 150 }), { maxLength: 10 }), (text, cuts) => {
        const points = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const chunks = points.slice(1).map((end, i) => text.slice(points[i], end));
        const whole = guardrail.assess({ source: 'OUTPUT', content: blocksOf(text) });
        const { released, response } = streamOf('OUTPUT', chunks);
        assert.deepEqual(response, whole);
        if (whole.actionReason !== 'Guardrail blocked.')
          assert.equal(released, whole.outputs[0]?.text ?? text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('releases clean text without delay', () => {
    const stream = guardrail.stream({ source: 'OUTPUT' });
    assert.equal(stream.push('All is well, ').text, 'All is well, ');
  });

  it('never cuts a surrogate pair that arrives in halves', () => {
    const stream = guardrail.stream({ source: 'OUTPUT' });
    assert.deepEqual(
      ['! \ud83d', '\ude00 !'].map((chunk) => stream.push(chunk).text),
      ['! ', '😀 !'],
    );
    assert.equal(stream.push(' \ud83d').text, ' ');
    assert.equal(stream.end().text, '\ud83d');
  });

  it('refuses to go on after its end', () => {
    const stream = guardrail.stream({ source: 'OUTPUT' });
    stream.end();
    assert.throws(() => stream.push('more'), /has ended/);
    assert.throws(() => stream.end(), /has ended/);
  });
});
