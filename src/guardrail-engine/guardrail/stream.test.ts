import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PII_TYPES } from '../pii/types.ts';
import { compileGuardrail } from './compile.ts';
import type { CompiledGuardrail } from './compiled.ts';
import { parseGuardrailConfig } from './config.ts';
import { responseSchema } from './response-schema.ts';
import type { ApplyGuardrailResponse, ContentBlock } from './response.ts';

/** Everything on, with or without what blocks. */
function compileAll({ doesBlock }: { doesBlock: boolean }): CompiledGuardrail {
  const blockAction = doesBlock ? 'BLOCK' : 'NONE';
  const parsed = parseGuardrailConfig({
    name: 'all',
    blockedInputMessaging: 'In blocked.',
    blockedOutputsMessaging: 'Out blocked.',
    wordPolicyConfig: {
      wordsConfig: [{ text: 'Project Bluebird', outputAction: blockAction }],
      managedWordListsConfig: [{ type: 'PROFANITY', outputAction: blockAction }],
    },
    contentPolicyConfig: {
      filtersConfig: ['HATE', 'INSULTS', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT'].map((type) => ({
        type,
        inputStrength: 'HIGH',
        outputStrength: 'HIGH',
        outputAction: blockAction,
      })),
    },
    topicPolicyConfig: {
      topicsConfig: [{ name: 'Gold', definition: 'Advice on buying gold.', type: 'DENY', outputAction: blockAction }],
    },
    sensitiveInformationPolicyConfig: {
      piiEntitiesConfig: PII_TYPES.map((type) => ({
        type,
        action: doesBlock && type === 'US_SOCIAL_SECURITY_NUMBER' ? 'BLOCK' : 'ANONYMIZE',
      })),
      regexesConfig: [{ name: 'Ticket', pattern: '\\bTCK-\\d{3,6}\\b', action: 'ANONYMIZE' }],
    },
  }); // prettier-ignore
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compileGuardrail(parsed.config, { id: 'all', version: '1', nowMs: () => 0 });
}

// The same numbers each time, so that a failure can be seen again.
function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const BITS = [
  'My name is Maria Gonzalez and I live at 1488 Oak Ave, Salem, MI 87988. ', 'Write to ann@example.org, ', 'call +1 (415) 234-5678 ',
  'or (415) 234-5678 ext. 12\n', 'password: hunter22, ', 'TCK-1234 ', 'The NHS number is 943 476 5919. ', 'I am 40 years old. ',
  'Project Bl', 'uebird ', 'pr0j3ct blu3bird ', 'a$$hole ', 'All is well and the order has shipped. ', 'ann\u200b@exam\u2060ple.org ',
  Buffer.from('mail ann@example.org now').toString('base64'), ' ', '%41nn%40example.org ', '\\u0061nn@example.org ', 'a n n ', '1 2 3 4 ',
  '\ud83d\ude00', '\ud83d', 'é', '\r\n', '123-45-678', '9 ', '10.0.0.', '1 ', 'https://example.org/a?b=c ', 'Ｐｈｏｎｅ ', "O'Brien's ",
  'x'.repeat(70), '=', '...', 'Karen \u202eWilson\u202c ', '&#65;', '&am', 'p;', '%25', '40', 'Anna Schmidt', '@example.org ', 'https://x.org/', '&amp;', '#64;', 'You should buy gold. ', 'Ich heiße Jürgen Müller. ',
]; // prettier-ignore

function makeTexts(count: number): string[] {
  const random = makeRandom(7);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random(22) }, () => BITS[random(BITS.length)] ?? '').join(''),
  );
}

function streamOf(guardrail: CompiledGuardrail, chunks: readonly string[]) {
  const stream = guardrail.stream({ source: 'OUTPUT' });
  let released = '';
  for (const chunk of chunks) released += stream.push(chunk).text;
  const last = stream.end();
  return { released: released + last.text, blocked: last.blocked, response: last.response };
}

function assessWhole(guardrail: CompiledGuardrail, text: string): ApplyGuardrailResponse {
  const content: ContentBlock[] = [{ text: { text } }];
  const response = guardrail.assess({ source: 'OUTPUT', content });
  assert.deepEqual(responseSchema.parse(response), response);
  return response;
}

