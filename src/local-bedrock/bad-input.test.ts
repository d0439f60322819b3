import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CreateGuardrailCommand } from '@aws-sdk/client-bedrock';
import fc from 'fast-check';
import { openBench, WORD_GUARDRAIL } from './testing/bench.ts';

const text = fc.string({ unit: 'binary' });
/** Now and then something else than it should be. */
const mostly = <Value>(right: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue() });
const list = <Value>(items: fc.Arbitrary<Value>) => fc.array(mostly(items), { maxLength: 3 });

const application = fc.record({
  source: mostly(fc.constantFrom('INPUT', 'OUTPUT')),
  outputScope: mostly(fc.constantFrom('FULL', 'INTERVENTIONS')),
  content: list(
    fc.record({
      text: mostly(
        fc.record(
          {
            text: mostly(text),
            qualifiers: list(fc.constantFrom('query', 'grounding_source', 'guard_content')),
          },
          { requiredKeys: ['text'] },
        ),
      ),
    }),
  ),
});
const check = fc.record({
  messages: list(
    fc.record({
      role: mostly(fc.constantFrom('user', 'assistant', 'system')),
      content: list(fc.record({ text: mostly(text) })),
    }),
  ),
  checks: mostly(
    fc.record(
      {
        contentFilter: mostly(fc.constant({ categories: [{ category: 'HATE' }] })),
        promptAttack: mostly(fc.constant({ categories: [{ category: 'JAILBREAK' }] })),
        sensitiveInformation: mostly(fc.constant({ entities: [{ type: 'NAME' }, { type: 'URL' }] })),
      },
      { requiredKeys: [] },
    ),
  ),
});
const settings = {
  name: mostly(fc.stringMatching(/^[a-z]{1,8}$/)),
  blockedInputMessaging: mostly(fc.constant('No.')),
  blockedOutputsMessaging: mostly(fc.string({ minLength: 1 })),
  wordPolicyConfig: mostly(fc.record({ wordsConfig: list(fc.record({ text: mostly(text) })) })),
};
const creation = fc.record({
  ...settings,
  clientRequestToken: mostly(fc.constantFrom('a', 'b')),
  tags: list(fc.record({ key: fc.constant('k'), value: mostly(fc.constant('v')) })),
});

it('answers whatever it is sent with an answer or an error of the service, and never fails', async () => {
  await using bench = await openBench();
  const { guardrailId } = await bench.control.send(new CreateGuardrailCommand(WORD_GUARDRAIL));
  const requests: readonly (readonly [method: string, path: string, body: fc.Arbitrary<unknown>])[] = [
    ['POST', `/guardrail/${guardrailId}/version/DRAFT/apply`, application],
    ['POST', '/guardrail-checks/invoke', check],
    ['POST', '/guardrails', creation],
    ['PUT', `/guardrails/${guardrailId}`, fc.record(settings)],
    ['POST', '/tagResource', fc.jsonValue()],
  ];
  for (const [method, path, body] of requests) {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(mostly(body), async (sent) => {
        const response = await fetch(`${bench.bedrock.url}${path}`, { method, body: JSON.stringify(sent) });
        const { message } = (await response.json()) as { message?: string };
        const { status } = response;
        seen.add(status);
        assert.ok([200, 202, 400].includes(status), `${status} ${message}`);
        assert.equal(status === 400, response.headers.has('x-amzn-errortype'));
        assert.equal(status === 400, typeof message === 'string');
      }),
      { numRuns: 300 },
    );
    const isTagging = path === '/tagResource'; // no ARN comes about by chance
    assert.deepEqual(
      [seen.has(400), seen.has(200) || seen.has(202)],
      [true, !isTagging],
      `${method} ${path}`,
    );
  }
});
