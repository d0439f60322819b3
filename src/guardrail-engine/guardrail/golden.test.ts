import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileGuardrail } from './compile.ts';
import { parseGuardrailConfig } from './config.ts';
import type { Classifiers, Confidence, WindowClassifier } from './policies.ts';
import { responseSchema } from './response-schema.ts';
import type { ApplyGuardrailResponse } from './response.ts';

// Answers of the live service to seven prompts (aws-samples/amazon-bedrock-samples, MIT-0, cells 8 to 19 of a notebook
// that guards code). What a classifier of Amazon's makes of a prompt is not to be had here, so the classifiers say what
// those said; everything else is the engine's own.
type Golden = {
  name: string;
  prompt: string;
  topic?: string;
  filters: readonly [type: string, confidence: Confidence][];
  ssn?: string;
};

const TOPICS = ['SQL Injection Patterns', 'Malicious CLI Tools', 'Discriminatory Algorithms'];
const BLOCKED = 'This request violates code safety policies.';
const GOLDEN: readonly Golden[] = [
  { name: 'an injection into SQL, with a prompt attack', prompt: 's'.repeat(408), topic: TOPICS[0] ?? '', filters: [['PROMPT_ATTACK', 'HIGH'], ['MISCONDUCT', 'HIGH']] },
  { name: 'the deletion of files', prompt: 'd'.repeat(79), topic: TOPICS[1] ?? '', filters: [['PROMPT_ATTACK', 'MEDIUM'], ['MISCONDUCT', 'HIGH']] },
  { name: 'the theft of credentials', prompt: 't'.repeat(116), topic: TOPICS[1] ?? '', filters: [['PROMPT_ATTACK', 'HIGH'], ['MISCONDUCT', 'HIGH']] },
  { name: 'a discriminating algorithm', prompt: 'a'.repeat(91), topic: TOPICS[2] ?? '', filters: [['HATE', 'HIGH'], ['MISCONDUCT', 'HIGH']] },
  { name: 'a social security number in code', prompt: `fake_ssn = "123-45-6789"${' '.repeat(261)}`, filters: [['PROMPT_ATTACK', 'HIGH'], ['MISCONDUCT', 'HIGH']], ssn: '123-45-6789' },
  { name: 'a harmless question about addresses', prompt: 'e'.repeat(105), filters: [] },
  { name: 'a harmless question about hashing', prompt: 'h'.repeat(82), filters: [] },
]; // prettier-ignore

const CONFIG = {
  name: 'code',
  blockedInputMessaging: BLOCKED,
  blockedOutputsMessaging: BLOCKED,
  topicPolicyConfig: { topicsConfig: TOPICS.map((name) => ({ name, definition: name, type: 'DENY' })) },
  contentPolicyConfig: {
    filtersConfig: ['HATE', 'PROMPT_ATTACK', 'MISCONDUCT'].map((type) => ({
      type,
      inputStrength: 'HIGH',
      outputStrength: type === 'PROMPT_ATTACK' ? 'NONE' : 'HIGH',
    })),
  },
  sensitiveInformationPolicyConfig: {
    piiEntitiesConfig: [{ type: 'US_SOCIAL_SECURITY_NUMBER', action: 'BLOCK' }],
    regexesConfig: [{ name: 'key', pattern: 'AKIA[A-Z0-9]{16}', action: 'BLOCK' }],
  },
};

const CONFIDENCES: readonly Confidence[] = ['NONE', 'LOW', 'MEDIUM', 'HIGH'];

function saying(labels: readonly string[], said: (label: string) => Confidence): WindowClassifier {
  return {
    labels,
    judge: () => labels.map((label) => CONFIDENCES.indexOf(said(label)) / 3),
    confidenceOf: (_, score) => CONFIDENCES[Math.round(score * 3)] ?? 'NONE',
  };
}

function classifiersOf({ topic, filters }: Golden): Classifiers {
  const categoryOf = (type: string) => (type === 'PROMPT_ATTACK' ? 'JAILBREAK' : type);
  return {
    createContentClassifier: ({ categories }) =>
      saying(categories, (label) => filters.find(([type]) => categoryOf(type) === label)?.[1] ?? 'NONE'),
    compileTopics: ({ topics }) =>
      saying(
        topics.map(({ name }) => name),
        (label) => (label === topic ? 'HIGH' : 'NONE'),
      ),
    scoreGrounding: () => ({ grounding: 1, relevance: 1 }),
  };
}

function expected({ prompt, topic, filters, ssn }: Golden): ApplyGuardrailResponse {
  const isBlocked = filters.length > 0;
  const usage = {
    topicPolicyUnits: 1,
    contentPolicyUnits: 1,
    wordPolicyUnits: 0,
    sensitiveInformationPolicyUnits: 1,
    sensitiveInformationPolicyFreeUnits: 1,
    contextualGroundingPolicyUnits: 0,
    contentPolicyImageUnits: 0,
    automatedReasoningPolicyUnits: 0,
    automatedReasoningPolicies: 0,
  };
  const guardrailCoverage = { textCharacters: { guarded: prompt.length, total: prompt.length } };
  const blocked = { action: 'BLOCKED', detected: true } as const;
  const shown = filters.map(([type, confidence]) => ({
    type,
    confidence,
    filterStrength: 'HIGH',
    ...blocked,
  }));
  const policies = {
    ...(topic === undefined ? {} : { topicPolicy: { topics: [{ name: topic, type: 'DENY', ...blocked }] } }),
    ...(isBlocked ? { contentPolicy: { filters: shown } } : {}),
    ...(ssn === undefined
      ? {}
      : {
          sensitiveInformationPolicy: {
            piiEntities: [{ match: ssn, type: 'US_SOCIAL_SECURITY_NUMBER', ...blocked }],
          },
        }),
  };
  return responseSchema.parse({
    usage,
    action: isBlocked ? 'GUARDRAIL_INTERVENED' : 'NONE',
    actionReason: isBlocked ? 'Guardrail blocked.' : 'No action.',
    outputs: isBlocked ? [{ text: BLOCKED }] : [],
    assessments: [
      {
        ...policies,
        invocationMetrics: { guardrailProcessingLatency: 0, usage, guardrailCoverage },
        appliedGuardrailDetails: {
          guardrailId: 'h7t5aokrpe1n',
          guardrailVersion: 'DRAFT',
          guardrailArn: 'arn:aws:bedrock:us-east-1:111122223333:guardrail/h7t5aokrpe1n',
          guardrailOrigin: ['REQUEST'],
          guardrailOwnership: 'SELF',
        },
      },
    ],
    guardrailCoverage,
  }) as ApplyGuardrailResponse; // the schema's own output
}

describe('answers of the live service', () => {
  for (const golden of GOLDEN) {
    it(`are given again: ${golden.name}`, () => {
      const parsed = parseGuardrailConfig(CONFIG);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      const identity = {
        id: 'h7t5aokrpe1n',
        version: 'DRAFT',
        arn: 'arn:aws:bedrock:us-east-1:111122223333:guardrail/h7t5aokrpe1n',
        nowMs: () => 0,
      };
      const guardrail = compileGuardrail(parsed.config, identity, classifiersOf(golden));
      const content = [{ text: { text: golden.prompt } }];
      const response = guardrail.assess({ source: 'INPUT', content });
      assert.deepEqual(response, expected(golden));
      const stream = guardrail.stream({ source: 'INPUT' });
      for (const char of golden.prompt) stream.push(char);
      assert.deepEqual(stream.end().response, response);
    });
  }
});
