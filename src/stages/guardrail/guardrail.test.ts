import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CLEAN,
  EXAMPLE,
  makeGrant,
  makePrompt,
  makeReservation,
  NEVER,
  text,
  user,
} from '../../../test/support/facts.ts';
import { createEmbeddedGuardrail } from '../../adapters/guardrail/embedded.ts';
import { systemClock } from '../../adapters/clock/system.ts';
import type { Guardrail, GuardrailVerdict } from '../../ports/guardrail.ts';
import type { AnswerEvent, Block, Message } from '../../road/conversation.ts';
import type { ModelPrompt } from '../../road/proofs.ts';
import type { RecordedGuard } from '../../road/record.ts';
import { isRefusal, RefusalError } from '../../road/refusal.ts';
import { guardInput } from './guard-input.ts';
import { openOutputGuard } from './guard-output.ts';

const BASELINE = EXAMPLE.guardrails.get('support-baseline@1');
assert.ok(BASELINE);
const EMBEDDED = createEmbeddedGuardrail(BASELINE, systemClock);

/** A guardrail that gives this verdict on whatever it is shown, and keeps what that was. */
function guardrailOf(
  judge: (texts: readonly string[]) => GuardrailVerdict,
): Guardrail & { shown: string[][] } {
  const shown: string[][] = [];
  return {
    shown,
    assess: ({ texts }) => {
      shown.push([...texts]);
      return judge(texts);
    },
    openStream: (options) => EMBEDDED.openStream(options),
  };
}
const pass = (texts: readonly string[]): GuardrailVerdict => ({
  action: 'none',
  texts,
  message: undefined,
  recorded: CLEAN,
});
const broken = (): never => {
  throw new Error('the guardrail is away');
};

async function guard(messages: readonly Message[], guardrail = EMBEDDED, changes: Partial<ModelPrompt> = {}) {
  return guardInput(makeReservation(makePrompt(messages, changes)), guardrail, NEVER);
}

const call = (argumentsJson: string): Block => ({
  type: 'tool_call',
  id: 'c1',
  name: 'look-up-order',
  argumentsJson,
});
const result = (content: string): Block => ({ type: 'tool_result', callId: 'c1', text: content });

// Input.

test('lets a clean prompt through as it is, with the verdict', async () => {
  const messages = [user(text('How long can I return an item?'))];
  const guarded = await guard(messages);
  assert.ok(!isRefusal(guarded) && !('blocked' in guarded));
  assert.equal(guarded.prompt.messages, messages);
  assert.deepEqual([guarded.guard.id, guarded.guard.action], ['support-baseline', 'none']);
});

/** Where `Project Nightjar` may hide. */
const HIDING: readonly (readonly [string, readonly Message[], Partial<ModelPrompt>?])[] = [
  ['in the question', [user(text('What is PROJECT nightjar?'))]],
  ['in an older message', [user(text('Project Nightjar')), user(text('And now?'))]],
  ['in an earlier answer', [user(text('a')), { role: 'assistant', blocks: [text('Project Nightjar')] }]],
  ['in a tool call', [{ role: 'assistant', blocks: [call('{"q":"project nightjar"}')] }]],
  [
    'in a tool call, as escapes',
    [{ role: 'assistant', blocks: [call(String.raw`{"q":"project\u0020nightjar"}`)] }],
  ],
  ['in a tool result', [{ role: 'tool', blocks: [result('see Project Nightjar')] }]],
  [
    'in the JSON of a tool result',
    [{ role: 'tool', blocks: [result(String.raw`{"a":"Pr\u006fject Nightjar"}`)] }],
  ],
  [
    'in a stop sequence',
    [user(text('a'))],
    { parameters: { maxOutputTokens: 1, stopSequences: ['project nightjar'] } },
  ],
];

for (const [name, messages, changes] of HIDING) {
  test(`blocks what is denied: ${name}`, async () => {
    const guarded = await guard(messages, EMBEDDED, changes);
    assert.ok(!isRefusal(guarded) && 'blocked' in guarded);
    assert.deepEqual(
      [guarded.refusal.code, guarded.refusal.detail],
      ['guardrail.input_blocked', 'word:custom word'],
    );
    assert.deepEqual(
      guarded.events.map((event) => (event.type === 'blocked' ? event.message : event.type)),
      ['I cannot help with that request.', 'finish'],
    );
  });
}

