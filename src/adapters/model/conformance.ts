import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ModelError, type ModelErrorKind, type ModelProvider, type ModelRequest } from '../../ports/model.ts';
import type { AnswerEvent, FinishReason, Message } from '../../road/conversation.ts';
import type { Route } from '../../road/governed.ts';

/** What a scripted server does with every request, told without the words of any wire. */
export type Scene =
  | {
      readonly kind: 'answer';
      readonly texts: readonly string[];
      readonly calls?: readonly {
        readonly id: string;
        readonly name: string;
        readonly json: readonly string[];
      }[];
      readonly reason: FinishReason;
      readonly usage?: { readonly inputTokens: unknown; readonly outputTokens: unknown };
    }
  /** An error in place of an answer. Its text repeats the request. */
  | { readonly kind: 'error'; readonly error: Exclude<ModelErrorKind, 'deadline'> }
  /** An error in the middle of a stream. Its text repeats the request. */
  | { readonly kind: 'error_in_stream'; readonly after: string }
  /** Says nothing, or nothing more, for ever. */
  | { readonly kind: 'silence'; readonly after?: string }
  /** Breaks the connection. */
  | { readonly kind: 'break'; readonly after?: string };

/** A provider, and the server that it asks. */
export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: ModelProvider;
  readonly route: Route;
  play(scene: Scene): void;
  /** Bodies of the requests so far. */
  asked(): readonly string[];
  underway(): number;
  connections(): number;
  /** The server goes away. */
  leave(): Promise<void>;
}

const SECRET = 'zebra-7391-quagga';
const MESSAGES: readonly Message[] = [
  { role: 'user', blocks: [{ type: 'text', text: `Look at ${SECRET}.` }] },
];
const ANSWER = {
  kind: 'answer',
  texts: ['Hel', 'lo, ', 'world: Grüße \u{1F600}'],
  reason: 'stop',
  usage: { inputTokens: 11, outputTokens: 7 },
} as const satisfies Scene;
const DELIVERIES = ['whole', 'stream'] as const;

