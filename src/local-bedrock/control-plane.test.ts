import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConflictException,
  CreateGuardrailCommand,
  CreateGuardrailVersionCommand,
  DeleteGuardrailCommand,
  GetGuardrailCommand,
  ListFoundationModelsCommand,
  ListGuardrailsCommand,
  ListTagsForResourceCommand,
  paginateListGuardrails,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateGuardrailCommand,
  ValidationException,
  type CreateGuardrailCommandInput,
} from '@aws-sdk/client-bedrock';
import { failureOf, openBench, PLACE, WORD_GUARDRAIL } from './testing/bench.ts';

// The official client against this server. What the service model says is held; what only a sentence of the
// documentation says is marked where it stands in the code. Nothing here was compared with AWS itself.

const WHOLE: CreateGuardrailCommandInput = {
  name: 'whole',
  description: 'Every policy',
  blockedInputMessaging: 'Not asked.',
  blockedOutputsMessaging: 'Not said.',
  topicPolicyConfig: {
    topicsConfig: [
      {
        name: 'Investing',
        definition: 'Advice on what to buy',
        examples: ['Which shares?'],
        type: 'DENY',
        inputAction: 'BLOCK',
        outputEnabled: false,
      },
    ],
    tierConfig: { tierName: 'STANDARD' },
  },
  contentPolicyConfig: {
    filtersConfig: [
      { type: 'HATE', inputStrength: 'LOW', outputStrength: 'HIGH', inputModalities: ['TEXT'] },
      { type: 'PROMPT_ATTACK', inputStrength: 'HIGH', outputStrength: 'NONE' },
    ],
  },
  wordPolicyConfig: {
    wordsConfig: [{ text: 'nightjar', outputAction: 'NONE' }],
    managedWordListsConfig: [{ type: 'PROFANITY' }],
  },
  sensitiveInformationPolicyConfig: {
    piiEntitiesConfig: [{ type: 'EMAIL', action: 'ANONYMIZE', inputAction: 'ANONYMIZE' }],
    regexesConfig: [{ name: 'ticket', description: 'Tickets', pattern: 'TCK-[0-9]{6}', action: 'BLOCK' }],
  },
  contextualGroundingPolicyConfig: {
    filtersConfig: [{ type: 'GROUNDING', threshold: 0.7, action: 'BLOCK', enabled: true }],
  },
  crossRegionConfig: { guardrailProfileIdentifier: 'eu.guardrail.v1:0' },
  kmsKeyId: '12345678-1234-1234-1234-123456789012',
  tags: [{ key: 'team', value: 'desk' }],
};

