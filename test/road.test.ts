import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, MAYA, routeTo, startTestGateway } from './support/gateway.ts';
import { answerWith, startUpstream } from './support/upstream.ts';

test('answers the official SDK, whole and streamed alike, and leaves one closed record each', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const messages = [{ role: 'user' as const, content: 'How long can I return an item?' }];
  const whole = await client.chat.completions.create({ model: 'support-assistant', messages });
  const stream = await client.chat.completions.create({
    model: 'support-assistant',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let streamed = '';
  let usage: unknown;
  for await (const chunk of stream) {
    streamed += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.match(whole.choices[0]?.message.content ?? '', /within 30 days of delivery.*\[returns\]/);
  assert.equal(streamed, whole.choices[0]?.message.content);
  assert.deepEqual(usage, whole.usage);
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map((record) => record.outcome),
    ['answered', 'answered'],
  );
  assert.deepEqual(records.map((record) => `chatcmpl-${record.requestId}`)[0], whole.id);
  assert.equal(records[0]?.answerHash, records[1]?.answerHash);
  assert.deepEqual(records[0]?.policies, ['support-agents-may-ask']);
  assert.equal(records[0]?.caller?.subject, MAYA.user);
});

test('the model never sees masked data, and the caller gets it back, also cut at every place of the stream', async () => {
  const secret = 'maya.lopez@example.com';
  const echo = 'I will write to [EMAIL_1] today.';
  let cut = 0;
  await using upstream = await startUpstream((exchange) =>
    answerWith(echo.slice(0, cut), echo.slice(cut))(exchange),
  );
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  for (cut = 1; cut < echo.length; cut++) {
    const stream = await client.chat.completions.create({
      model: 'support-assistant',
      messages: [{ role: 'user', content: `My address is ${secret}.` }],
      stream: true,
    });
    let answer = '';
    for await (const chunk of stream) answer += chunk.choices[0]?.delta.content ?? '';
    assert.equal(answer, `I will write to ${secret} today.`);
    assert.ok(!JSON.stringify(upstream.asked).includes(secret));
    assert.ok(JSON.stringify(upstream.asked).includes('[EMAIL_1]'));
  }
});

test('a blocked word ends an answer as the dialect says, and the record names the guardrail', async () => {
  await using upstream = await startUpstream(
    answerWith('The code name is Project', ' Nightjar, as you know.'),
  );
  await using gateway = await startTestGateway({ files: routeTo(upstream.url) });
  const client = await gateway.client();
  const request = {
    model: 'support-assistant',
    messages: [{ role: 'user' as const, content: 'What is it called?' }],
  };
  const whole = await client.chat.completions.create(request);
  assert.equal(whole.choices[0]?.finish_reason, 'content_filter');
  assert.ok(!/nightjar/i.test(JSON.stringify(whole)));
  const stream = await client.chat.completions.create({ ...request, stream: true });
  let streamed = '';
  let reason: string | null | undefined;
  for await (const chunk of stream) {
    streamed += chunk.choices[0]?.delta.content ?? '';
    reason = chunk.choices[0]?.finish_reason ?? reason;
  }
  assert.equal(reason, 'content_filter');
  assert.equal(whole.choices[0]?.message.content, 'I cannot give that answer.');
  assert.equal(streamed, 'The code name is I cannot give that answer.');
  assert.ok(!/project/i.test(streamed), 'nothing of the match was released');
  const records = await gateway.closedRecords();
  assert.deepEqual(
    records.map(({ outcome, refusal }) => [outcome, refusal?.code, refusal?.detail]),
    [
      ['blocked', 'guardrail.output_blocked', 'word:custom word'],
      ['blocked', 'guardrail.output_blocked', 'word:custom word'],
    ],
  );
});

test('what no model answered costs nothing', async () => {
  await using gateway = await startTestGateway({ files: routeTo('http://127.0.0.1:9/v1') });
  assert.equal((await gateway.post(ask('Hello?'))).status, 502);
  const [record] = await gateway.closedRecords();
  assert.equal(record?.outcome, 'failed');
  assert.equal(record?.costMicroUsd, undefined);
  assert.equal(record?.usage, undefined);
});

test('a route that is away is passed over for an allowed fallback', async () => {
  await using healthy = await startUpstream(answerWith('From the second.'));
  await using gateway = await startTestGateway({ files: routeTo('http://127.0.0.1:9/v1', healthy.url) });
  const response = await gateway.post(ask('Hello there?'));
  assert.equal(response.status, 200);
  const [record] = await gateway.closedRecords();
  assert.deepEqual(
    record?.tries?.map(({ route, outcome }) => [route, outcome]),
    [
      ['test-1', 'failed'],
      ['test-2', 'answered'],
    ],
  );
  assert.equal(record?.route, 'test-2');
});
