import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGuardrailConfig } from './config.ts';
import { listUnsupportedPolicies } from './unsupported.ts';

const MINIMAL = { name: 'support-1', blockedInputMessaging: 'No.', blockedOutputsMessaging: 'No answer.' };
const pii = (piiEntitiesConfig: unknown[]) => ({ sensitiveInformationPolicyConfig: { piiEntitiesConfig } });
const regexes = (regexesConfig: unknown[]) => ({ sensitiveInformationPolicyConfig: { regexesConfig } });
const words = (wordsConfig: unknown[]) => ({ wordPolicyConfig: { wordsConfig } });
const regex = { name: 'ticket', pattern: 'T-\\d+', action: 'BLOCK' };

describe('guardrail configuration', () => {
  it('takes every policy of CreateGuardrail', () => {
    const parsed = parseGuardrailConfig({
      ...MINIMAL,
      description: 'd',
      topicPolicyConfig: {
        topicsConfig: [
          { name: 'Legal advice?', definition: 'd', type: 'DENY', examples: ['e'], inputAction: 'NONE' },
        ],
        tierConfig: { tierName: 'STANDARD' },
      },
      contentPolicyConfig: {
        filtersConfig: [
          { type: 'HATE', inputStrength: 'LOW', outputStrength: 'HIGH', inputModalities: ['TEXT', 'IMAGE'] },
        ],
        tierConfig: { tierName: 'CLASSIC' },
      },
      wordPolicyConfig: {
        wordsConfig: [{ text: 'acme', inputAction: 'BLOCK', inputEnabled: true }],
        managedWordListsConfig: [{ type: 'PROFANITY', outputEnabled: false }],
      },
      sensitiveInformationPolicyConfig: {
        piiEntitiesConfig: [
          { type: 'EMAIL', action: 'ANONYMIZE', inputAction: 'BLOCK', outputEnabled: true },
        ],
        regexesConfig: [{ ...regex, description: 'd', outputAction: 'NONE' }],
      },
      contextualGroundingPolicyConfig: {
        filtersConfig: [{ type: 'GROUNDING', threshold: 0.7, action: 'BLOCK', enabled: true }],
        tierConfig: { tierName: 'CLASSIC' },
      },
      automatedReasoningPolicyConfig: {
        policies: ['arn:aws:bedrock:us-east-1:123456789012:automated-reasoning-policy/abcdefghijkl:1'],
        confidenceThreshold: 0.5,
      },
      crossRegionConfig: { guardrailProfileIdentifier: 'us.guardrail.v1:0' },
      kmsKeyId: 'alias/key',
      tags: [{ key: 'a', value: '' }],
      clientRequestToken: 'abc-1',
    });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.equal(parsed.config.topicPolicyConfig?.topicsConfig[0]?.inputAction, 'NONE');
  });

  const wrong: readonly [what: string, json: unknown, path: string][] = [
    ['is no object', 'text', ''],
    ['has no name', { ...MINIMAL, name: undefined }, 'name'],
    ['has a name with a space', { ...MINIMAL, name: 'a b' }, 'name'],
    ['has a name that is too long', { ...MINIMAL, name: 'a'.repeat(51) }, 'name'],
    ['has a message that is too long', { ...MINIMAL, blockedInputMessaging: 'a'.repeat(501) }, 'blockedInputMessaging'],
    ['has an unknown field', { ...MINIMAL, wordsPolicyConfig: {} }, 'wordsPolicyConfig'],
    ['has an unknown field deep down', { ...MINIMAL, ...words([{ text: 'a' }, { text: 'b', action: 'BLOCK' }]) }, 'wordPolicyConfig.wordsConfig[1].action'],
    ['masks a word', { ...MINIMAL, ...words([{ text: 'a', inputAction: 'ANONYMIZE' }]) }, 'wordPolicyConfig.wordsConfig[0].inputAction'],
    ['has an empty word', { ...MINIMAL, ...words([{ text: '' }]) }, 'wordPolicyConfig.wordsConfig[0].text'],
    ['has a word that is too long', { ...MINIMAL, ...words([{ text: 'a'.repeat(101) }]) }, 'wordPolicyConfig.wordsConfig[0].text'],
    ['has an empty list', { ...MINIMAL, ...words([]) }, 'wordPolicyConfig.wordsConfig'],
    ['has too many words', { ...MINIMAL, ...words(Array.from({ length: 10_001 }, () => ({ text: 'a' }))) }, 'wordPolicyConfig.wordsConfig'],
    ['has an unknown PII type', { ...MINIMAL, ...pii([{ type: 'SHOE_SIZE', action: 'BLOCK' }]) }, 'sensitiveInformationPolicyConfig.piiEntitiesConfig[0].type'],
    ['has PII without an action', { ...MINIMAL, ...pii([{ type: 'EMAIL' }]) }, 'sensitiveInformationPolicyConfig.piiEntitiesConfig[0].action'],
    ['has a PII type twice', { ...MINIMAL, ...pii([{ type: 'URL', action: 'BLOCK' }, { type: 'URL', action: 'NONE' }]) }, 'sensitiveInformationPolicyConfig.piiEntitiesConfig[1].type'],
    ['has a regex name twice', { ...MINIMAL, ...regexes([regex, regex]) }, 'sensitiveInformationPolicyConfig.regexesConfig[1].name'],
    ['has too many regexes', { ...MINIMAL, ...regexes(Array.from({ length: 11 }, (_, i) => ({ ...regex, name: `r${i}` }))) }, 'sensitiveInformationPolicyConfig.regexesConfig'],
    ['has a regex that is too long', { ...MINIMAL, ...regexes([{ ...regex, pattern: 'a'.repeat(501) }]) }, 'sensitiveInformationPolicyConfig.regexesConfig[0].pattern'],
    ['has a switch that is a text', { ...MINIMAL, ...words([{ text: 'a', inputEnabled: 'false' }]) }, 'wordPolicyConfig.wordsConfig[0].inputEnabled'],
  ]; // prettier-ignore
  for (const [what, json, path] of wrong) {
    it(`refuses one that ${what}`, () => {
      const parsed = parseGuardrailConfig(json);
      assert.ok(!parsed.ok);
      assert.ok(
        parsed.errors.some((error) => error.path === path && error.message !== ''),
        JSON.stringify(parsed.errors),
      );
    });
  }

  it('says all that is wrong at once, and what to do about an unknown field', () => {
    const parsed = parseGuardrailConfig({ name: '', inputs: 1, outputs: 2 });
    assert.ok(!parsed.ok);
    assert.deepEqual([...new Set(parsed.errors.map(({ path }) => path))].sort(), [
      'blockedInputMessaging',
      'blockedOutputsMessaging',
      'inputs',
      'name',
      'outputs',
    ]);
    assert.match(parsed.errors.find(({ path }) => path === 'inputs')?.fix ?? '', /spelling/);
  });
});