describe('a stream with every policy on', () => {
  for (const doesBlock of [false, true]) {
    const guardrail = compileAll({ doesBlock });
    it(`gives the verdict and output of the whole for 10,000 cuts of 200 texts (${doesBlock ? 'blocking' : 'masking'})`, () => {
      const random = makeRandom(11);
      for (const text of makeTexts(200)) {
        const whole = assessWhole(guardrail, text);
        for (let i = 0; i < 50; i++) {
          const cuts = Array.from({ length: random(6) }, () => random(text.length + 1)).sort((a, b) => a - b);
          const points = [0, ...cuts, text.length];
          const chunks = points.slice(1).map((end, k) => text.slice(points[k], end));
          const { released, blocked, response } = streamOf(guardrail, chunks);
          assert.deepEqual(response, whole, JSON.stringify(chunks));
          assert.equal(blocked, whole.actionReason === 'Guardrail blocked.');
          if (!blocked) assert.equal(released, whole.outputs[0]?.text ?? text, JSON.stringify(chunks));
        }
      }
    });
  }

  it('gives them for texts of several windows, character by character', () => {
    const guardrail = compileAll({ doesBlock: false });
    const random = makeRandom(3);
    for (let i = 0; i < 4; i++) {
      const text = Array.from({ length: 60 }, () => BITS[random(BITS.length)] ?? '').join('');
      const whole = assessWhole(guardrail, text);
      const { released, response } = streamOf(guardrail, text.split(''));
      assert.deepEqual(response, whole);
      assert.equal(released, whole.outputs[0]?.text ?? text);
    }
  });

  it('holds no more back of letters that stand apart without an end than a block of them', () => {
    const stream = compileAll({ doesBlock: false }).stream({ source: 'OUTPUT' });
    let released = 0;
    for (let pushed = 2; pushed <= 8_000; pushed += 2) {
      released += stream.push('a ').text.length;
      assert.ok(pushed - released <= 1_024, `${pushed - released} are held back`);
    }
  });

  it('finds what stands apart at any place of such letters', () => {
    const guardrail = compileAll({ doesBlock: true });
    for (let before = 0; before < 600; before += 7) {
      const text = `${'x '.repeat(before)}  P r o j e c t   B l u e b i r d  ${'y '.repeat(before)}`;
      assert.equal(assessWhole(guardrail, text).action, 'GUARDRAIL_INTERVENED', `after ${before}`);
    }
  });

  it('leaks nothing of a secret, at whichever byte it is cut', () => {
    const guardrail = compileAll({ doesBlock: true });
    const before = 'The order has shipped and will be there on Monday. '.repeat(3);
    const after = ' That is all that we know about it.';
    const secrets = ['123-45-6789', 'Project Bluebird', 'pr0j3ct blu3bird', '123\u200b-45-6789', Buffer.from('the ssn is 123-45-6789').toString('base64')]; // prettier-ignore
    for (const secret of secrets) {
      const text = before + secret + after;
      for (let cut = 0; cut <= text.length; cut++) {
        const { released, blocked } = streamOf(guardrail, [text.slice(0, cut), text.slice(cut)]);
        assert.ok(blocked);
        assert.ok(before.startsWith(released), `${released.slice(-30)} at ${cut}`);
      }
    }
  });
});

describe('bad input', () => {
  const guardrail = compileAll({ doesBlock: false });
  let nested = 'ann@example.org';
  for (let i = 0; i < 10_000 && nested.length < 200_000; i++) nested = Buffer.from(nested).toString('base64');
  const texts: readonly [name: string, text: string][] = [
    ['nothing', ''],
    ['lone surrogates', '\ud800\udc00\udc00\ud800 a@b.org \ud800'],
    ['encodings in encodings', nested],
    ['a million times one letter', 'a'.repeat(1_000_000)],
    ['a million digits', '1'.repeat(1_000_000)],
    ['a million spaces', ' '.repeat(1_000_000)],
    ['letters that stand apart', 'a '.repeat(100_000)],
    ['zero-width characters', '\u200b'.repeat(200_000)],
    ['marks upon marks', `a${'\u0301'.repeat(100_000)}`],
    ['signs of addresses', '@.'.repeat(100_000)],
    ['escapes', '%41'.repeat(50_000)],
    ['escapes of escapes', `ann%${'25'.repeat(10_000)}40example.org`],
    ['escapes that never end', '%25'.repeat(50_000)],
    ['entities in entities', `ann&${'amp;'.repeat(10_000)}#64;example.org`],
    ['an address without an end', `write to ann@${'example.'.repeat(20_000)}`],
    ['names in addresses', 'Anna.Schmidt@example.org Maria '.repeat(6_000)],
    ['names upon names', 'John '.repeat(20_000)],
  ];
  for (const [name, text] of texts) {
    it(`is read in bounded time: ${name}`, { timeout: 20_000 }, () => {
      const whole = assessWhole(guardrail, text);
      const chunks = text.match(/[^]{1,4096}/g) ?? [];
      assert.deepEqual(streamOf(guardrail, chunks).response, whole);
    });
  }

  it('is refused where it is an image', () => {
    const image = JSON.parse('{"image":{"format":"png","source":{"bytes":"AA=="}}}') as ContentBlock; // what may be sent
    assert.throws(() => guardrail.assess({ source: 'INPUT', content: [image] }), {
      name: 'ValidationException',
    });
  });
});
