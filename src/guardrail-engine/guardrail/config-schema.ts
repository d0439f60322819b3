import { z } from 'zod';

// Source of every limit, enum and pattern below: the service model of Amazon Bedrock, CreateGuardrailRequest.
const PII_TYPES = [
  'ADDRESS',
  'AGE',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'CA_HEALTH_NUMBER',
  'CA_SOCIAL_INSURANCE_NUMBER',
  'CREDIT_DEBIT_CARD_CVV',
  'CREDIT_DEBIT_CARD_EXPIRY',
  'CREDIT_DEBIT_CARD_NUMBER',
  'DRIVER_ID',
  'EMAIL',
  'INTERNATIONAL_BANK_ACCOUNT_NUMBER',
  'IP_ADDRESS',
  'LICENSE_PLATE',
  'MAC_ADDRESS',
  'NAME',
  'PASSWORD',
  'PHONE',
  'PIN',
  'SWIFT_CODE',
  'UK_NATIONAL_HEALTH_SERVICE_NUMBER',
  'UK_NATIONAL_INSURANCE_NUMBER',
  'UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER',
  'URL',
  'USERNAME',
  'US_BANK_ACCOUNT_NUMBER',
  'US_BANK_ROUTING_NUMBER',
  'US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER',
  'US_PASSPORT_NUMBER',
  'US_SOCIAL_SECURITY_NUMBER',
  'VEHICLE_IDENTIFICATION_NUMBER',
] as const;

const blockAction = z.enum(['BLOCK', 'NONE']);
const sensitiveAction = z.enum(['BLOCK', 'ANONYMIZE', 'NONE']);
const text = (min: number, max: number) => z.string().min(min).max(max);
const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u');

const enabledPerDirection = {
  inputEnabled: z.boolean().exactOptional(),
  outputEnabled: z.boolean().exactOptional(),
};
const blockPerDirection = {
  inputAction: blockAction.exactOptional(),
  outputAction: blockAction.exactOptional(),
  ...enabledPerDirection,
};
const sensitivePerDirection = {
  action: sensitiveAction,
  inputAction: sensitiveAction.exactOptional(),
  outputAction: sensitiveAction.exactOptional(),
  ...enabledPerDirection,
};
const tierConfig = z.strictObject({ tierName: z.enum(['CLASSIC', 'STANDARD']) });

const topic = z.strictObject({
  name: text(1, 100).regex(whole('[0-9a-zA-Z\\-_ !?.]+')),
  definition: text(1, 200),
  examples: z.array(text(1, 100)).max(5).exactOptional(),
  type: z.enum(['DENY']),
  ...blockPerDirection,
});

const strength = z.enum(['NONE', 'LOW', 'MEDIUM', 'HIGH']);
const modalities = z
  .array(z.enum(['TEXT', 'IMAGE']))
  .min(1)
  .max(2);
const contentFilter = z.strictObject({
  type: z.enum(['SEXUAL', 'VIOLENCE', 'HATE', 'INSULTS', 'MISCONDUCT', 'PROMPT_ATTACK']),
  inputStrength: strength,
  outputStrength: strength,
  inputModalities: modalities.exactOptional(),
  outputModalities: modalities.exactOptional(),
  ...blockPerDirection,
});

const wordPolicy = z.strictObject({
  wordsConfig: z
    .array(z.strictObject({ text: text(1, 100), ...blockPerDirection }))
    .min(1)
    .max(10_000)
    .exactOptional(),
  managedWordListsConfig: z
    .array(z.strictObject({ type: z.enum(['PROFANITY']), ...blockPerDirection }))
    .exactOptional(),
});

const sensitiveInformationPolicy = z.strictObject({
  piiEntitiesConfig: z
    .array(z.strictObject({ type: z.enum(PII_TYPES), ...sensitivePerDirection }))
    .min(1)
    .exactOptional(),
  regexesConfig: z
    .array(
      z.strictObject({
        name: text(1, 100),
        description: text(1, 1000).exactOptional(),
        pattern: text(1, 500),
        ...sensitivePerDirection,
      }),
    )
    .min(1)
    .max(10)
    .exactOptional(),
});

const contextualGroundingPolicy = z.strictObject({
  filtersConfig: z
    .array(
      z.strictObject({
        type: z.enum(['GROUNDING', 'RELEVANCE']),
        threshold: z.number().min(0),
        action: blockAction.exactOptional(),
        enabled: z.boolean().exactOptional(),
      }),
    )
    .min(1),
  tierConfig: tierConfig.exactOptional(),
});

const REASONING_ARN =
  'arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:automated-reasoning-policy/[a-z0-9]{12}(:([1-9][0-9]{0,11}))?';
const automatedReasoningPolicy = z.strictObject({
  policies: z
    .array(text(1, 2048).regex(whole(REASONING_ARN)))
    .min(1)
    .max(2),
  confidenceThreshold: z.number().min(0).max(1).exactOptional(),
});

const PROFILE =
  '[a-z0-9-]+[.]{1}guardrail[.]{1}v[0-9:]+|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail-profile/[a-z0-9-]+[.]{1}guardrail[.]{1}v[0-9:]+';
const KMS_KEY =
  '(arn:aws(-[^:]+)?:kms:[a-zA-Z0-9-]*:[0-9]{12}:((key/[a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9\\-_/]+)))|([a-zA-Z0-9-]{36})|(alias/[a-zA-Z0-9\\-_/]+)';
const TAG = whole('[a-zA-Z0-9\\s._:/=+@\\-]*');

/** The shape of a CreateGuardrail request. */
export const guardrailSchema = z.strictObject({
  name: text(1, 50).regex(whole('[0-9a-zA-Z\\-_]+')),
  description: text(1, 200).exactOptional(),
  topicPolicyConfig: z
    .strictObject({ topicsConfig: z.array(topic).min(1).max(30), tierConfig: tierConfig.exactOptional() })
    .exactOptional(),
  contentPolicyConfig: z
    .strictObject({
      filtersConfig: z.array(contentFilter).min(1).max(6),
      tierConfig: tierConfig.exactOptional(),
    })
    .exactOptional(),
  wordPolicyConfig: wordPolicy.exactOptional(),
  sensitiveInformationPolicyConfig: sensitiveInformationPolicy.exactOptional(),
  contextualGroundingPolicyConfig: contextualGroundingPolicy.exactOptional(),
  automatedReasoningPolicyConfig: automatedReasoningPolicy.exactOptional(),
  crossRegionConfig: z
    .strictObject({ guardrailProfileIdentifier: text(15, 2048).regex(whole(PROFILE)) })
    .exactOptional(),
  blockedInputMessaging: text(1, 500),
  blockedOutputsMessaging: text(1, 500),
  kmsKeyId: text(1, 2048).regex(whole(KMS_KEY)).exactOptional(),
  tags: z
    .array(z.strictObject({ key: text(1, 128).regex(TAG), value: text(0, 256).regex(TAG) }))
    .max(200)
    .exactOptional(),
  clientRequestToken: text(1, 256)
    .regex(whole('[a-zA-Z0-9]([\\-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?'))
    .exactOptional(),
});

/** A CreateGuardrail request that has been checked. */
export type GuardrailConfig = z.infer<typeof guardrailSchema>;
