import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeAssembled, makePrompt, text, user } from '../../../test/support/facts.ts';
import { createEmbeddedPiiDetector } from '../../adapters/pii-detector/embedded.ts';
import type { PiiDetector } from '../../ports/pii-detector.ts';
import type { AnswerEvent, Block, Message } from '../../road/conversation.ts';
import { REDACTABLE_TYPES } from '../../road/governed.ts';
import { proveGuardedEvents, type ModelPrompt, type Redacted } from '../../road/proofs.ts';
import { isRefusal } from '../../road/refusal.ts';
import { redactPrompt } from './mask-prompt.ts';
import { openAnswerRestorer } from './restore-answer.ts';

const DETECTOR = createEmbeddedPiiDetector(REDACTABLE_TYPES);
const MAYA = 'maya@example.com';
const LEO = 'leo@example.org';

const call = (argumentsJson: string, id = 'c1'): Block => ({
  type: 'tool_call',
  id,
  name: 'look-up-order',
  argumentsJson,
});
const result = (content: string, callId = 'c1'): Block => ({ type: 'tool_result', callId, text: content });
const platform = (content: string): Block => ({ type: 'text', text: content, origin: 'platform' });

function redact(messages: readonly Message[], changes: Partial<ModelPrompt> = {}) {
  const redacted = redactPrompt(makeAssembled(makePrompt(messages, changes)), DETECTOR);
  assert.ok(!isRefusal(redacted), JSON.stringify(redacted));
  return redacted;
}

/** Masks the blocks of one message of a user, and gives their texts. */
function maskBlocks(...blocks: readonly Block[]): string[] {
  const { prompt } = redact([user(...blocks)]);
  return prompt.messages.flatMap((message) =>
    message.blocks.map((block) => (block.type === 'tool_call' ? block.argumentsJson : block.text)),
  );
}

test('text without personal data goes on as the very same prompt', () => {
  const prompt = makePrompt([user(text('How long can I return an item?'), call('{"a": 1}'))]);
  const redacted = redactPrompt(makeAssembled(prompt), DETECTOR);
  assert.ok(!isRefusal(redacted));
  assert.equal(redacted.prompt, prompt);
});

test('the same value has the same placeholder everywhere, and numbers go up in order', () => {
  assert.deepEqual(maskBlocks(text(`${LEO} and ${MAYA}`), text(`${MAYA}, ${LEO}, +49 151 12345678`)), [
    '[EMAIL_1] and [EMAIL_2]',
    '[EMAIL_2], [EMAIL_1], [PHONE_1]',
  ]);
});

test('numbering is stable when a conversation goes on', () => {
  const first = [user(text(`I am ${MAYA}`))];
  const second = [...first, { role: 'assistant' as const, blocks: [text(`Hi ${MAYA}`)] }, user(text(LEO))];
  assert.deepEqual(redact(second).prompt.messages[0], redact(first).prompt.messages[0]);
});

test('every kind of block is masked: context, user, earlier answer, tool call, tool result, stop sequence', () => {
  const { prompt } = redact(
    [
      user(platform(`Write to ${MAYA}`), text(MAYA)),
      { role: 'assistant', blocks: [text(MAYA), call(JSON.stringify({ [MAYA]: MAYA }))] },
      { role: 'tool', blocks: [result(MAYA), result(JSON.stringify([{ mail: MAYA }]))] },
    ],
    { parameters: { maxOutputTokens: 1, stopSequences: [`To: ${MAYA}`] } },
  );
  assert.ok(!JSON.stringify(prompt).includes('maya'));
  assert.equal(JSON.stringify(prompt).match(/\[EMAIL_1\]/g)?.length, 8);
});

/** Arguments of a tool call → as the model sees them. */
const ARGUMENTS: readonly (readonly [name: string, json: string, masked: string])[] = [
  ['an at sign as an escape', String.raw`{"to":"maya\u0040example.com"}`, '{"to":"[EMAIL_1]"}'],
  [
    'a whole address as escapes',
    `{"to":"${MAYA.split('')
      .map((c) => `\\u00${c.charCodeAt(0).toString(16)}`)
      .join('')}"}`,
    '{"to":"[EMAIL_1]"}',
  ],
  [
    'a line break before it',
    String.raw`{"text":"Hello\nmaya@example.com"}`,
    String.raw`{"text":"Hello\n[EMAIL_1]"}`,
  ],
  ['slashes that are escaped', String.raw`{"at":"https:\/\/example.com\/maya"}`, '{"at":"[URL_1]"}'],
  [
    'a card number that is a number',
    '{"card": 4111111111111111, "n": 1.50}',
    '{"card":"[CREDIT_DEBIT_CARD_NUMBER_1]","n":1.50}',
  ],
  ['the first of two equal keys', '{"to":"maya@example.com","to":"nobody"}', '{"to":"nobody"}'],
  ['what is no JSON', String.raw`{"to":"maya\u0040example.com`, '{"to":"[EMAIL_1]'],
  [
    'quotation marks around it',
    String.raw`{"q":"say \"maya@example.com\""}`,
    String.raw`{"q":"say \"[EMAIL_1]\""}`,
  ],
];