/** What every provider of a model must do. `make` starts a server of its own for each test. */
export function registerModelConformance(name: string, make: () => Promise<ProviderUnderTest>): void {
  const check = (what: string, run: (subject: ProviderUnderTest) => Promise<void>) =>
    void test(what, { timeout: 20_000 }, async () => {
      await using subject = await make();
      await run(subject);
      await subject.provider.close();
    });

  void describe(`the ${name} provider`, () => {
    check(
      'answers whole and streamed alike: text, one finish at the end, usage as counted',
      async (subject) => {
        subject.play(ANSWER);
        for (const delivery of DELIVERIES) {
          const events = await collect(subject, { delivery });
          assert.equal(textOf(events), 'Hello, world: Grüße \u{1F600}');
          assert.deepEqual(events.filter(({ type }) => type === 'finish').length, 1);
          const usage = { inputTokens: 11, outputTokens: 7, source: 'provider' };
          assert.deepEqual(events.at(-1), { type: 'finish', reason: 'stop', usage });
        }
      },
    );

    check('lets a stream through as it comes', async (subject) => {
      subject.play({ kind: 'silence', after: 'Hello' });
      const leaving = new AbortController();
      const batches = start(subject, { delivery: 'stream', signal: leaving.signal });
      const first = await batches.next();
      assert.deepEqual(first.value, [{ type: 'text', text: 'Hello' }]);
      leaving.abort();
      await assert.rejects(batches.next());
    });

    check('proposes tool calls alike, whole and streamed', async (subject) => {
      const calls = [
        { id: 'call_a', name: 'look-up-order', json: ['{"order', 'Number":"1', '2"}'] },
        { id: 'call_b', name: 'look-up-order', json: ['{}'] },
      ];
      subject.play({ ...ANSWER, texts: ['Wait. '], calls, reason: 'tool_calls' });
      for (const delivery of DELIVERIES) {
        const events = await collect(subject, { delivery });
        assert.equal(textOf(events), 'Wait. ');
        const proposed = events.flatMap((event) =>
          event.type === 'tool_call' ? [[event.index, event.id, event.name]] : [],
        );
        assert.deepEqual(proposed, [
          [0, 'call_a', 'look-up-order'],
          [1, 'call_b', 'look-up-order'],
        ]);
        assert.deepEqual(JSON.parse(argumentsOf(events, 0)), { orderNumber: '12' });
        assert.deepEqual(JSON.parse(argumentsOf(events, 1)), {});
        assert.equal(reasonOf(events), 'tool_calls');
      }
    });

    for (const reason of ['length', 'content_filter'] as const) {
      check(`says when an answer ended by ${reason}`, async (subject) => {
        subject.play({ ...ANSWER, reason });
        for (const delivery of DELIVERIES)
          assert.equal(reasonOf(await collect(subject, { delivery })), reason);
      });
    }

    check('takes an empty answer', async (subject) => {
      subject.play({ ...ANSWER, texts: [] });
      for (const delivery of DELIVERIES) assert.equal(textOf(await collect(subject, { delivery })), '');
    });

    check('estimates where the server counts nothing, or nonsense', async (subject) => {
      const { usage: _, ...uncounted } = ANSWER;
      for (const scene of [uncounted, { ...ANSWER, usage: { inputTokens: -1, outputTokens: 2 } }]) {
        subject.play(scene);
        for (const delivery of DELIVERIES) {
          const end = (await collect(subject, { delivery })).at(-1);
          assert.ok(end?.type === 'finish' && end.usage?.source === 'estimate');
          assert.ok(end.usage.inputTokens > 0 && end.usage.outputTokens > 0);
        }
      }
    });

    check('sends system text, every message, tools and parameters', async (subject) => {
      subject.play(ANSWER);
      await collect(subject, { delivery: 'whole', messages: LONG_CONVERSATION, tools: true });
      const [body = ''] = subject.asked();
      const sent = [
        'Be kind.',
        'first words',
        'second words',
        'look-up-order',
        'orderNumber',
        'call_1',
        'It is on its way',
        '0.25',
      ];
      for (const text of sent) assert.ok(body.includes(text), `${text} is in ${body}`);
      assert.ok(body.includes(subject.route.model) || !body.includes('"model"'));
    });

    for (const error of ['unavailable', 'throttled', 'rejected', 'malformed'] as const) {
      check(`says ${error} in the port's words, and nothing of what the server said`, async (subject) => {
        subject.play({ kind: 'error', error });
        for (const delivery of DELIVERIES) {
          assert.equal((await fail(subject, delivery)).kind, error);
        }
      });
    }

    check('says unavailable when nobody is there', async (subject) => {
      await subject.leave();
      for (const delivery of DELIVERIES) assert.equal((await fail(subject, delivery)).kind, 'unavailable');
    });

    check('says that a broken answer is broken', async (subject) => {
      subject.play({ kind: 'break' });
      for (const delivery of DELIVERIES) await fail(subject, delivery);
      subject.play({ kind: 'break', after: 'Hello' });
      await fail(subject, 'stream');
      subject.play({ kind: 'error_in_stream', after: 'Hello' });
      await fail(subject, 'stream');
    });

    check('lets the server go when it is aborted, before the answer and in its middle', async (subject) => {
      for (const after of [undefined, 'Hello']) {
        for (const delivery of DELIVERIES) {
          subject.play(after === undefined ? { kind: 'silence' } : { kind: 'silence', after });
          const leaving = new AbortController();
          const asked = collect(subject, { delivery, signal: leaving.signal });
          const isRejected = assert.rejects(asked);
          await eventually(() => subject.underway() === 1);
          leaving.abort();
          await isRejected;
          await eventually(() => subject.underway() === 0);
        }
      }
    });

    check('asks nobody when it is aborted already', async (subject) => {
      for (const delivery of DELIVERIES)
        await assert.rejects(collect(subject, { delivery, signal: AbortSignal.abort() }));
      assert.deepEqual(subject.asked(), []);
    });

    check('lets the server go when its reader has enough', async (subject) => {
      subject.play({ kind: 'silence', after: 'Hello' });
      const leaving = new AbortController();
      const batches = start(subject, { delivery: 'stream', signal: leaving.signal });
      await batches.next();
      leaving.abort();
      await batches.return?.();
      await eventually(() => subject.underway() === 0);
    });

    check('keeps its connections: ten answers in a row need one or two', async (subject) => {
      subject.play(ANSWER);
      for (let i = 0; i < 10; i++) {
        await collect(subject, { delivery: i % 2 === 0 ? 'stream' : 'whole' });
        // The end of a body may come a moment after its last words.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.ok(subject.connections() <= 2, `${subject.connections()} connections`);
    });

    check('serves many at once, each its own answer', async (subject) => {
      subject.play(ANSWER);
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => collect(subject, { delivery: 'stream' }).then(textOf)),
      );
      assert.deepEqual(new Set(answers), new Set(['Hello, world: Grüße \u{1F600}']));
    });
  });

  async function fail(
    subject: ProviderUnderTest,
    delivery: (typeof DELIVERIES)[number],
  ): Promise<ModelError> {
    const error = await collect(subject, { delivery }).then(
      () => assert.fail('it answered'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ModelError, String(error));
    assert.ok(!error.message.includes('zebra'), 'the message holds the prompt');
    return error;
  }
}

