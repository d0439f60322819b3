import { z } from 'zod';
import {
  createContentClassifier,
  createPiiFinder,
  listWindows,
  makeViews,
  PII_TYPES,
  type ContentCategory,
  type TextOrigin,
} from '../guardrail-engine/index.ts';
import { readShape, type WireRequest } from './request.ts';
import { invalid } from './service-error.ts';

const CONTENT_CATEGORIES = ['VIOLENCE', 'HATE', 'SEXUAL', 'MISCONDUCT', 'INSULTS'] as const;
const ATTACK_CATEGORIES = ['JAILBREAK', 'PROMPT_INJECTION', 'PROMPT_LEAKAGE'] as const;

const categoriesShape = <const Names extends readonly string[]>(names: Names) =>
  z
    .array(z.strictObject({ category: z.enum(names) }))
    .min(1)
    .max(names.length);
const requestShape = z.strictObject({
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant', 'system']),
        content: z.array(z.strictObject({ text: z.string().min(1) })).min(1),
      }),
    )
    .min(1),
  checks: z.strictObject({
    contentFilter: z.strictObject({ categories: categoriesShape(CONTENT_CATEGORIES) }).exactOptional(),
    promptAttack: z.strictObject({ categories: categoriesShape(ATTACK_CATEGORIES) }).exactOptional(),
    sensitiveInformation: z
      .strictObject({
        entities: z
          .array(z.strictObject({ type: z.enum(PII_TYPES) }))
          .min(1)
          .max(PII_TYPES.length),
      })
      .exactOptional(),
  }),
});
type Request = z.infer<typeof requestShape>;

interface Block {
  readonly text: string;
  readonly origin: TextOrigin;
  readonly messageIndex: number;
  readonly contentIndex: number;
}

const MOST_ENTITIES = 1000;
const CHARACTERS_PER_UNIT = 1000;

/** POST /guardrail-checks/invoke: checks that are in the request itself; they detect, and change nothing. */
export function invokeGuardrailChecks({ body }: WireRequest) {
  const { messages, checks } = readShape(requestShape, body);
  const { contentFilter, promptAttack, sensitiveInformation } = checks;
  if (!contentFilter && !promptAttack && !sensitiveInformation)
    throw invalid('The request needs at least one check.');
  const blocks = listBlocks(messages);
  const characters = blocks.reduce((sum, { text }) => sum + text.length, 0);
  const usage = { textUnits: Math.ceil(characters / CHARACTERS_PER_UNIT) };
  return {
    results: {
      ...(contentFilter && { contentFilter: { results: scoreCategories(contentFilter, blocks) } }),
      ...(promptAttack && { promptAttack: { results: scoreCategories(promptAttack, blocks) } }),
      ...(sensitiveInformation && { sensitiveInformation: findEntities(sensitiveInformation, blocks) }),
    },
    usage: {
      ...(contentFilter && { contentFilter: usage }),
      ...(promptAttack && { promptAttack: usage }),
      ...(sensitiveInformation && { sensitiveInformation: usage }),
    },
  };
}

// A system message is judged as a user's: whoever can write there can attack.
function listBlocks(messages: Request['messages']): Block[] {
  return messages.flatMap(({ role, content }, messageIndex) =>
    content.map(({ text }, contentIndex) => ({
      text,
      origin: role === 'assistant' ? ('model' as const) : ('user' as const),
      messageIndex,
      contentIndex,
    })),
  );
}

/** The worst severity of each category over all messages. */
function scoreCategories<Category extends ContentCategory>(
  { categories }: { readonly categories: readonly { readonly category: Category }[] },
  blocks: readonly Block[],
) {
  const wanted = [...new Set(categories.map(({ category }) => category))];
  const classifier = createContentClassifier({ categories: wanted, tier: 'STANDARD' });
  const worst = wanted.map(() => 0);
  for (const { text, origin } of blocks) {
    for (const { start, end } of listWindows(text.length)) {
      const scores = classifier.judge(makeViews(text.slice(start, end)), origin);
      scores.forEach((score, i) => (worst[i] = Math.max(worst[i] ?? 0, score)));
    }
  }
  return wanted.map((category, i) => ({ category, severityScore: worst[i] ?? 0 }));
}

function findEntities(
  { entities }: NonNullable<Request['checks']['sensitiveInformation']>,
  blocks: readonly Block[],
) {
  const find = createPiiFinder([...new Set(entities.map(({ type }) => type))]);
  const results = blocks.flatMap(({ text, messageIndex, contentIndex }) =>
    find(text).map(({ type, start, end }) => ({
      type,
      confidenceScore: 1, // the engine finds or does not find
      beginOffset: start,
      endOffset: end,
      messageIndex,
      contentIndex,
    })),
  );
  return { results: results.slice(0, MOST_ENTITIES), truncated: results.length > MOST_ENTITIES };
}
