import type { ModelProvider, ModelRequest } from '../../../ports/model.ts';
import type { AnswerEvent } from '../../../road/conversation.ts';
import { NO_LIMITS, type Route } from '../../../road/governed.ts';
import {
  proveDurableIntent,
  proveGuardedPrompt,
  proveRoutePlan,
  type Grant,
  type RedactedPrompt,
  type Reservation,
} from '../../../road/proofs.ts';
import type { RecordedTry } from '../../../road/record.ts';
import type { Inference } from '../inference.ts';

/** A route with deadlines of a few milliseconds. */
export function makeRoute(name: string, more: Partial<Route> = {}): Route {
  return {
    name,
    provider: 'stand-in',
    model: 'test-model',
    region: 'local',
    baseUrl: undefined,
    apiKeyEnv: undefined,
    bedrockGuardrail: undefined,
    dataClasses: ['internal'],
    price: { inputMicroUsdPerMillion: 1, outputMicroUsdPerMillion: 1 },
    limits: NO_LIMITS,
    expectedLatencyMs: 1,
    timeouts: { firstByteMs: 40, idleMs: 40, totalMs: 150 },
    retries: 0,
    breaker: { failures: 3, coolDownMs: 1_000 },
    ...more,
  };
}

/** What happened around an inference, in its order: `admit a`, `ask a`, `succeeded a`, `try a answered`, … */
export interface WatchedInference extends Inference {
  readonly told: string[];
  readonly tries: RecordedTry[];
  readonly requests: ModelRequest[];
}

/** An inference at these routes, with a provider in memory and a route health that only takes notes. */
export function watchInference(input: {
  readonly routes: readonly [Route, ...Route[]];
  readonly infer: ModelProvider['infer'];
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  /** Routes whose breaker is open. */
  readonly open?: readonly string[];
  readonly random?: number;
}): WatchedInference {
  const told: string[] = [];
  const tries: RecordedTry[] = [];
  const requests: ModelRequest[] = [];
  const provider: ModelProvider = {
    infer: (request) => {
      told.push(`ask ${request.route.name}`);
      requests.push(request);
      return input.infer(request);
    },
    close: async () => undefined,
  };
  const nowUs = () => performance.now() * 1_000;
  return {
    told,
    tries,
    requests,
    prompt: proveGuardedPrompt({
      reservation: {} as Reservation,
      redacted: {} as RedactedPrompt, // inference never looks into it
      prompt: {
        system: 'Be kind.',
        messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
        tools: [],
        toolChoice: undefined,
        parameters: { maxOutputTokens: 10 },
      },
      guard: { engine: 'test', id: 'g', version: '1', source: 'INPUT', action: 'none', findings: [] },
    }),
    intent: proveDurableIntent('request-1'),
    plan: proveRoutePlan({ grant: {} as Grant, routes: input.routes }), // nor into the grant
    providers: { 'stand-in': provider, bedrock: provider, 'openai-compatible': provider },
    health: {
      admit: ({ name }) => {
        const isOpen = input.open?.includes(name) === true;
        told.push(`${isOpen ? 'hold' : 'admit'} ${name}`);
        return !isOpen;
      },
      isAvailable: () => true,
      succeeded: ({ name }) => told.push(`succeeded ${name}`),
      failed: ({ name }) => told.push(`failed ${name}`),
      inconclusive: ({ name }) => told.push(`inconclusive ${name}`),
      latencyMs: () => 1,
    },
    clock: { nowMs: () => Date.now(), monotonicUs: nowUs, random: () => input.random ?? 0 },
    signal: input.signal ?? new AbortController().signal,
    delivery: 'stream',
    mayTake: () => true,
    deadlineUs: nowUs() + (input.deadlineMs ?? 1_000) * 1_000,
    onTry: (attempt) => {
      tries.push(attempt);
      told.push(`try ${attempt.route} ${attempt.outcome}`);
    },
    onRoute: ({ name }) => told.push(`take ${name}`),
  };
}

export const TEXT: readonly AnswerEvent[] = [{ type: 'text', text: 'Hello' }];
export const FINISH: readonly AnswerEvent[] = [
  { type: 'finish', reason: 'stop', usage: { inputTokens: 1, outputTokens: 1, source: 'provider' } },
];
