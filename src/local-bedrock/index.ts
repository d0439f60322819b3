// A local Amazon Bedrock: a library of its own, on the guardrail engine.
export { startLocalBedrock, type LocalBedrock, type LocalBedrockOptions } from './server.ts';
export { createMemoryStore, openFileStore } from './store.ts';
export { governGuardrails, type GovernedGuardrail } from './governed.ts';
export { type Place } from './describe.ts';
export { type GuardrailStore } from './guardrail.ts';
