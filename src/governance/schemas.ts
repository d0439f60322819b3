import { z } from 'zod';
import { peopledBlocks, placeBlocks } from './limit-blocks.ts';
import { SEVERITIES } from '../road/alert.ts';
import { RULE_FIELDS } from '../road/rule-facts.ts';
import { DATA_CLASSES, METERED_POLICIES, PROMPT_LAYERS, REDACTABLE_TYPES } from '../road/governed.ts';

/** The files of a governance repository, as their authors write them. Published as JSON Schema. */

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens, at most 63')
  .describe('Lower-case letters, digits and hyphens.');
const versioned = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}@[1-9][0-9]{0,7}$/, 'write NAME@VERSION, such as support-assistant@1')
  .describe('NAME@VERSION. A published version never changes.');
const region = z
  .string()
  .regex(/^[a-z0-9-]{2,40}$/, 'use an AWS Region such as eu-central-1, or a name of your own');
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex, as `goldenpath publish` writes it');
const owner = z.string().min(1).describe('The team that answers for this file.');
const dataClass = z.enum(DATA_CLASSES);

const range = (number: z.ZodNumber, min: number) =>
  z
    .strictObject({ min: number.default(min), max: number, default: number.optional() })
    .refine((bounds) => bounds.min <= bounds.max, 'min is larger than max')
    .refine(
      (bounds) =>
        bounds.default === undefined || (bounds.default >= bounds.min && bounds.default <= bounds.max),
      'default is outside min and max',
    );

const edge = z
  .strictObject({
    perAddress: z
      .strictObject({
        requests: z.int().min(1).max(10_000_000).default(50),
        windowSeconds: z.int().min(1).max(86_400).default(300),
      })
      .prefault({})
      .describe('So many requests from one address (IPv6: one /64) in any stretch of this length.'),
    trustedProxies: z
      .array(
        z.string().regex(/^[0-9a-fA-F:.]{2,45}(\/[0-9]{1,3})?$/, 'write an address or a network: 10.0.0.0/8'),
      )
      .default([])
      .describe('Addresses and networks whose X-Forwarded-For is believed.'),
    proxyHops: z
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe('Instead: so many proxies stand before the gateway, and nothing else can reach it.'),
    origins: z
      .array(
        z
          .string()
          .regex(
            /^(\*|[a-z][a-z0-9+.-]*:\/\/[^/\s]{1,255})$/,
            'write an origin such as https://app.example.com',
          ),
      )
      .default([])
      .describe('Web pages that may use the gateway from a browser: exact origins, or * alone.'),
    credentials: z
      .boolean()
      .default(false)
      .describe('Whether those pages may send cookies. A bearer token needs none.'),
    attackPatterns: z
      .array(
        z.strictObject({
          name,
          pattern: z.string().min(1).max(500).describe('A regular expression over the text of the request.'),
          action: z.enum(['count', 'block']).default('count'),
          message: z
            .string()
            .min(1)
            .max(500)
            .optional()
            .describe('What the caller reads when it is blocked.'),
        }),
      )
      .max(200)
      .default([])
      .describe('Known attacks. Count first, and block what has matched no ordinary request.'),
  })
  .prefault({})
  .describe('What holds before anybody knows who is asking.');

const environmentVariable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'write the name of an environment variable');

const alerts = z
  .strictObject({
    destinations: z
      .record(
        name,
        z.discriminatedUnion('type', [
          z
            .strictObject({
              type: z.literal('webhook'),
              url: z.url({ protocol: /^https?$/ }).optional(),
              urlEnv: environmentVariable.optional().describe('Where the address is itself a secret.'),
            })
            .refine(
              ({ url, urlEnv }) => (url === undefined) !== (urlEnv === undefined),
              'give url or urlEnv',
            ),
          z.strictObject({
            type: z.literal('pagerduty'),
            routingKeyEnv: environmentVariable.describe('The environment variable with the integration key.'),
            url: z.url({ protocol: /^https?$/ }).default('https://events.pagerduty.com/v2/enqueue'),
          }),
        ]),
      )
      .default({}),
    budgets: z.array(name).default([]).describe('Who hears that a budget is nearly spent.'),
    faults: z
      .array(name)
      .default([])
      .describe('Who hears that ledger, evidence or switches are away, and that they are there again.'),
  })
  .describe('Where alerts go. Business rules stand in rules/.');