test('tells whose text is whose', async () => {
  const origins: unknown[] = [];
  const asking: Guardrail = {
    assess: (request) => {
      origins.push(request.origins);
      return pass(request.texts);
    },
    openStream: (options) => EMBEDDED.openStream(options),
  };
  const messages: readonly Message[] = [
    user(text('a')),
    { role: 'assistant', blocks: [call('{}')] },
    { role: 'tool', blocks: [result('b')] },
  ];
  await guard(messages, asking, { parameters: { maxOutputTokens: 1, stopSequences: ['c'] } });
  assert.deepEqual(origins, [['user', 'user', 'document', 'user']]);
});

test('a mask goes into the block that it belongs to', async () => {
  const guarded = await guard(
    [
      user(text('TCK-000001'), text('clean')),
      {
        role: 'assistant',
        blocks: [call(String.raw`{"a":"x\nTCK-000002","b":1}`), call('{"c":"TCK-000003"}')],
      },
      { role: 'tool', blocks: [result('TCK-000004')] },
    ],
    EMBEDDED,
    { parameters: { maxOutputTokens: 1, stopSequences: ['TCK-000005'] } },
  );
  assert.ok(!isRefusal(guarded) && !('blocked' in guarded));
  assert.equal(guarded.guard.action, 'masked');
  const { messages, parameters } = guarded.prompt;
  assert.deepEqual(
    messages.flatMap(({ blocks }) => blocks.map((b) => (b.type === 'tool_call' ? b.argumentsJson : b.text))),
    [
      '{internal-ticket}',
      'clean',
      String.raw`{"a":"x\n{internal-ticket}","b":1}`,
      '{"c":"{internal-ticket}"}',
      '{internal-ticket}',
    ],
  );
  assert.deepEqual(parameters.stopSequences, ['{internal-ticket}']);
});

const PIN = createEmbeddedGuardrail(
  {
    ...BASELINE,
    config: {
      name: 'pin',
      blockedInputMessaging: 'no',
      blockedOutputsMessaging: 'no',
      sensitiveInformationPolicyConfig: {
        regexesConfig: [
          {
            name: 'pin',
            pattern: '"pin":"[0-9]{4}"',
            action: 'ANONYMIZE',
            inputAction: 'ANONYMIZE',
            inputEnabled: true,
            outputAction: 'ANONYMIZE',
            outputEnabled: true,
          },
        ],
      },
    },
  },
  systemClock,
);

test('a mask across values of JSON is kept, whatever escapes stand beside it', async () => {
  for (const beside of ['"y"', String.raw`"\u0041"`, String.raw`"a\nb"`]) {
    const guarded = await guard([user(call(`{"pin":"1234","x":${beside}}`))], PIN);
    assert.ok(!isRefusal(guarded) && !('blocked' in guarded));
    const [block] = guarded.prompt.messages[0]?.blocks ?? [];
    assert.ok(block?.type === 'tool_call' && block.argumentsJson.startsWith('{{pin},'), beside);
  }
});

test('a guardrail that throws, or is away, or miscounts, refuses', async () => {
  const messages = [user(text('a'), text('b'))];
  for (const guardrail of [
    guardrailOf(broken),
    { ...EMBEDDED, assess: () => Promise.reject(new Error('the guardrail is away')) },
  ]) {
    const refusal = await guard(messages, guardrail);
    assert.ok(isRefusal(refusal));
    assert.deepEqual([refusal.code, refusal.detail], ['guardrail.unavailable', 'Error']);
  }
  for (const texts of [['only one'], ['one', 'two', 'three'], []]) {
    const refusal = await guard(
      messages,
      guardrailOf(() => ({ ...pass(texts), action: 'masked' })),
    );
    assert.ok(isRefusal(refusal) && refusal.code === 'guardrail.unavailable');
  }
});

test('a caller who leaves while the guardrail is asked is refused', async () => {
  const left = new AbortController();
  const guardrail: Guardrail = {
    ...EMBEDDED,
    assess: ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  };
  const guarded = guardInput(
    makeReservation(makePrompt([user(text('a'))]), makeGrant()),
    guardrail,
    left.signal,
  );
  left.abort();
  const refusal = await guarded;
  assert.ok(isRefusal(refusal));
  assert.deepEqual([refusal.code, refusal.detail], ['guardrail.unavailable', 'the caller left']);
});

// Output.

const finish = (reason: 'stop' | 'tool_calls' = 'stop'): AnswerEvent => ({
  type: 'finish',
  reason,
  usage: { inputTokens: 3, outputTokens: 5, source: 'provider' },
});
const say = (content: string): AnswerEvent => ({ type: 'text', text: content });
const propose = (json: string, index = 0, name = 'look-up-order'): AnswerEvent[] => [
  { type: 'tool_call', index, id: `c${index}`, name },
  { type: 'tool_arguments', index, json },
];

