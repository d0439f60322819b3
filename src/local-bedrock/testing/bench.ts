import { BedrockClient, type CreateGuardrailCommandInput } from '@aws-sdk/client-bedrock';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { createMemoryStore, startLocalBedrock, type GuardrailStore, type LocalBedrock } from '../index.ts';

export const PLACE = { region: 'eu-west-1', accountId: '123456789012' } as const;

/** A local Bedrock with the official clients, which are told its address and nothing else. */
export interface Bench extends AsyncDisposable {
  readonly bedrock: LocalBedrock;
  readonly control: BedrockClient;
  readonly runtime: BedrockRuntimeClient;
}

export async function openBench(
  options: {
    store?: GuardrailStore;
    requestsPerSecond?: number;
    nowMs?: () => number;
    maxAttempts?: number;
  } = {},
): Promise<Bench> {
  const { store = createMemoryStore(), maxAttempts = 1, ...rest } = options;
  const bedrock = await startLocalBedrock({ host: '127.0.0.1', port: 0, place: PLACE, store, ...rest });
  const settings = {
    region: PLACE.region,
    endpoint: bedrock.url,
    credentials: { accessKeyId: 'not-a-key', secretAccessKey: 'not-a-secret' },
    maxAttempts,
  };
  const control = new BedrockClient(settings);
  const runtime = new BedrockRuntimeClient(settings);
  return {
    bedrock,
    control,
    runtime,
    [Symbol.asyncDispose]: async () => {
      control.destroy();
      runtime.destroy();
      await bedrock[Symbol.asyncDispose]();
    },
  };
}

/** The smallest guardrail: one word that is blocked. */
export const WORD_GUARDRAIL: CreateGuardrailCommandInput = {
  name: 'one-word',
  blockedInputMessaging: 'Not asked.',
  blockedOutputsMessaging: 'Not said.',
  wordPolicyConfig: { wordsConfig: [{ text: 'nightjar' }] },
};

/** What an operation rejects with, as its client sees it. */
export async function failureOf(
  sent: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  const error = await sent.then(
    () => {
      throw new Error('the request was answered');
    },
    (reason: unknown) => reason,
  );
  // Every error of the SDK has these.
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  return { name, status: $metadata?.httpStatusCode, message };
}
