import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BedrockClient, CreateGuardrailCommand, ListGuardrailsCommand } from '@aws-sdk/client-bedrock';
import { ApplyGuardrailCommand, BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/support-desk', import.meta.url));

interface Started extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly greeting: string;
}

async function start(...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [MAIN, 'bedrock', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let greeting = '';
  for await (const chunk of child.stdout ?? []) {
    greeting += String(chunk);
    if (greeting.includes('AWS_SECRET_ACCESS_KEY')) break;
  }
  return {
    child,
    greeting,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      const [status] = (await once(child, 'exit')) as [number | null];
      assert.equal(status, 0, 'it stops when it is told to');
    },
  };
}

test('prints the settings with which the SDKs ask it, and serves a repository and a state', async () => {
  const state = await mkdtemp(join(tmpdir(), 'goldenpath-bedrock-'));
  const before = { ...process.env };
  try {
    await using bedrock = await start('--governance', EXAMPLE, '--state', state, '--region', 'eu-west-1');
    assert.match(bedrock.greeting, /guardrail {3}supportbaseline \(support-baseline\): DRAFT, 1, 2\n/);
    for (const [, name = '', value = ''] of bedrock.greeting.matchAll(/(AWS_[A-Z_]+)=(\S+)/g))
      process.env[name] = value;
    const control = new BedrockClient();
    const runtime = new BedrockRuntimeClient();
    const word = {
      name: 'mine',
      blockedInputMessaging: 'No.',
      blockedOutputsMessaging: 'No.',
      wordPolicyConfig: { wordsConfig: [{ text: 'nightjar' }] },
    };
    const { guardrailArn } = await control.send(new CreateGuardrailCommand(word));
    assert.match(guardrailArn ?? '', /^arn:aws:bedrock:eu-west-1:123456789012:guardrail\//);
    const answer = await runtime.send(
      new ApplyGuardrailCommand({
        guardrailIdentifier: 'supportbaseline',
        guardrailVersion: '1',
        source: 'OUTPUT',
        content: [{ text: { text: 'See TCK-123456' } }],
      }),
    );
    assert.deepEqual(answer.outputs, [{ text: 'See {internal-ticket}' }]);
    const { guardrails } = await control.send(new ListGuardrailsCommand({}));
    assert.deepEqual(guardrails?.map(({ name }) => name).toSorted(), [
      'marketing-baseline',
      'mine',
      'support-baseline',
    ]);
    control.destroy();
    runtime.destroy();
  } finally {
    process.env = before;
  }
  try {
    await using again = await start('--state', state, '--region', 'eu-west-1');
    assert.match(again.greeting, /\(mine\): DRAFT\n/);
  } finally {
    await rm(state, { recursive: true });
  }
});

const REFUSED: readonly [readonly string[], RegExp][] = [
  [['--host', '0.0.0.0'], /listens on loopback alone/],
  [['--account', '12'], /twelve digits/],
  [['--governance', join(EXAMPLE, 'knowledge')], /goldenpath\.yaml/],
];
for (const [args, message] of REFUSED) {
  test(`refuses ${args[0]} ${args[1]?.split('/').at(-1)}`, async () => {
    const child = spawn(process.execPath, [MAIN, 'bedrock', '--port', '0', ...args]);
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    assert.equal(status, 2);
    assert.match(told, message);
  });
}