interface Judged {
  readonly events: AnswerEvent[];
  readonly verdicts: RecordedGuard[];
}

async function judge(batches: readonly (readonly AnswerEvent[])[], guardrail = EMBEDDED): Promise<Judged> {
  const verdicts: RecordedGuard[] = [];
  const output = openOutputGuard({
    guardrail,
    signal: NEVER,
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  const events: AnswerEvent[] = [];
  for (const batch of batches) {
    events.push(...(await output.pass(batch)));
    if (events.at(-1)?.type === 'finish') break;
  }
  return { events, verdicts };
}

const textOf = (events: readonly AnswerEvent[]) =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

test('a clean answer goes through with its usage, and its verdict is told once', async () => {
  const { events, verdicts } = await judge([[say('Within 30 ')], [say('days.'), finish()]]);
  assert.equal(textOf(events), 'Within 30 days.');
  assert.deepEqual(events.at(-1), finish());
  assert.deepEqual(
    verdicts.map(({ source, action }) => [source, action]),
    [['OUTPUT', 'none']],
  );
});

test('a block ends an answer with the guardrails own words, at once or at its end', async () => {
  for (const batches of [
    [[say('It is Project Nightjar, and more')], [say(' of it')], [finish()]],
    [[say('It is Project Nightjar'), finish()]],
  ]) {
    const { events, verdicts } = await judge(batches);
    assert.ok('It is '.startsWith(textOf(events)), textOf(events));
    assert.deepEqual(
      events
        .slice(-2)
        .map((event) => (event.type === 'blocked' ? event.message : 'reason' in event && event.reason)),
      ['I cannot give that answer.', 'content_filter'],
    );
    assert.deepEqual(
      verdicts.map(({ action }) => action),
      ['blocked'],
    );
  }
});

test('a guardrail that throws at any step ends the answer with a refusal', async () => {
  const stream = EMBEDDED.openStream({ source: 'OUTPUT', signal: NEVER });
  const guardrails: Guardrail[] = [
    { ...EMBEDDED, openStream: broken },
    { ...EMBEDDED, openStream: () => ({ ...stream, push: broken }) },
    {
      ...EMBEDDED,
      openStream: () => ({ ...stream, end: () => Promise.reject(new Error('the guardrail is away')) }),
    },
    { ...EMBEDDED, assess: broken },
    {
      ...EMBEDDED,
      assess: ({ texts }) => ({ ...pass(texts.slice(1)), action: 'masked' }),
    },
  ];
  for (const guardrail of guardrails) {
    await assert.rejects(
      judge([[say('a')], [...propose('{}'), finish('tool_calls')]], guardrail),
      (error) => {
        assert.ok(error instanceof RefusalError);
        return error.refusal.code === 'guardrail.unavailable';
      },
    );
  }
});

test('tool calls are held until their arguments are whole and judged', async () => {
  const verdicts: RecordedGuard[] = [];
  const output = openOutputGuard({ guardrail: EMBEDDED, signal: NEVER, onVerdict: (v) => verdicts.push(v) });
  assert.deepEqual(await output.pass([{ type: 'tool_call', index: 0, id: 'c0', name: 'look-up-order' }]), []);
  assert.deepEqual(await output.pass([{ type: 'tool_arguments', index: 0, json: '{"n":"TCK-' }]), []);
  assert.deepEqual(await output.pass([{ type: 'tool_arguments', index: 0, json: '123456"}' }]), []);
  assert.deepEqual(await output.pass([finish('tool_calls')]), [
    ...propose('{"n":"{internal-ticket}"}'),
    finish('tool_calls'),
  ]);
  assert.deepEqual(
    verdicts.map(({ action }) => action),
    ['none', 'masked'],
  );
});

/** What a model may propose, and must not. */
const PROPOSALS: readonly (readonly [string, readonly AnswerEvent[]])[] = [
  ['in arguments', propose('{"q":"Project Nightjar"}')],
  ['in arguments, as escapes', propose(String.raw`{"q":"Project\u0020\u004eightjar"}`)],
  ['in the first of two equal keys', propose('{"q":"Project Nightjar","q":"x"}')],
  ['in what is no JSON', propose('Project Nightjar')],
  ['in the second of two calls', [...propose('{}'), ...propose('{"q":"project nightjar"}', 1)]],
  ['in the name of the tool', propose('{}', 0, 'project nightjar')],
  [
    'in the id of the call',
    [
      { type: 'tool_call', index: 0, id: 'project nightjar', name: 'look-up-order' },
      { type: 'tool_arguments', index: 0, json: '{}' },
    ],
  ],
];

test('an id that is none is replaced, since a model may have written it', async () => {
  const proposal: AnswerEvent[] = [
    { type: 'tool_call', index: 3, id: 'launches on friday', name: 'look-up-order' },
    { type: 'tool_arguments', index: 3, json: '{}' },
  ];
  const { events } = await judge([[...proposal, finish('tool_calls')]]);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'tool_call' ? [event.id] : [])),
    ['call_3'],
  );
});