for (const [name, json, masked] of ARGUMENTS) {
  test(`masks in arguments: ${name}`, () => {
    assert.deepEqual(maskBlocks(call(json)), [masked]);
  });
}

test('masks in the JSON of a tool result, escapes included, and leaves other text as it is', () => {
  assert.deepEqual(
    maskBlocks(result(String.raw`{"mail":"maya\u0040example.com"}`), result(String.raw`C:\u0040`)),
    ['{"mail":"[EMAIL_1]"}', String.raw`C:\u0040`],
  );
});

test('an id that is personal data is replaced in the call and in its result', () => {
  const { prompt } = redact([
    { role: 'assistant', blocks: [call('{}', '4111111111111111'), call('{}', 'c2')] },
    { role: 'tool', blocks: [result('sent', '4111111111111111'), result('sent', 'c2')] },
  ]);
  const ids = prompt.messages.flatMap(({ blocks }) =>
    blocks.map((block) =>
      block.type === 'tool_call' ? block.id : block.type === 'tool_result' && block.callId,
    ),
  );
  assert.deepEqual(ids, ['call_masked_1', 'c2', 'call_masked_1', 'c2']);
});

test('a placeholder that somebody typed is never handed out, nor restored with the data of another', () => {
  const redacted = redact([user(text(`Send it to [EMAIL_1] or [EMAIL_2]. I am ${MAYA}`))]);
  assert.deepEqual(
    redacted.redactions.map(({ placeholder, value }) => [placeholder, value]),
    [['[EMAIL_3]', MAYA]],
  );
  const restored = restoreText(redacted.redactions, 'all', ['[EMAIL_1] [EMAIL_2] [EMAIL_3]']);
  assert.equal(restored, `[EMAIL_1] [EMAIL_2] ${MAYA}`);
});

test('a lookalike counts wherever it was typed, also behind an escape of a tool call', () => {
  const { redactions } = redact([
    user(text(MAYA), call(String.raw`{"a":"\u005bEMAIL_1]"}`), result('[EMAIL_2]')),
    user(result(String.raw`{"b":"\u005bEMAIL_3]"}`)),
  ]);
  assert.equal(redactions[0]?.placeholder, '[EMAIL_4]');
});

test('a detector that throws refuses', () => {
  const broken: PiiDetector = {
    find: () => {
      throw new Error('the detector is away');
    },
  };
  const refusal = redactPrompt(makeAssembled(makePrompt([user(text('x'))])), broken);
  assert.ok(isRefusal(refusal));
  assert.equal(refusal.code, 'redaction.unavailable');
  assert.match(
    refusal.detail ?? '',
    /^Error at redaction\.test\.ts:\d+$/,
    'its message may hold what it was shown',
  );
});

test('arguments that are nested without end refuse', () => {
  const deep = `${'['.repeat(150_000)}"maya@example.com"${']'.repeat(150_000)}`;
  const refusal = redactPrompt(makeAssembled(makePrompt([user(call(deep))])), DETECTOR);
  assert.ok(isRefusal(refusal) && refusal.code === 'redaction.unavailable');
});

// Restoration.

const REDACTIONS: readonly Redacted[] = [
  { placeholder: '[EMAIL_1]', value: MAYA, type: 'EMAIL', origin: 'caller' },
  { placeholder: '[EMAIL_2]', value: LEO, type: 'EMAIL', origin: 'platform' },
  { placeholder: '[URL_1]', value: 'https://x.example/"$&[EMAIL_1]\\', type: 'URL', origin: 'caller' },
];
const STOP: AnswerEvent = { type: 'finish', reason: 'stop', usage: undefined };

function restore(
  redactions: readonly Redacted[],
  mode: 'all' | 'caller' | 'none',
  batches: readonly (readonly AnswerEvent[])[],
): AnswerEvent[] {
  const restorer = openAnswerRestorer({ redactions, restore: mode });
  return batches.flatMap((batch) => [...restorer.restore(proveGuardedEvents(batch))]);
}

function restoreText(
  redactions: readonly Redacted[],
  mode: 'all' | 'caller' | 'none',
  pieces: readonly string[],
) {
  const batches = [...pieces.map((piece): AnswerEvent[] => [{ type: 'text', text: piece }]), [STOP]];
  return joinText(restore(redactions, mode, batches));
}

