import { z } from 'zod';

// Source: ApplyGuardrailResponse of the service model of Amazon Bedrock. Lists that it requires are left out by the
// live service where they would be empty, so that only what is required of an entry is required here.
const count = z.number().int().min(0);
const usage = z.strictObject({
  topicPolicyUnits: count,
  contentPolicyUnits: count,
  wordPolicyUnits: count,
  sensitiveInformationPolicyUnits: count,
  sensitiveInformationPolicyFreeUnits: count,
  contextualGroundingPolicyUnits: count,
  contentPolicyImageUnits: count,
  automatedReasoningPolicyUnits: count,
  automatedReasoningPolicies: count,
});
const coverage = z.strictObject({ textCharacters: z.strictObject({ guarded: count, total: count }) });
const sensitiveAction = z.enum(['ANONYMIZED', 'BLOCKED', 'NONE']);
const level = z.enum(['NONE', 'LOW', 'MEDIUM', 'HIGH']);
const blockAction = z.enum(['BLOCKED', 'NONE']);
const topic = z.strictObject({
  name: z.string(),
  type: z.enum(['DENY']),
  action: blockAction,
  detected: z.boolean(),
});
const contentFilter = z.strictObject({
  type: z.enum(['INSULTS', 'HATE', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT', 'PROMPT_ATTACK']),
  confidence: level,
  filterStrength: level.optional(),
  action: blockAction,
  detected: z.boolean(),
});
const word = z.strictObject({ match: z.string(), action: blockAction, detected: z.boolean() });
const unitInterval = z.number().min(0).max(1);
const groundingFilter = z.strictObject({
  type: z.enum(['GROUNDING', 'RELEVANCE']),
  threshold: unitInterval,
  score: unitInterval,
  action: blockAction,
  detected: z.boolean(),
});
const assessment = z.strictObject({
  topicPolicy: z.strictObject({ topics: z.array(topic) }).optional(),
  contentPolicy: z.strictObject({ filters: z.array(contentFilter) }).optional(),
  wordPolicy: z
    .strictObject({
      customWords: z.array(word).min(1).optional(),
      managedWordLists: z
        .array(word.extend({ type: z.enum(['PROFANITY']) }))
        .min(1)
        .optional(),
    })
    .optional(),
  sensitiveInformationPolicy: z
    .strictObject({
      piiEntities: z
        .array(
          z.strictObject({
            match: z.string(),
            type: z.string().regex(/^[A-Z_]+$/),
            action: sensitiveAction,
            detected: z.boolean(),
          }),
        )
        .min(1)
        .optional(),
      regexes: z
        .array(
          z.strictObject({
            name: z.string(),
            match: z.string(),
            regex: z.string(),
            action: sensitiveAction,
            detected: z.boolean(),
          }),
        )
        .min(1)
        .optional(),
    })
    .optional(),
  contextualGroundingPolicy: z.strictObject({ filters: z.array(groundingFilter).min(1) }).optional(),
  invocationMetrics: z.strictObject({
    guardrailProcessingLatency: count,
    usage,
    guardrailCoverage: coverage,
  }),
  appliedGuardrailDetails: z.strictObject({
    guardrailId: z.string().regex(/^[a-z0-9]+$/),
    guardrailVersion: z.string().regex(/^(|([1-9][0-9]{0,7})|(DRAFT))$/),
    guardrailArn: z.string().optional(),
    guardrailOrigin: z.array(z.enum(['REQUEST', 'ACCOUNT_ENFORCED', 'ORGANIZATION_ENFORCED'])),
    guardrailOwnership: z.enum(['SELF', 'CROSS_ACCOUNT']),
  }),
});
/** The answer of ApplyGuardrail, from whichever engine. For tests: nothing is parsed with it while serving. */
export const responseSchema = z.strictObject({
  usage,
  action: z.enum(['NONE', 'GUARDRAIL_INTERVENED']),
  actionReason: z.enum(['No action.', 'Guardrail blocked.', 'Guardrail masked.']),
  outputs: z.array(z.strictObject({ text: z.string() })),
  assessments: z.array(assessment).max(1),
  guardrailCoverage: coverage,
});