export const rootSchema = z
  .strictObject({
    name,
    owner,
    environment: z
      .enum(['development', 'production'])
      .describe('In production: no stand-in model, no loopback issuer, no DRAFT guardrail.'),
    loopbackIssuer: z
      .boolean()
      .default(false)
      .describe('Accept tokens of `goldenpath token`. Only where the gateway listens on loopback.'),
    edge,
    issuers: z
      .array(
        z.strictObject({
          issuer: z.url().describe('Exactly the `iss` claim of its tokens.'),
          audiences: z
            .array(z.string().min(1))
            .min(1)
            .describe('Accepted `aud` (Cognito access tokens: `client_id`).'),
          flavour: z.enum(['oidc', 'cognito']).default('oidc'),
          tokenUse: z
            .array(z.enum(['access', 'id']))
            .min(1)
            .default(['access']),
          claims: z
            .strictObject({
              tenant: z.string().min(1).default('tenant'),
              groups: z.string().min(1).default('groups'),
              workflow: z.string().min(1).default('workflow'),
            })
            .prefault({}),
          tenant: name
            .optional()
            .describe('The tenant of every token of this issuer, where no claim names it.'),
          tenants: z
            .array(name)
            .min(1)
            .optional()
            .describe('The tenants that this issuer may speak for. Absent: any tenant of this repository.'),
          clockSkewSeconds: z.int().min(0).max(300).default(30),
          jwksUri: z.url().optional().describe('Only for issuers without discovery.'),
        }),
      )
      .default([]),
    alerts: alerts.optional(),
    ...peopledBlocks,
  })
  .meta({ title: 'goldenpath.yaml: the governance repository itself' });

export const tenantSchema = z
  .strictObject({
    displayName: z.string().min(1),
    owner,
    regions: z
      .array(region)
      .default([])
      .describe("Where this tenant's text may go. Empty: anywhere a capability allows."),
    ...peopledBlocks,
  })
  .meta({ title: 'tenants/NAME.yaml' });

export const capabilitySchema = z
  .strictObject({
    owner,
    purpose: z.string().min(1),
    feature: z.string().min(1).optional().describe('The product feature that its cost is attributed to.'),
    dataClass,
    workloadPattern: z.enum(['assistant', 'retrieval', 'extraction', 'generation', 'agent', 'batch']),
    prompt: versioned,
    guardrail: versioned,
    routes: z.array(name).min(1),
    prefer: z.enum(['cost', 'latency']).default('cost'),
    regions: z.array(region).default([]),
    context: z
      .array(z.string().min(1))
      .default([])
      .describe('Files below knowledge/ for the context slot of the prompt.'),
    tools: z.array(name).default([]).describe('Tools, below tools/, that a client may declare.'),
    parameters: z
      .strictObject({
        temperature: range(z.number().min(0).max(2), 0)
          .optional()
          .describe('Absent: the client may not set it.'),
        topP: range(z.number().min(0).max(1), 0).optional().describe('Absent: the client may not set it.'),
        maxOutputTokens: range(z.int().min(1).max(1_000_000), 1).prefault({ max: 1024, default: 512 }),
        stopSequences: z.strictObject({ max: z.int().min(0).max(16) }).prefault({ max: 0 }),
      })
      .prefault({}),
    redaction: z
      .strictObject({
        types: z.union(
          [z.literal('structured'), z.array(z.enum(REDACTABLE_TYPES))],
          `write structured, or a list of: ${REDACTABLE_TYPES.join(', ')}`,
        ),
        restore: z
          .enum(['all', 'caller', 'none'])
          .default('none')
          .describe(
            "What the caller gets back in the answer: everything, what was in the caller's own text, or nothing.",
          ),
      })
      .prefault({ types: 'structured' }),
    archive: z
      .strictObject({
        prompts: z.enum(['kept', 'none']).default('kept'),
        answers: z.enum(['kept', 'none']).default('kept'),
        retentionDays: z.int().min(1).max(3650).default(90),
      })
      .prefault({}),
    limits: z
      .strictObject({
        inputCharacters: z.int().min(1).max(10_000_000).default(50_000),
        deadlineSeconds: z.number().min(1).max(900).default(60),
      })
      .prefault({}),
    ...peopledBlocks,
    onBudget: z
      .enum(['refuse', 'cheaper_route'])
      .default('refuse')
      .describe('What happens where a budget does not pay for the route that would be taken.'),
  })
  .meta({ title: 'capabilities/NAME.yaml' });