const LONG_CONVERSATION: readonly Message[] = [
  {
    role: 'user',
    blocks: [
      { type: 'text', text: 'first words' },
      { type: 'text', text: 'second words' },
    ],
  },
  {
    role: 'assistant',
    blocks: [
      { type: 'tool_call', id: 'call_1', name: 'look-up-order', argumentsJson: '{"orderNumber":"12"}' },
    ],
  },
  { role: 'tool', blocks: [{ type: 'tool_result', callId: 'call_1', text: 'It is on its way' }] },
];

interface Asking {
  readonly delivery: ModelRequest['delivery'];
  readonly signal?: AbortSignal;
  readonly messages?: readonly Message[];
  readonly tools?: boolean;
}

function start(subject: ProviderUnderTest, asking: Asking): AsyncIterator<readonly AnswerEvent[]> {
  const tool = {
    name: 'look-up-order',
    description: 'Looks up an order.',
    parametersSchema: { type: 'object', properties: { orderNumber: { type: 'string' } } },
  };
  const answer = subject.provider.infer({
    prompt: {
      system: 'Be kind.',
      messages: asking.messages ?? MESSAGES,
      tools: asking.tools === true ? [tool] : [],
      toolChoice: undefined,
      parameters: { maxOutputTokens: 100, temperature: 0.25 },
    },
    route: subject.route,
    requestId: 'request-1',
    delivery: asking.delivery,
    signal: asking.signal ?? new AbortController().signal,
  });
  return answer[Symbol.asyncIterator]();
}

async function collect(subject: ProviderUnderTest, asking: Asking): Promise<AnswerEvent[]> {
  const batches = start(subject, asking);
  const events: AnswerEvent[] = [];
  for (;;) {
    const step = await batches.next();
    if (step.done === true) return events;
    events.push(...step.value);
  }
}

function textOf(events: readonly AnswerEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

function argumentsOf(events: readonly AnswerEvent[], index: number): string {
  return events
    .map((event) => (event.type === 'tool_arguments' && event.index === index ? event.json : ''))
    .join('');
}

function reasonOf(events: readonly AnswerEvent[]): FinishReason | undefined {
  const end = events.at(-1);
  return end?.type === 'finish' ? end.reason : undefined;
}

async function eventually(holds: () => boolean): Promise<void> {
  const untilMs = Date.now() + 1_000;
  while (!holds()) {
    if (Date.now() > untilMs) throw new Error('the server was not let go within a second');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
