import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CreateGuardrailCommand,
  CreateGuardrailVersionCommand,
  DeleteGuardrailCommand,
  GetGuardrailCommand,
  ListGuardrailsCommand,
} from '@aws-sdk/client-bedrock';
import { createMemoryStore, governGuardrails, openFileStore, startLocalBedrock } from './index.ts';
import { openBench, PLACE, WORD_GUARDRAIL } from './testing/bench.ts';

async function openFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'local-bedrock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('keeps guardrails, versions and used tokens in files over a restart', async () => {
  await using folder = await openFolder();
  const request = { ...WORD_GUARDRAIL, clientRequestToken: 'once' };
  let guardrailIdentifier: string | undefined;
  {
    await using bench = await openBench({ store: await openFileStore(folder.path, PLACE) });
    const created = await bench.control.send(new CreateGuardrailCommand(request));
    guardrailIdentifier = created.guardrailId;
    await bench.control.send(new CreateGuardrailVersionCommand({ guardrailIdentifier }));
    const other = await bench.control.send(new CreateGuardrailCommand({ ...WORD_GUARDRAIL, name: 'other' }));
    await bench.control.send(new DeleteGuardrailCommand({ guardrailIdentifier: other.guardrailId }));
  }
  assert.deepEqual(await readdir(folder.path), [`${guardrailIdentifier}.json`]);
  const elsewhere = openFileStore(folder.path, { ...PLACE, region: 'us-east-1' });
  await assert.rejects(elsewhere, /of another Region or account/);
  await using bench = await openBench({ store: await openFileStore(folder.path, PLACE) });
  const again = await bench.control.send(new CreateGuardrailCommand(request));
  assert.equal(again.guardrailId, guardrailIdentifier);
  const version = await bench.control.send(
    new GetGuardrailCommand({ guardrailIdentifier, guardrailVersion: '1' }),
  );
  assert.deepEqual(version.wordPolicy?.words, WORD_GUARDRAIL.wordPolicyConfig?.wordsConfig);
});

test('makes one change after the other, however many are asked for at once', async () => {
  await using folder = await openFolder();
  await using bench = await openBench({ store: await openFileStore(folder.path, PLACE) });
  const request = { ...WORD_GUARDRAIL, clientRequestToken: 'once' };
  const created = await Promise.all(
    Array.from({ length: 5 }, () => bench.control.send(new CreateGuardrailCommand(request))),
  );
  const [guardrailIdentifier, ...others] = new Set(created.map(({ guardrailId }) => guardrailId));
  assert.deepEqual(others, []);
  const made = await Promise.all(
    Array.from({ length: 10 }, () =>
      bench.control.send(new CreateGuardrailVersionCommand({ guardrailIdentifier })),
    ),
  );
  const numbers = made.map(({ version }) => Number(version)).toSorted((a, b) => a - b);
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('does not start on a file that it cannot read', async () => {
  await using folder = await openFolder();
  for (const text of ['{', '{}', '[]']) {
    await writeFile(join(folder.path, 'broken.json'), text);
    await assert.rejects(openFileStore(folder.path, PLACE), /broken\.json: is not .*remove the file/);
  }
});

test("serves a repository's guardrails under ids of their names, the draft being the latest", async () => {
  const config = (text: string) => ({
    name: 'support-baseline',
    blockedInputMessaging: 'No.',
    blockedOutputsMessaging: 'No.',
    wordPolicyConfig: { wordsConfig: [{ text }] },
  });
  const at = '2026-01-01T00:00:00.000Z';
  const governed = governGuardrails(
    [
      { name: 'support-baseline', versions: [{ version: 10, config: config('ten') }, { version: 9, config: config('nine') }] },
    ],
    { place: PLACE, at },
  ); // prettier-ignore
  await using bench = await openBench({ store: createMemoryStore(governed) });
  const { guardrails } = await bench.control.send(
    new ListGuardrailsCommand({ guardrailIdentifier: 'supportbaseline' }),
  );
  assert.deepEqual(
    guardrails?.map(({ version }) => version),
    ['DRAFT', '9', '10'],
  );
  const wordOf = async (guardrailVersion: string) => {
    const command = new GetGuardrailCommand({ guardrailIdentifier: 'supportbaseline', guardrailVersion });
    return (await bench.control.send(command)).wordPolicy?.words?.[0]?.text;
  };
  assert.deepEqual([await wordOf('DRAFT'), await wordOf('9'), await wordOf('10')], ['ten', 'nine', 'ten']);
  const next = new CreateGuardrailVersionCommand({ guardrailIdentifier: 'supportbaseline' });
  assert.equal((await bench.control.send(next)).version, '11');
  const twins = [
    { name: 'a-b', versions: [{ version: 1, config: config('x') }] },
    { name: 'ab', versions: [{ version: 1, config: config('x') }] },
  ];
  assert.throws(() => governGuardrails(twins, { place: PLACE, at }), /rename ab/);
});

test('listens on loopback alone', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com']) {
    const options = { host, port: 0, place: PLACE, store: createMemoryStore() };
    await assert.rejects(startLocalBedrock(options), /listens on loopback alone/);
  }
});