const variable = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('enum'),
      values: z.array(z.string().min(1)).min(1),
      default: z.string().optional(),
    }),
    z.strictObject({
      type: z.literal('integer'),
      min: z.int(),
      max: z.int(),
      default: z.string().optional(),
    }),
    z.strictObject({ type: z.literal('boolean'), default: z.string().optional() }),
    z.strictObject({ type: z.literal('date'), default: z.string().optional() }),
    z.strictObject({ type: z.literal('identifier'), default: z.string().optional() }),
    z.strictObject({
      type: z.literal('text'),
      maxCharacters: z.int().min(1).max(100_000),
      default: z.string().optional(),
    }),
  ])
  .describe(
    '`text`, `identifier` and long integers may carry what a client wrote, so they may stand in userPrefix alone.',
  );

export const promptSchema = z
  .strictObject({
    layers: z
      .array(z.strictObject({ layer: z.enum(PROMPT_LAYERS), file: z.string().min(1), owner }))
      .min(1)
      .describe('In the order system, policy, developer, workflow.'),
    userPrefix: z.strictObject({ file: z.string().min(1), owner }).optional(),
    variables: z.record(z.string().regex(/^[a-z][a-zA-Z0-9_]{0,40}$/), variable).default({}),
  })
  .meta({ title: 'prompts/NAME/VERSION/prompt.yaml' });

export const bedrockGuardrailSchema = z
  .strictObject({
    engine: z.literal('bedrock'),
    guardrailIdentifier: z.string().min(1),
    guardrailVersion: z.string().regex(/^([1-9][0-9]{0,7}|DRAFT)$/, 'pin a numeric version'),
    region,
    price: versioned
      .optional()
      .describe("A version of a price below prices/. Absent: Amazon's list price of every policy."),
  })
  .meta({ title: 'guardrails/NAME/VERSION.yaml: a guardrail that is in Amazon Bedrock' });

const texts = z.union(
  [z.string().min(1), z.array(z.string().min(1)).min(1)],
  'write a text, or a list of texts',
);

export const guardrailCaseSchema = z
  .strictObject({
    name: z.string().min(1).optional().describe('Absent: the beginning of its text.'),
    source: z
      .enum(['INPUT', 'OUTPUT'])
      .default('INPUT')
      .describe('Whether the text travels toward the model or from it.'),
    text: texts.describe('What is judged: a text, or several content blocks.'),
    grounding: z
      .strictObject({ source: texts, query: z.string().min(1) })
      .optional()
      .describe('OUTPUT: what the text must be grounded in, and what it answers.'),
    expect: z.enum(['none', 'masked', 'blocked']),
    output: texts
      .optional()
      .describe('What comes out: the masked texts, or the message of a block. Absent: not compared.'),
    findings: z
      .array(
        z
          .string()
          .regex(
            /^(topic|content|word|profanity|pii|regex|grounding) \S.*$/,
            'write POLICY NAME, such as pii EMAIL, regex internal-ticket, topic Investing, content HATE or word nightjar',
          ),
      )
      .optional()
      .describe('All that is found, each as POLICY NAME, in any order. Absent: not compared.'),
  })
  .refine(
    ({ grounding, source }) => grounding === undefined || source === 'OUTPUT',
    'grounding is judged in what a model says: set source to OUTPUT',
  );

export const guardrailCasesSchema = z
  .strictObject({
    guardrail: z
      .string()
      .regex(/^[^@\s]+(@([1-9][0-9]{0,7}|DRAFT))?$/, 'write NAME or NAME@VERSION')
      .optional()
      .describe('Which guardrail. Absent: the one whose folder this is, in its highest version.'),
    cases: z.array(guardrailCaseSchema).min(1),
  })
  .meta({
    title:
      'guardrails/NAME/cases/FILE.yaml: texts, and what becomes of them. As FILE.jsonl: one case a line.',
  });

const microUsd = z.int().min(0).max(1_000_000_000_000);

/** What a model costs, in whole micro-dollars for a million tokens. */
export const tokenPrices = z.strictObject({
  inputMicroUsdPerMillionTokens: microUsd,
  outputMicroUsdPerMillionTokens: microUsd,
  cachedInputMicroUsdPerMillionTokens: microUsd.optional().describe('Absent: as all input.'),
  reasoningMicroUsdPerMillionTokens: microUsd.optional().describe('Absent: as all output.'),
});

