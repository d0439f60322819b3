import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError, type ModelErrorKind, type ModelProvider } from '../../ports/model.ts';
import { RefusalError, type RefusalCode } from '../../road/refusal.ts';
import { FINISH, makeRoute, TEXT, watchInference, type WatchedInference } from './testing/inference.ts';
import { inferAnswer } from './try-routes.ts';

async function collect(inference: WatchedInference): Promise<string[]> {
  const types: string[] = [];
  for await (const batch of inferAnswer(inference)) types.push(...batch.map(({ type }) => type));
  return types;
}

async function assertRefused(inference: WatchedInference, code: RefusalCode): Promise<RefusalError> {
  const error = await collect(inference).then(
    () => assert.fail('it answered'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RefusalError, String(error));
  assert.equal(error.refusal.code, code);
  return error;
}

const answer: ModelProvider['infer'] = async function* () {
  yield TEXT;
  yield FINISH;
};
const failWith = (kind: ModelErrorKind): ModelProvider['infer'] =>
  async function* () {
    yield* [];
    throw new ModelError(kind, 'away');
  };
/** Never answers and never hears that it is no longer wanted. */
const ignoreAll: ModelProvider['infer'] = () => ({
  [Symbol.asyncIterator]: () => ({
    next: () => new Promise(() => undefined),
    return: () => new Promise(() => undefined),
  }),
});

const PATIENT = { firstByteMs: 900, idleMs: 900, totalMs: 900 };

test('proceeds: the answer flows, and health and record are told once', async () => {
  const inference = watchInference({ routes: [makeRoute('a'), makeRoute('b')], infer: answer });
  assert.deepEqual(await collect(inference), ['text', 'finish']);
  assert.deepEqual(inference.told, ['admit a', 'ask a', 'take a', 'succeeded a', 'try a answered']);
  const [request] = inference.requests;
  assert.equal(request?.requestId, 'request-1');
  assert.equal(request?.prompt, inference.prompt.prompt, 'the model sees the guarded prompt and no other');
  assert.equal(request?.signal.aborted, false);
});

test('refuses what the model rejects, tries it nowhere twice, and does not blame the route', async () => {
  const routes = [makeRoute('a', { retries: 3 }), makeRoute('b')] as const;
  const inference = watchInference({ routes, infer: failWith('rejected') });
  await assertRefused(inference, 'inference.rejected');
  assert.deepEqual(inference.told, [
    'admit a',
    'ask a',
    'inconclusive a',
    'try a failed',
    'admit b',
    'ask b',
    'inconclusive b',
    'try b failed',
  ]);
});

for (const kind of ['unavailable', 'throttled', 'malformed', 'deadline'] as const) {
  test(`a model that is ${kind} is tried again, then another, each told once`, async () => {
    const routes = [makeRoute('a', { retries: 1 }), makeRoute('b')] as const;
    const inference = watchInference({ routes, infer: failWith(kind) });
    const { refusal } = await assertRefused(inference, `inference.${kind}`);
    assert.equal(refusal.detail, 'away');
    assert.deepEqual(inference.told, [
      'admit a',
      'ask a',
      'failed a',
      'try a failed',
      'admit a',
      'ask a',
      'failed a',
      'try a failed',
      'admit b',
      'ask b',
      'failed b',
      'try b failed',
    ]);
    assert.equal(inference.tries[0]?.cause, `${kind}: away`);
  });
}

test('a provider that throws at once, or something strange, is one that is away; its words stay out of the record', async () => {
  const strange: ModelProvider['infer'][] = [
    () => {
      throw new TypeError('the prompt was Hello');
    },
    async function* () {
      yield* [];
      throw 'Hello';
    },
    async function* () {
      yield* [];
      throw new Error('Hello', { cause: 'Hello' });
    },
  ];
  for (const infer of strange) {
    const inference = watchInference({ routes: [makeRoute('a')], infer });
    const error = await assertRefused(inference, 'inference.unavailable');
    assert.deepEqual(inference.told, ['admit a', 'ask a', 'failed a', 'try a failed']);
    assert.ok(!JSON.stringify([inference.tries, error.refusal, error.message]).includes('Hello'));
  }
});

test('an answer that ends without a finish, or breaks after its first byte, is not asked for again', async () => {
  const broken: [ModelProvider['infer'], RefusalCode][] = [
    [
      async function* () {
        yield TEXT;
      },
      'inference.malformed',
    ],
    [
      async function* () {
        yield TEXT;
        throw new ModelError('unavailable', 'gone');
      },
      'inference.unavailable',
    ],
  ];
  for (const [infer, code] of broken) {
    const inference = watchInference({ routes: [makeRoute('a', { retries: 5 }), makeRoute('b')], infer });
    await assertRefused(inference, code);
    assert.deepEqual(inference.told, ['admit a', 'ask a', 'take a', 'failed a', 'try a failed']);
  }
});

test('deadlines hold against a model that ignores them: first byte, idle, total and the capability’s own', async () => {
  const stallAfterText: ModelProvider['infer'] = async function* () {
    yield TEXT;
    await new Promise(() => undefined);
  };
  const drip: ModelProvider['infer'] = async function* () {
    for (;;) {
      yield TEXT;
      await sleep(20);
    }
  };
  const slow = makeRoute('a', { timeouts: PATIENT });
  const cases = [
    { infer: ignoreAll, route: makeRoute('a'), ms: 40, cause: /40 ms wait/ },
    { infer: stallAfterText, route: makeRoute('a'), ms: 40, cause: /40 ms wait/ },
    { infer: drip, route: makeRoute('a'), ms: 150, cause: /total/ },
    { infer: ignoreAll, route: slow, ms: 100, cause: /total/, deadlineMs: 100 },
  ];
  for (const { infer, route, ms, cause, deadlineMs } of cases) {
    const inference = watchInference({
      routes: [route],
      infer,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    const startedMs = performance.now();
    await assertRefused(inference, 'inference.deadline');
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs >= ms - 5 && tookMs < 2 * ms + 100, `${tookMs} ms of ${ms}`);
    assert.match(inference.tries[0]?.cause ?? '', cause);
    assert.equal(inference.tries.length, 1);
    assert.equal(inference.requests[0]?.signal.aborted, true, 'the model was told');
    assert.ok(inference.told.includes('failed a'));
  }
});

test('when the time is over nothing is asked any more', async () => {
  const inference = watchInference({ routes: [makeRoute('a')], infer: answer, deadlineMs: 0 });
  await assertRefused(inference, 'inference.deadline');
  assert.deepEqual(inference.told, [], 'and no probe was taken');
});

test('the time that a slow caller takes to read is not the model’s', async () => {
  const route = makeRoute('a', { timeouts: { firstByteMs: 40, idleMs: 40, totalMs: 900 } });
  const inference = watchInference({ routes: [route], infer: answer });
  const batches = inferAnswer(inference);
  await batches.next();
  await sleep(80);
  assert.deepEqual((await batches.next()).value, FINISH);
  await batches.next();
  assert.deepEqual(inference.told.slice(-2), ['succeeded a', 'try a answered']);
});

test('cancelled before: nothing is asked. Cancelled while it waits or flows: told once, nobody blamed', async () => {
  const gone = watchInference({ routes: [makeRoute('a')], infer: answer, signal: AbortSignal.abort() });
  await assert.rejects(collect(gone));
  assert.deepEqual(gone.told, []);
  const wait: ModelProvider['infer'] = async function* ({ signal }) {
    yield* [];
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw signal.reason;
  };
  const flow: ModelProvider['infer'] = async function* () {
    yield TEXT;
    await sleep(1_000);
  };
  for (const infer of [ignoreAll, wait, flow]) {
    const leaving = new AbortController();
    const inference = watchInference({
      routes: [makeRoute('a', { retries: 3, timeouts: PATIENT }), makeRoute('b')],
      infer,
      signal: leaving.signal,
    });
    setTimeout(() => leaving.abort(), 15);
    const startedMs = performance.now();
    await assert.rejects(collect(inference), (error) => !(error instanceof RefusalError));
    assert.ok(performance.now() - startedMs < 500, 'at once');
    assert.deepEqual(
      inference.told.filter((entry) => !entry.startsWith('take')),
      ['admit a', 'ask a', 'inconclusive a', 'try a failed'],
    );
    assert.match(inference.tries[0]?.cause ?? '', /^cancelled/);
    assert.equal(inference.requests[0]?.signal.aborted, true);
  }
});

test('an answer that is cut off by who reads it lets its model go', async () => {
  let isReleased = false;
  const infer: ModelProvider['infer'] = async function* () {
    try {
      for (;;) yield TEXT;
    } finally {
      isReleased = true;
    }
  };
  const inference = watchInference({ routes: [makeRoute('a')], infer });
  for await (const _ of inferAnswer(inference)) break;
  await sleep(1);
  assert.ok(isReleased);
  assert.equal(inference.requests[0]?.signal.aborted, true);
  assert.deepEqual(inference.told.slice(-2), ['inconclusive a', 'try a failed']);
});

test('a route whose breaker is open is passed over without a try', async () => {
  const inference = watchInference({
    routes: [makeRoute('a', { retries: 3 }), makeRoute('b')],
    infer: answer,
    open: ['a'],
  });
  assert.deepEqual(await collect(inference), ['text', 'finish']);
  assert.deepEqual(inference.told, ['hold a', 'admit b', 'ask b', 'take b', 'succeeded b', 'try b answered']);
  const none = watchInference({ routes: [makeRoute('a')], infer: answer, open: ['a'] });
  await assertRefused(none, 'inference.unavailable');
  assert.deepEqual(none.tries, []);
});

test('pauses before it tries again, by chance and longer each time; who leaves in the pause is not asked for again', async () => {
  const route = makeRoute('a', { retries: 2 });
  const startedMs = performance.now();
  await assertRefused(
    watchInference({ routes: [route], infer: failWith('unavailable'), random: 0.5 }),
    'inference.unavailable',
  );
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 70 && tookMs < 300, `25 + 50 ms, and not ${tookMs}`);
  const leaving = new AbortController();
  const inference = watchInference({
    routes: [route],
    infer: failWith('unavailable'),
    random: 1,
    signal: leaving.signal,
  });
  setTimeout(() => leaving.abort(), 10);
  await assert.rejects(collect(inference));
  assert.deepEqual(inference.told, ['admit a', 'ask a', 'failed a', 'try a failed']);
});