describe('CreateGuardrail and GetGuardrail', () => {
  it('give back the whole configuration, under the names of the answer', async () => {
    await using bench = await openBench();
    const created = await bench.control.send(new CreateGuardrailCommand(WHOLE));
    assert.equal(created.$metadata.httpStatusCode, 202);
    assert.match(created.guardrailId ?? '', /^[a-z0-9]{12}$/);
    assert.equal(
      created.guardrailArn,
      `arn:aws:bedrock:eu-west-1:123456789012:guardrail/${created.guardrailId}`,
    );
    assert.equal(created.version, 'DRAFT');
    assert.ok(created.createdAt instanceof Date);

    for (const guardrailIdentifier of [created.guardrailId, created.guardrailArn]) {
      const { $metadata, ...got } = await bench.control.send(
        new GetGuardrailCommand({ guardrailIdentifier }),
      );
      assert.equal($metadata.httpStatusCode, 200);
      assert.match($metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
      assert.deepEqual(got, {
        name: 'whole',
        description: 'Every policy',
        guardrailId: created.guardrailId,
        guardrailArn: created.guardrailArn,
        version: 'DRAFT',
        status: 'READY',
        topicPolicy: { topics: WHOLE.topicPolicyConfig?.topicsConfig, tier: { tierName: 'STANDARD' } },
        contentPolicy: { filters: WHOLE.contentPolicyConfig?.filtersConfig, tier: { tierName: 'CLASSIC' } },
        wordPolicy: {
          words: WHOLE.wordPolicyConfig?.wordsConfig,
          managedWordLists: WHOLE.wordPolicyConfig?.managedWordListsConfig,
        },
        sensitiveInformationPolicy: {
          piiEntities: WHOLE.sensitiveInformationPolicyConfig?.piiEntitiesConfig,
          regexes: WHOLE.sensitiveInformationPolicyConfig?.regexesConfig,
        },
        contextualGroundingPolicy: { filters: WHOLE.contextualGroundingPolicyConfig?.filtersConfig },
        crossRegionDetails: {
          guardrailProfileId: 'eu.guardrail.v1:0',
          guardrailProfileArn: 'arn:aws:bedrock:eu-west-1:123456789012:guardrail-profile/eu.guardrail.v1:0',
        },
        createdAt: created.createdAt,
        updatedAt: created.createdAt,
        statusReasons: [],
        failureRecommendations: [],
        blockedInputMessaging: 'Not asked.',
        blockedOutputsMessaging: 'Not said.',
        kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012',
      });
    }
  });

  it('make one guardrail of one request that is sent twice', async () => {
    await using bench = await openBench();
    const request = { ...WORD_GUARDRAIL, clientRequestToken: 'once' };
    const first = await bench.control.send(new CreateGuardrailCommand(request));
    const again = await bench.control.send(new CreateGuardrailCommand(request));
    assert.deepEqual([again.guardrailId, again.createdAt], [first.guardrailId, first.createdAt]);
    const other = bench.control.send(new CreateGuardrailCommand({ ...request, description: 'Another' }));
    await assert.rejects(other, ConflictException);
    const listed = await bench.control.send(new ListGuardrailsCommand({}));
    assert.equal(listed.guardrails?.length, 1);
  });

  it('say FAILED and why of what cannot be evaluated here', async () => {
    await using bench = await openBench();
    const { guardrailId } = await bench.control.send(
      new CreateGuardrailCommand({
        ...WORD_GUARDRAIL,
        contentPolicyConfig: {
          filtersConfig: [
            {
              type: 'HATE',
              inputStrength: 'HIGH',
              outputStrength: 'HIGH',
              inputModalities: ['TEXT', 'IMAGE'],
            },
          ],
        },
      }),
    );
    const got = await bench.control.send(new GetGuardrailCommand({ guardrailIdentifier: guardrailId }));
    assert.equal(got.status, 'FAILED');
    assert.deepEqual(got.statusReasons, [
      'content filter HATE of images: the embedded engine sees text only',
    ]);
    assert.match(got.failureRecommendations?.[0] ?? '', /^Remove contentPolicyConfig\.filtersConfig\[0\]/);
    const version = new CreateGuardrailVersionCommand({ guardrailIdentifier: guardrailId });
    assert.equal((await failureOf(bench.control.send(version))).name, 'ConflictException');
  });

  const wrong: readonly [string, object, RegExp][] = [
    ['a name of other characters', { name: 'not a name' }, /^1 validation error detected: Value 'not a name' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: \[0-9a-zA-Z\\-_\]\+$/],
    ['no name', { name: undefined }, /Value null at 'name' failed to satisfy constraint: Member must not be null/],
    ['a long description', { description: 'x'.repeat(201) }, /at 'description' failed to satisfy constraint: Member must have length less than or equal to 200/],
    ['an enum value that is none', { wordPolicyConfig: { managedWordListsConfig: [{ type: 'SLANG' }] } }, /'wordPolicyConfig\.managedWordListsConfig\.1\.member\.type' .*enum value set: \[PROFANITY\]/],
    ['no policy', { wordPolicyConfig: undefined }, /needs at least one policy/],
    ['an empty policy', { wordPolicyConfig: {} }, /needs at least one policy/],
    ['a threshold that blocks all', { contextualGroundingPolicyConfig: { filtersConfig: [{ type: 'GROUNDING', threshold: 1 }] } }, /0\.99/],
    ['a tier without a profile', { topicPolicyConfig: { topicsConfig: [{ name: 'a', definition: 'b', type: 'DENY' }], tierConfig: { tierName: 'STANDARD' } } }, /STANDARD/],
  ]; // prettier-ignore
  for (const [name, part, message] of wrong) {
    it(`refuse ${name}`, async () => {
      await using bench = await openBench();
      const input = { ...WORD_GUARDRAIL, ...part };
      const sent = bench.control.send(new CreateGuardrailCommand(input));
      await assert.rejects(sent, ValidationException);
      const { status, message: told } = await failureOf(sent);
      assert.equal(status, 400);
      assert.match(told, message);
    });
  }

  it('refuse a name that is taken', async () => {
    await using bench = await openBench();
    await bench.control.send(new CreateGuardrailCommand(WORD_GUARDRAIL));
    await assert.rejects(bench.control.send(new CreateGuardrailCommand(WORD_GUARDRAIL)), ConflictException);
  });

  it('refuse the hundred-and-first guardrail', async () => {
    await using bench = await openBench();
    const create = (name: string) =>
      bench.control.send(new CreateGuardrailCommand({ ...WORD_GUARDRAIL, name }));
    for (let i = 0; i < 100; i++) await create(`g${i}`);
    await assert.rejects(create('g100'), ServiceQuotaExceededException);
  });

  it('do not know a guardrail of another Region, account or name', async () => {
    await using bench = await openBench();
    const { guardrailId = '' } = await bench.control.send(new CreateGuardrailCommand(WORD_GUARDRAIL));
    for (const guardrailIdentifier of [
      'unknown',
      `arn:aws:bedrock:us-east-1:${PLACE.accountId}:guardrail/${guardrailId}`,
      `arn:aws:bedrock:${PLACE.region}:000000000000:guardrail/${guardrailId}`,
    ]) {
      const sent = bench.control.send(new GetGuardrailCommand({ guardrailIdentifier }));
      await assert.rejects(sent, ResourceNotFoundException);
      assert.equal((await failureOf(sent)).status, 404);
    }
    const spelled = bench.control.send(new GetGuardrailCommand({ guardrailIdentifier: 'NOT AN ID' }));
    await assert.rejects(spelled, ValidationException);
  });
});

describe('UpdateGuardrail and CreateGuardrailVersion', () => {
  it('replace the draft whole, and leave versions as they were', async () => {
    let nowMs = Date.parse('2026-01-01T00:00:00Z');
    await using bench = await openBench({ nowMs: () => (nowMs += 1000) });
    const { control } = bench;
    const { guardrailId: guardrailIdentifier, createdAt } = await control.send(
      new CreateGuardrailCommand(WHOLE),
    );
    const made = await control.send(
      new CreateGuardrailVersionCommand({
        guardrailIdentifier,
        description: 'First',
        clientRequestToken: 'v1',
      }),
    );
    assert.deepEqual(
      [made.$metadata.httpStatusCode, made.guardrailId, made.version],
      [202, guardrailIdentifier, '1'],
    );
    const again = await control.send(
      new CreateGuardrailVersionCommand({
        guardrailIdentifier,
        description: 'First',
        clientRequestToken: 'v1',
      }),
    );
    assert.equal(again.version, '1', 'the same request makes no second version');

    const updated = await control.send(
      new UpdateGuardrailCommand({ guardrailIdentifier, ...WORD_GUARDRAIL }),
    );
    assert.equal(updated.$metadata.httpStatusCode, 202);
    assert.equal(updated.version, 'DRAFT');
    const draft = await control.send(new GetGuardrailCommand({ guardrailIdentifier }));
    assert.equal(draft.name, 'one-word');
    assert.equal(draft.topicPolicy, undefined);
    assert.deepEqual(draft.createdAt, createdAt);
    assert.deepEqual(draft.updatedAt, updated.updatedAt);
    const first = await control.send(new GetGuardrailCommand({ guardrailIdentifier, guardrailVersion: '1' }));
    assert.deepEqual([first.name, first.description, first.version], ['whole', 'First', '1']);
  });

  it('number versions on, and never twice', async () => {
    await using bench = await openBench();
    const { control } = bench;
    const { guardrailId: guardrailIdentifier } = await control.send(
      new CreateGuardrailCommand(WORD_GUARDRAIL),
    );
    const add = async () =>
      (await control.send(new CreateGuardrailVersionCommand({ guardrailIdentifier }))).version;
    assert.deepEqual([await add(), await add()], ['1', '2']);
    await control.send(new DeleteGuardrailCommand({ guardrailIdentifier, guardrailVersion: '2' }));
    assert.equal(await add(), '3');
    const gone = control.send(new GetGuardrailCommand({ guardrailIdentifier, guardrailVersion: '2' }));
    await assert.rejects(gone, ResourceNotFoundException);
    for (let i = 0; i < 18; i++) await add();
    await assert.rejects(add(), ServiceQuotaExceededException);
  });
});

describe('DeleteGuardrail', () => {
  it('deletes a guardrail with its versions, and never the draft alone', async () => {
    await using bench = await openBench();
    const { control } = bench;
    const { guardrailId: guardrailIdentifier } = await control.send(
      new CreateGuardrailCommand(WORD_GUARDRAIL),
    );
    const draft = control.send(
      new DeleteGuardrailCommand({ guardrailIdentifier, guardrailVersion: 'DRAFT' }),
    );
    await assert.rejects(draft, ValidationException);
    const gone = await control.send(new DeleteGuardrailCommand({ guardrailIdentifier }));
    assert.equal(gone.$metadata.httpStatusCode, 202);
    const again = control.send(new DeleteGuardrailCommand({ guardrailIdentifier }));
    await assert.rejects(again, ResourceNotFoundException);
  });
});

describe('ListGuardrails', () => {
  it('pages through drafts in a fixed order, whatever is deleted meanwhile', async () => {
    let nowMs = 1_700_000_000_000;
    await using bench = await openBench({ nowMs: () => nowMs });
    const { control } = bench;
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) {
      nowMs += i % 2; // two in a millisecond
      const created = await control.send(new CreateGuardrailCommand({ ...WORD_GUARDRAIL, name: `g${i}` }));
      ids.push(created.guardrailId ?? '');
    }
    const seen: string[] = [];
    for await (const page of paginateListGuardrails({ client: control, pageSize: 2 }, {})) {
      assert.ok((page.guardrails?.length ?? 0) <= 2);
      seen.push(...(page.guardrails ?? []).map(({ id }) => id ?? ''));
      if (seen.length === 2) await control.send(new DeleteGuardrailCommand({ guardrailIdentifier: seen[0] }));
    }
    assert.deepEqual(seen.toSorted(), ids.toSorted());
    assert.equal(new Set(seen).size, 7);
  });

  it('lists the draft and the versions of one guardrail', async () => {
    await using bench = await openBench();
    const { control } = bench;
    const { guardrailId: guardrailIdentifier, guardrailArn } = await control.send(
      new CreateGuardrailCommand({ ...WORD_GUARDRAIL, description: 'Words' }),
    );
    for (let i = 0; i < 11; i++)
      await control.send(new CreateGuardrailVersionCommand({ guardrailIdentifier }));
    const first = await control.send(new ListGuardrailsCommand({ guardrailIdentifier, maxResults: 10 }));
    const rest = await control.send(
      new ListGuardrailsCommand({ guardrailIdentifier, maxResults: 10, nextToken: first.nextToken }),
    );
    const versions = [...(first.guardrails ?? []), ...(rest.guardrails ?? [])].map(({ version }) => version);
    assert.deepEqual(versions, ['DRAFT', ...Array.from({ length: 11 }, (_, i) => String(i + 1))]);
    assert.equal(rest.nextToken, undefined);
    const [draft] = first.guardrails ?? [];
    const { createdAt, updatedAt, ...summary } = draft ?? {};
    assert.ok(createdAt instanceof Date && updatedAt instanceof Date);
    assert.deepEqual(summary, {
      id: guardrailIdentifier,
      arn: guardrailArn,
      status: 'READY',
      name: 'one-word',
      description: 'Words',
      version: 'DRAFT',
    });
  });

  it('refuses pages of no or of too many, and tokens of other lists', async () => {
    await using bench = await openBench();
    const { control } = bench;
    for (let i = 0; i < 3; i++)
      await control.send(new CreateGuardrailCommand({ ...WORD_GUARDRAIL, name: `g${i}` }));
    const { nextToken, guardrails } = await control.send(new ListGuardrailsCommand({ maxResults: 1 }));
    const requests = [
      { maxResults: 0 },
      { maxResults: 1001 },
      { nextToken: 'made-up' },
      { nextToken, guardrailIdentifier: guardrails?.[0]?.id },
    ];
    for (const request of requests)
      await assert.rejects(control.send(new ListGuardrailsCommand(request)), ValidationException);
  });
});

