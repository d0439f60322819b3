import type { Behaviour, GuardrailVersion, StoredGuardrail } from './guardrail.ts';

/** Where this Bedrock says it is. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
}

/** The ARN of a guardrail. */
export function toArn(id: string, { region, accountId }: Place): string {
  return `arn:aws:bedrock:${region}:${accountId}:guardrail/${id}`;
}

/** The answer of GetGuardrail: the configuration under the names that it has in answers. */
export function describeGuardrail(guardrail: StoredGuardrail, version: GuardrailVersion, place: Place) {
  const { config, failures } = version;
  return {
    name: config.name,
    ...(config.description === undefined ? {} : { description: config.description }),
    guardrailId: guardrail.id,
    guardrailArn: guardrail.arn,
    version: version.version,
    status: statusOf(version),
    ...describePolicies(config),
    ...describeCrossRegion(config, place),
    createdAt: version.createdAt,
    updatedAt: version.updatedAt,
    statusReasons: failures.map(({ reason }) => reason.slice(0, MOST_REASON)),
    failureRecommendations: failures.map(({ recommendation }) => recommendation.slice(0, MOST_REASON)),
    blockedInputMessaging: config.blockedInputMessaging,
    blockedOutputsMessaging: config.blockedOutputsMessaging,
    ...(config.kmsKeyId === undefined ? {} : { kmsKeyArn: toKeyArn(config.kmsKeyId, place) }),
  };
}

/** One entry of ListGuardrails. */
export function summariseGuardrail(guardrail: StoredGuardrail, version: GuardrailVersion, place: Place) {
  const { config } = version;
  return {
    id: guardrail.id,
    arn: guardrail.arn,
    status: statusOf(version),
    name: config.name,
    ...(config.description === undefined ? {} : { description: config.description }),
    version: version.version,
    createdAt: version.createdAt,
    updatedAt: version.updatedAt,
    ...describeCrossRegion(config, place),
  };
}

const MOST_REASON = 200;

// Nothing takes time here: what Bedrock shows as CREATING, UPDATING or VERSIONING for a while is over at once.
function statusOf({ failures }: GuardrailVersion): 'READY' | 'FAILED' {
  return failures.length > 0 ? 'FAILED' : 'READY';
}

function describePolicies(config: Behaviour) {
  const { topicPolicyConfig: topic, contentPolicyConfig: content, wordPolicyConfig: word } = config;
  const { sensitiveInformationPolicyConfig: sensitive, contextualGroundingPolicyConfig: grounding } = config;
  const { automatedReasoningPolicyConfig: reasoning } = config;
  return {
    ...(topic && { topicPolicy: { topics: topic.topicsConfig, ...tierOf(topic) } }),
    ...(content && { contentPolicy: { filters: content.filtersConfig, ...tierOf(content) } }),
    ...(word && {
      wordPolicy: {
        ...(word.wordsConfig && { words: word.wordsConfig }),
        ...(word.managedWordListsConfig && { managedWordLists: word.managedWordListsConfig }),
      },
    }),
    ...(sensitive && {
      sensitiveInformationPolicy: {
        ...(sensitive.piiEntitiesConfig && { piiEntities: sensitive.piiEntitiesConfig }),
        ...(sensitive.regexesConfig && { regexes: sensitive.regexesConfig }),
      },
    }),
    ...(grounding && {
      contextualGroundingPolicy: {
        filters: grounding.filtersConfig,
        ...(grounding.tierConfig && { tier: grounding.tierConfig }),
      },
    }),
    ...(reasoning && { automatedReasoningPolicy: reasoning }),
  };
}

type Tiered = { readonly tierConfig?: { readonly tierName: 'CLASSIC' | 'STANDARD' } };

function tierOf({ tierConfig }: Tiered): { tier: { tierName: 'CLASSIC' | 'STANDARD' } } {
  return { tier: tierConfig ?? { tierName: 'CLASSIC' } };
}

function describeCrossRegion({ crossRegionConfig }: Behaviour, { region, accountId }: Place) {
  if (crossRegionConfig === undefined) return {};
  const { guardrailProfileIdentifier: given } = crossRegionConfig;
  const id = given.slice(given.lastIndexOf('/') + 1);
  const arn = given.startsWith('arn:')
    ? given
    : `arn:aws:bedrock:${region}:${accountId}:guardrail-profile/${id}`;
  return { crossRegionDetails: { guardrailProfileId: id, guardrailProfileArn: arn } };
}

// An alias stays one: there is no key service here that would know the key behind it.
function toKeyArn(keyId: string, { region, accountId }: Place): string {
  if (keyId.startsWith('arn:')) return keyId;
  return `arn:aws:kms:${region}:${accountId}:${keyId.startsWith('alias/') ? keyId : `key/${keyId}`}`;
}