const joinText = (events: readonly AnswerEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

test('restores everything, what was the callers own, or nothing', () => {
  const answer = ['Write to [EMAIL_1] and [EMAIL_2], not [EMAIL_9].'];
  assert.equal(restoreText(REDACTIONS, 'all', answer), `Write to ${MAYA} and ${LEO}, not [EMAIL_9].`);
  assert.equal(restoreText(REDACTIONS, 'caller', answer), `Write to ${MAYA} and [EMAIL_2], not [EMAIL_9].`);
  assert.equal(restoreText(REDACTIONS, 'none', answer), answer[0]);
});

test('what the caller wrote is restored to the caller, also where the platform wrote it first', () => {
  const both = redact([user(platform(`Ask ${MAYA}`), text(`I am ${MAYA}`))]);
  assert.equal(restoreText(both.redactions, 'caller', ['[EMAIL_1]']), MAYA);
  const alone = redact([user(platform(`Ask ${MAYA}`), text('Who?'))]);
  assert.equal(restoreText(alone.redactions, 'caller', ['[EMAIL_1]']), '[EMAIL_1]');
});

test('a value is put back as it was: no pattern in it is expanded, and no placeholder in it restored', () => {
  assert.equal(restoreText(REDACTIONS, 'all', ['[URL_1]']), 'https://x.example/"$&[EMAIL_1]\\');
});

test('what was held back stands before a block message, a tool call and the end', () => {
  const blocked: AnswerEvent = { type: 'blocked', message: 'No.' };
  const toolCall: AnswerEvent = { type: 'tool_call', index: 0, id: 'c', name: 'n' };
  for (const next of [blocked, toolCall, STOP]) {
    const events = restore(REDACTIONS, 'all', [[{ type: 'text', text: 'Hi [EMAIL' }], [next]]);
    assert.deepEqual(events, [{ type: 'text', text: 'Hi ' }, { type: 'text', text: '[EMAIL' }, next]);
  }
});

/** Cuts a text at the places given, in order. */
function cutAt(whole: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % (whole.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...cuts].map((from, index) => whole.slice(from, cuts[index] ?? whole.length));
}

const answerText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[EMAIL_1]',
        '[EMAIL_2]',
        '[URL_1]',
        '[EMAIL_1',
        'EMAIL_1]',
        '[[',
        '[EMAIL_1]]',
        '[]',
        '[',
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const cuts = fc.array(fc.nat(200), { maxLength: 12 });

test('however an answer is cut, it is restored as if it were whole', () => {
  fc.assert(
    fc.property(answerText, cuts, fc.constantFrom('all', 'caller', 'none'), (whole, places, mode) => {
      const expected = restoreText(REDACTIONS, mode, [whole]);
      assert.equal(restoreText(REDACTIONS, mode, cutAt(whole, places)), expected);
      assert.equal(restoreText(REDACTIONS, mode, whole.split('')), expected);
    }),
    { numRuns: 500 },
  );
});

test('however the arguments of tool calls are cut and mixed, they are restored as JSON', () => {
  fc.assert(
    fc.property(answerText, answerText, cuts, (first, second, places) => {
      const values = { '[EMAIL_1]': MAYA, '[EMAIL_2]': LEO, '[URL_1]': REDACTIONS[2]?.value ?? '' };
      const fill = (part: string) =>
        part.replaceAll(/\[(?:EMAIL|URL)_[12]\]/g, (found) => values[found as keyof typeof values] ?? found);
      const batches: AnswerEvent[][] = [];
      const wholes = [first, second].map((part) => JSON.stringify({ part }));
      wholes.forEach((whole, index) => {
        for (const json of cutAt(whole, places)) batches.push([{ type: 'tool_arguments', index, json }]);
      });
      // The calls take turns, as they do when a model makes several at once.
      const events = restore(REDACTIONS, 'all', [...takeTurns(batches), [STOP]]);
      [first, second].forEach((part, index) => {
        const json = events
          .map((event) => (event.type === 'tool_arguments' && event.index === index ? event.json : ''))
          .join('');
        assert.deepEqual(JSON.parse(json), { part: fill(part) });
      });
    }),
    { numRuns: 300 },
  );
});

function takeTurns(batches: readonly AnswerEvent[][]): AnswerEvent[][] {
  const of = (index: number) =>
    batches.filter(([event]) => event?.type === 'tool_arguments' && event.index === index);
  const [first, second] = [of(0), of(1)];
  return first
    .flatMap((batch, at) => [batch, ...(second[at] === undefined ? [] : [second[at]])])
    .concat(second.slice(first.length));
}