for (const [name, proposal] of PROPOSALS) {
  test(`no call leaves when one of them is blocked: ${name}`, async () => {
    const { events } = await judge([[...proposal, finish('tool_calls')]]);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['blocked', 'finish'],
    );
    assert.ok(!/nightjar/i.test(JSON.stringify(events)));
  });
}

const answers = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'project',
        ' nightjar',
        'Project Nightjar',
        'TCK-',
        '123456',
        'TCK-123456',
        'AKIA',
        'lawsuit ',
      ),
      fc.constantFrom('AKIAIOSFODNN7EXAMPLE', 'settlement', '\n', ' '),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

// Words and keys are found between what is no letter and no digit, as Bedrock finds them.
const DENIED =
  /(?<![\p{L}\p{N}_])(project nightjar|lawsuit settlement|AKIAIOSFODNN7EXAMPLE)(?![\p{L}\p{N}_])|TCK-[0-9]{6}/iu;

test('the verdict, the text and the message are the same however the answer was cut', async () => {
  const outcomeOf = ({ events, verdicts }: Judged) => ({
    // What of a blocked answer left before the block depends on where it was cut; that none of the match did does not.
    text: verdicts.at(-1)?.action === 'blocked' ? '' : textOf(events),
    message: events.flatMap((event) => (event.type === 'blocked' ? [event.message] : [])),
    reason: events.flatMap((event) => (event.type === 'finish' ? [event.reason] : [])),
    action: verdicts.map(({ action }) => action),
  });
  await fc.assert(
    fc.asyncProperty(answers, fc.array(fc.nat(120), { maxLength: 8 }), async (answer, places) => {
      const cuts = [...new Set(places.map((place) => place % (answer.length + 1)))].toSorted((a, b) => a - b);
      const pieces = [0, ...cuts].map((from, index) => answer.slice(from, cuts[index] ?? answer.length));
      const whole = await judge([[say(answer), finish()]]);
      const cut = await judge([...pieces.map((piece) => [say(piece)]), [finish()]]);
      const letters = await judge([...answer.split('').map((unit) => [say(unit)]), [finish()]]);
      assert.deepEqual(outcomeOf(cut), outcomeOf(whole));
      assert.deepEqual(outcomeOf(letters), outcomeOf(whole));
      for (const { events } of [whole, cut, letters]) {
        // What stood beside a mask stood beside a letter.
        const left = textOf(events).replaceAll('{internal-ticket}', 'x');
        assert.ok(!DENIED.test(left), left);
        // What left before a block is a beginning of the answer.
        if (events.some(({ type }) => type === 'blocked') && !textOf(events).includes('{internal'))
          assert.ok(answer.startsWith(left));
      }
    }),
    { numRuns: 200 },
  );
});

test('an answer that came at once is what it would be step by step', async () => {
  const stepwise: Guardrail = {
    ...EMBEDDED,
    openStream(options) {
      const stream = EMBEDDED.openStream(options);
      return { push: (piece) => stream.push(piece), end: () => stream.end() };
    },
  };
  const joined = ({ events, verdicts }: Judged) => ({
    text: textOf(events),
    rest: events.filter(({ type }) => type !== 'text'),
    verdicts,
  });
  const actions = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      const batches = [[say(answer), finish()]];
      const whole = await judge(batches);
      assert.deepEqual(joined(whole), joined(await judge(batches, stepwise)));
      for (const { action } of whole.verdicts) actions.set(action, (actions.get(action) ?? 0) + 1);
    }),
    { numRuns: 1000 },
  );
  assert.equal(actions.size, 3, 'some were blocked, some masked, some neither');
});

test('a guardrail that throws at an answer that came at once ends it with a refusal', async () => {
  const openStream: Guardrail['openStream'] = (options) => ({
    ...EMBEDDED.openStream(options),
    passWhole: broken,
  });
  await assert.rejects(judge([[say('a'), finish()]], { ...EMBEDDED, openStream }), (error) => {
    assert.ok(error instanceof RefusalError);
    return error.refusal.code === 'guardrail.unavailable';
  });
});