describe('unsupported policies', () => {
  const unsupported: readonly [path: string, policies: object][] = [
    ['automatedReasoningPolicyConfig', { automatedReasoningPolicyConfig: { policies: ['arn:aws:bedrock:us-east-1:123456789012:automated-reasoning-policy/abcdefghijkl'] } }],
    ['contentPolicyConfig.filtersConfig[0].inputModalities', { contentPolicyConfig: { filtersConfig: [{ type: 'HATE', inputStrength: 'LOW', outputStrength: 'LOW', inputModalities: ['IMAGE'] }] } }],
    ['sensitiveInformationPolicyConfig.regexesConfig[0].pattern', regexes([{ ...regex, pattern: '(?<=id: )\\d+' }])],
  ]; // prettier-ignore
  for (const [path, policies] of unsupported) {
    it(`lists ${path}`, () => {
      const parsed = parseGuardrailConfig({ ...MINIMAL, ...policies });
      assert.ok(parsed.ok, JSON.stringify(parsed));
      const list = listUnsupportedPolicies(parsed.config);
      assert.ok(list.some((entry) => entry.path === path));
      assert.ok(list.every(({ policy, reason }) => policy !== '' && reason !== ''));
    });
  }

  it('lists nothing where everything can be evaluated', () => {
    const parsed = parseGuardrailConfig({
      ...MINIMAL,
      ...words([{ text: 'a' }]),
      ...pii([{ type: 'URL', action: 'NONE' }]),
    });
    assert.ok(parsed.ok);
    assert.deepEqual(listUnsupportedPolicies(parsed.config), []);
  });
});