it('keeps the tags of a guardrail, and lets them be changed', async () => {
  await using bench = await openBench();
  const { control } = bench;
  const { guardrailArn: resourceARN } = await control.send(new CreateGuardrailCommand(WHOLE));
  const tagsOf = async () => (await control.send(new ListTagsForResourceCommand({ resourceARN }))).tags;
  assert.deepEqual(await tagsOf(), [{ key: 'team', value: 'desk' }]);
  const tags = [{ key: 'team', value: 'shop' }, { key: 'stage', value: '' }]; // prettier-ignore
  await control.send(new TagResourceCommand({ resourceARN, tags }));
  assert.deepEqual(await tagsOf(), tags);
  await control.send(new UntagResourceCommand({ resourceARN, tagKeys: ['team', 'unknown'] }));
  assert.deepEqual(await tagsOf(), [{ key: 'stage', value: '' }]);
  const other = { resourceARN: 'arn:aws:bedrock:eu-west-1:123456789012:guardrail/unknown' };
  await assert.rejects(control.send(new ListTagsForResourceCommand(other)), ResourceNotFoundException);
  const wrong = { resourceARN, tags: [{ key: '#', value: '' }] };
  await assert.rejects(control.send(new TagResourceCommand(wrong)), ValidationException);
});

it('says of any other operation that it is not here', async () => {
  await using bench = await openBench();
  const failure = await failureOf(bench.control.send(new ListFoundationModelsCommand({})));
  assert.deepEqual([failure.name, failure.status], ['UnknownOperationException', 404]);
  assert.match(failure.message, /no operation for GET \/foundation-models/);
});

it('throttles in the shape that the client retries by itself', async () => {
  const ask = async (maxAttempts: number) => {
    await using bench = await openBench({ requestsPerSecond: 5, maxAttempts });
    const sent = Array.from({ length: 8 }, () => bench.control.send(new ListGuardrailsCommand({})));
    const failures = (await Promise.allSettled(sent)).filter(({ status }) => status === 'rejected');
    const [first] = await Promise.allSettled([failureOf(sent.at(-1) ?? Promise.resolve())]);
    return { failures: failures.length, first };
  };
  const impatient = await ask(1);
  assert.ok(impatient.failures > 0);
  assert.ok(impatient.first.status === 'fulfilled');
  assert.deepEqual([impatient.first.value.name, impatient.first.value.status], ['ThrottlingException', 429]);
  assert.equal((await ask(20)).failures, 0);
});
