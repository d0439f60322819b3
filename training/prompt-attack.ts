import type { TrainedHead } from '../src/guardrail-engine/classify/model/weights-file.ts';
import type { Example } from './logistic.ts';
import { isTrainingRow, readRows, textOf } from './rows.ts';
import { createSeededRandom } from './seeded-random.ts';
import { growUnknownLanguages, spaceOut } from './texts/unknown-languages.ts';
import { growDirectExamples } from './texts/direct-examples.ts';
import { growFold, growIndirectExamples, SENTENCE_FOLDS } from './texts/indirect-examples.ts';
import { scoreText, setLevels, TRAINING, trainHead } from './train-head.ts';

/** Training sources of attacks that a user makes, and of harmless prompts, with the most that each may weigh. */
export const ATTACK_SOURCES = [
  'gandalf',
  'mosscap',
  'hackaprompt',
  'jailbreak-cls',
  'in-the-wild-jailbreaks',
  'giskard',
  'gptfuzzer',
] as const;
export const HARMLESS_SOURCES = [
  'ultrachat-benign',
  'cyberseceval-frr-benign',
  'banking77-benign',
  'clinc150-benign',
  'self-instruct-benign',
  'awesome-chatgpt-benign',
] as const;
/** Training sources of orders that stand in documents. */
export const ORDER_SOURCES = ['bipia-instructions', 'tasktracker-injections'] as const;

const MOST_ATTACKS = 500;
const MOST_HARMLESS = 900;

export function readAttackRows(dataDir: string, source: string): string[] {
  return readRows(dataDir, `prompt-attack/${source}.jsonl`).map((row) => textOf(row));
}

/** What the direct classifier learns from, without the source that is held out. */
export function listDirectExamples(dataDir: string, heldOut?: string): Example[] {
  const examples: Example[] = [];
  const add = (source: string, texts: readonly string[], label: { positive: boolean; weight: number }) => {
    if (source !== heldOut) for (const text of texts) examples.push({ source, text, ...label });
  };
  for (const source of ATTACK_SOURCES) {
    const texts = readAttackRows(dataDir, source);
    add(source, texts, { positive: true, weight: Math.min(1, MOST_ATTACKS / texts.length) });
  }
  for (const source of HARMLESS_SOURCES) {
    const texts = readAttackRows(dataDir, source);
    add(source, texts, { positive: false, weight: Math.min(1, MOST_HARMLESS / texts.length) });
  }
  for (const { source, texts, weight } of listOtherTexts(dataDir))
    add(source, texts, { positive: false, weight });
  add('unknown', unknownLanguages(examples.filter(({ positive }) => !positive)), {
    positive: false,
    weight: 0.4,
  });
  return [...examples, ...growDirectExamples({ seed: 3, attacks: 7000, honest: 9000 })];
}

/** What nobody attacks with, from files that train other classifiers: harm is not yet an attack on the model. */
function listOtherTexts(dataDir: string): { source: string; texts: string[]; weight: number }[] {
  const read = (file: string, field: string, most: number) =>
    [...new Set(readRows(dataDir, file).map((row) => textOf(row, field)))]
      .filter(isTrainingRow)
      .slice(0, most);
  return [
    { source: 'advbench', texts: read('content/advbench.jsonl', 'text', 400), weight: 0.5 },
    { source: 'davidson', texts: read('content/davidson.jsonl', 'text', 800), weight: 0.3 },
    { source: 'hatecheck', texts: read('content/hatecheck.jsonl', 'text', 400), weight: 0.3 },
    { source: 'halueval', texts: read('grounding/halueval-qa-one.jsonl', 'source', 400), weight: 0.3 },
    { source: 'halueval', texts: read('grounding/halueval-qa-one.jsonl', 'query', 400), weight: 0.3 },
    { source: 'begin', texts: read('grounding/begin-wow.jsonl', 'message', 400), weight: 0.3 },
    { source: 'begin', texts: read('grounding/begin-wow.jsonl', 'knowledge', 300), weight: 0.3 },
    { source: 'legal', texts: read('pii/pii-anon-legal.jsonl', 'text', 300), weight: 0.3 },
  ];
}

function unknownLanguages(harmless: readonly Example[]): string[] {
  const texts = harmless.map(({ text }) => text);
  const random = createSeededRandom(8);
  return [...growUnknownLanguages(texts, 600, random), ...spaceOut(texts, 200, random)];
}