export const priceSchema = z
  .strictObject({
    source: z.url().describe('Where the prices were read.'),
    asOf: z.iso.date().describe('When they were read.'),
    region: z.string().min(1).optional(),
    tokens: tokenPrices.optional(),
    embedding: z
      .strictObject({ inputMicroUsdPerMillionTokens: microUsd })
      .optional()
      .describe('Of a model that makes vectors.'),
    guardrail: z
      .strictObject(
        Object.fromEntries(METERED_POLICIES.map((policy) => [policy, microUsd.optional()])) as Record<
          (typeof METERED_POLICIES)[number],
          z.ZodOptional<typeof microUsd>
        >, // `fromEntries` forgets the keys
      )
      .optional()
      .describe('Micro-dollars for a thousand text units of up to 1,000 characters, by policy.'),
  })
  .meta({ title: 'prices/NAME/VERSION.yaml' });

export const routeSchema = z
  .strictObject({
    provider: z.enum(['bedrock', 'openai-compatible', 'stand-in']),
    model: z.string().min(1).describe('Model id, inference profile id or ARN, or the served model name.'),
    region,
    owner,
    baseUrl: z
      .url()
      .optional()
      .describe('openai-compatible: where /chat/completions is, such as http://vllm:8000/v1.'),
    apiKeyEnv: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/)
      .optional()
      .describe(
        'openai-compatible: the environment variable with the key. Naming it here is what allows a long-lived key.',
      ),
    guardrail: z
      .strictObject({ identifier: z.string().min(1), version: z.string().regex(/^([1-9][0-9]{0,7}|DRAFT)$/) })
      .optional()
      .describe("bedrock: a guardrail for Converse itself, which the gateway's role may demand."),
    dataClasses: z.array(dataClass).min(1),
    price: z
      .union(
        [versioned, tokenPrices],
        'without a price its use would be free: write NAME@VERSION of a price, or inputMicroUsdPerMillionTokens and outputMicroUsdPerMillionTokens',
      )
      .describe('A version of a price below prices/, or the prices themselves.'),
    expectedLatencyMs: z.int().min(1).default(1000),
    timeouts: z
      .strictObject({
        firstByteMs: z.int().min(10).max(900_000).default(15_000),
        idleMs: z.int().min(10).max(900_000).default(30_000),
        totalMs: z.int().min(10).max(900_000).default(120_000),
      })
      .prefault({}),
    retries: z.int().min(0).max(5).default(1),
    breaker: z
      .strictObject({
        failures: z.int().min(1).max(1000).default(5),
        coolDownMs: z.int().min(10).default(10_000),
      })
      .prefault({}),
    ...placeBlocks,
  })
  .meta({ title: 'routes/NAME.yaml' });

export const toolSchema = z
  .strictObject({
    owner,
    description: z.string().min(1),
    parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of the arguments.'),
  })
  .meta({ title: 'tools/NAME.yaml' });

export const workflowSchema = z
  .strictObject({ owner, purpose: z.string().min(1), ...placeBlocks })
  .meta({ title: 'workflows/NAME.yaml: a workflow that tokens name' });

export const ruleSchema = z
  .strictObject({
    owner,
    alert: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'write a name such as PaymentWorkflowDenied')
      .describe('Its name in alerts and metrics.'),
    description: z.string().min(1).max(300),
    severity: z.enum(SEVERITIES).default('warning'),
    when: z
      .string()
      .min(1)
      .max(2_000)
      .describe('A Cedar expression over the closed record: context.outcome == "refused".'),
    threshold: z.int().min(1).max(1_000).default(1),
    withinMinutes: z.int().min(1).max(1_440).default(5),
    groupBy: z.array(z.enum(RULE_FIELDS)).max(5).default(['tenant']).describe('Counted, and told, apart.'),
    repeatMinutes: z
      .int()
      .min(1)
      .max(10_080)
      .default(60)
      .describe('The same alert is not sent again so long.'),
    to: z.array(name).min(1).describe('Destinations of goldenpath.yaml.'),
  })
  .meta({ title: 'rules/NAME.yaml: a business rule over closed records' });

export const lockSchema = z
  .strictObject({
    prompts: z.record(versioned, digest).default({}),
    guardrails: z.record(versioned, digest).default({}),
    prices: z.record(versioned, digest).default({}),
  })
  .meta({ title: 'versions.lock.json: hashes of the published versions' });

/** Schema of each kind of file, by the name it is published under. */
export const FILE_SCHEMAS = {
  goldenpath: rootSchema,
  tenant: tenantSchema,
  capability: capabilitySchema,
  prompt: promptSchema,
  'bedrock-guardrail': bedrockGuardrailSchema,
  'guardrail-cases': guardrailCasesSchema,
  route: routeSchema,
  tool: toolSchema,
  price: priceSchema,
  workflow: workflowSchema,
  rule: ruleSchema,
  'versions-lock': lockSchema,
} as const;