/** Documents that the indirect classifier learns to let through. */
export function listDocuments(dataDir: string): string[] {
  const read = (file: string, field: string) => readRows(dataDir, file).map((row) => textOf(row, field));
  const texts = new Set([
    ...read('grounding/halueval-qa-one.jsonl', 'source'),
    ...read('grounding/begin-wow.jsonl', 'knowledge'),
    ...read('grounding/begin-wow.jsonl', 'message'),
    ...read('pii/pii-anon-legal.jsonl', 'text'),
  ]);
  return [...texts].filter(isTrainingRow);
}

function listTweets(dataDir: string): string[] {
  const rows = readRows(dataDir, 'content/davidson.jsonl').filter(({ label }) => label === 'neither');
  return rows.map((row) => textOf(row)).filter(isTrainingRow);
}

export function listIndirectExamples(
  dataDir: string,
  { heldOut, withoutFold }: { heldOut?: string; withoutFold?: number } = {},
): Example[] {
  const weights = {
    'bipia-instructions': 0.5,
    'tasktracker-injections': 0.3,
    gandalf: 0.15,
    hackaprompt: 0.3,
    giskard: 0.3,
  };
  const orders = Object.entries(weights)
    .filter(([source]) => source !== heldOut)
    .flatMap(([source, weight]) => readAttackRows(dataDir, source).map((text) => ({ source, text, weight })));
  const documents = listDocuments(dataDir);
  const kept = documents.filter((_, index) => index % SENTENCE_FOLDS !== withoutFold);
  const examples = growIndirectExamples({
    orders,
    documents: kept,
    remarks: [...kept, ...listTweets(dataDir)],
    seed: 5,
    planted: 5000,
    clean: 6000,
    withoutFold,
  });
  const unknown = unknownLanguages(kept.map((text) => ({ source: '', text, positive: false, weight: 1 })));
  return [...examples, ...unknown.map((text) => ({ source: 'unknown', text, positive: false, weight: 0.4 }))];
}

/** Trains the direct classifier; its thresholds come from harmless sources that were each left out in turn. */
export function trainDirect(dataDir: string): TrainedHead {
  const harmless = HARMLESS_SOURCES.flatMap((source) => {
    const head = trainHead('direct', listDirectExamples(dataDir, source));
    return readAttackRows(dataDir, source).map((text) => scoreText(text, head));
  });
  return setLevels(trainHead('direct', listDirectExamples(dataDir)), harmless);
}

/** Trains the indirect classifier; its thresholds come from documents and honest sentences that were left out in turn. */
export function trainIndirect(dataDir: string): TrainedHead {
  const documents = listDocuments(dataDir);
  const harmless: number[] = [];
  for (let fold = 0; fold < SENTENCE_FOLDS; fold += 1) {
    const head = trainHead('indirect', listIndirectExamples(dataDir, { withoutFold: fold }));
    for (const { text } of growFold(fold, 500, 20 + fold)) harmless.push(scoreText(text, head));
    documents.forEach(
      (text, index) => index % SENTENCE_FOLDS === fold && harmless.push(scoreText(text, head)),
    );
  }
  return setLevels(trainHead('indirect', listIndirectExamples(dataDir)), harmless);
}

/** Trains what tells kinds of attacks apart; above zero is the kind. */
export function trainKinds(dataDir: string): TrainedHead[] {
  const kindOf: Readonly<Record<string, string>> = {
    'jailbreak-cls': 'JAILBREAK', 'in-the-wild-jailbreaks': 'JAILBREAK', giskard: 'JAILBREAK', gptfuzzer: 'JAILBREAK', 'our-roles': 'JAILBREAK',
    'our-leaks': 'PROMPT_LEAKAGE', 'our-overrides': 'PROMPT_INJECTION', hackaprompt: 'PROMPT_INJECTION', 'bipia-instructions': 'PROMPT_INJECTION',
  }; // prettier-ignore
  const examples = listDirectExamples(dataDir).filter(({ positive, source }) => positive && kindOf[source]);
  return ['JAILBREAK', 'PROMPT_LEAKAGE'].map((kind) =>
    trainHead(kind, examples.map((example) => ({ ...example, positive: kindOf[example.source] === kind })), { ...TRAINING, bits: 15, epochs: 4 }),
  ); // prettier-ignore
}
