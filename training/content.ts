import type { TrainedHead } from '../src/guardrail-engine/classify/model/weights-file.ts';
import { HARMLESS_SOURCES, readAttackRows } from './prompt-attack.ts';
import { isTrainingRow, readRows, textOf } from './rows.ts';
import { createSeededRandom } from './seeded-random.ts';
import { CONTENT_WORDS } from './texts/content.ts';
import { DOCUMENT_WORDS } from './texts/documents.ts';
import { expand, type Grammar } from './texts/expand.ts';
import { SCENARIO_WORDS } from './texts/honest-scenarios.ts';
import { HONEST_WORDS } from './texts/honest.ts';
import { growUnknownLanguages, spaceOut } from './texts/unknown-languages.ts';
import { scoreText, setLevels, trainHead } from './train-head.ts';

export const CATEGORIES = ['HATE', 'INSULTS', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What a text is and is not; about categories that are not named nothing is known. */
type Labels = Partial<Record<Category, boolean>>;
type Labelled = { source: string; text: string; weight: number; labels: Labels };

const HARMLESS: Labels = { HATE: false, INSULTS: false, SEXUAL: false, VIOLENCE: false, MISCONDUCT: false };
const CONTENT_TRAINING = { bits: 16, epochs: 6, rate: 0.1, decay: 1e-4, dropout: 0.3, seed: 7 };
const GROWN = 1500;
const FOLDS = 2;

/** Rows of the files that are split between training and measuring, as the content filters read them. */
export function readLabelledRows(dataDir: string): Labelled[] {
  return [
    ...readRows(dataDir, 'content/hatecheck.jsonl').map((row) => ({
      source: 'hatecheck',
      text: textOf(row),
      weight: 0.6,
      labels:
        row['label'] === 'hateful'
          ? { HATE: true, SEXUAL: false, MISCONDUCT: false }
          : { HATE: false, SEXUAL: false, VIOLENCE: false, MISCONDUCT: false },
    })),
    ...readRows(dataDir, 'content/davidson.jsonl').map((row) => ({
      source: 'davidson',
      text: textOf(row),
      weight: 0.3,
      labels: labelsOfTweet(row['label']),
    })),
    ...readRows(dataDir, 'content/advbench.jsonl').map((row) => ({
      source: 'advbench',
      text: textOf(row),
      weight: 1,
      labels: { MISCONDUCT: true, SEXUAL: false, INSULTS: false },
    })),
  ];
}

function labelsOfTweet(label: string | number | undefined): Labels {
  if (label === 'hate') return { HATE: true, MISCONDUCT: false };
  return label === 'offensive' ? { INSULTS: true, MISCONDUCT: false } : HARMLESS;
}

function listExamples(dataDir: string): Labelled[] {
  const random = createSeededRandom(9);
  const lexicon = readRows(dataDir, 'content/profanity-surge.jsonl');
  const words = withLexicon(
    lexicon.map((row) => ({
      text: textOf(row),
      category: textOf(row, 'category_1'),
      severity: Number(row['severity_rating']),
    })),
  );
  const examples = readLabelledRows(dataDir).filter(({ text }) => isTrainingRow(text));
  const grow = (start: string, grammar: Grammar, count: number, weight: number, labels: Labels) => {
    for (let i = 0; i < count; i += 1)
      examples.push({ source: 'ours', text: expand(start, grammar, random), weight, labels });
  };
  // What threatens may hate, and what hates may insult: nothing is said about such pairs.
  const unclear: Partial<Record<Category, readonly Category[]>> = {
    HATE: ['INSULTS', 'VIOLENCE'],
    INSULTS: ['HATE', 'SEXUAL'],
    VIOLENCE: ['MISCONDUCT'],
    MISCONDUCT: ['VIOLENCE'],
  };
  for (const category of CATEGORIES) {
    const labels = Object.fromEntries(
      CATEGORIES.filter((other) => !unclear[category]?.includes(other)).map((other) => [
        other,
        other === category,
      ]),
    );
    grow(`<${category.toLowerCase()}>`, words, GROWN, 0.3, labels);
  }
  grow('<calm>', words, GROWN * 1.5, 0.5, HARMLESS);
  grow('<scenario>', SCENARIO_WORDS, 3000, 0.4, HARMLESS);
  grow('<honest>', HONEST_WORDS, 1000, 0.4, HARMLESS);
  grow('<sentence> <sentence> <sentence>', DOCUMENT_WORDS, 1500, 0.4, HARMLESS);
  for (const { text, severity, labels } of lexiconOf(lexicon))
    if (severity >= 1.6) examples.push({ source: 'lexicon', text, weight: 0.3, labels });
  for (const source of HARMLESS_SOURCES)
    for (const text of readAttackRows(dataDir, source))
      if (isTrainingRow(text))
        examples.push({
          source,
          text,
          weight: source.startsWith('banking') || source.startsWith('clinc') ? 0.2 : 0.7,
          labels: HARMLESS,
        });
  for (const text of listFacts(dataDir))
    examples.push({ source: 'facts', text, weight: 0.4, labels: HARMLESS });
  const calm = examples.filter(({ labels }) => labels === HARMLESS).map(({ text }) => text);
  for (const text of [...growUnknownLanguages(calm, 800, random), ...spaceOut(calm, 200, random)])
    examples.push({ source: 'unknown', text, weight: 0.4, labels: HARMLESS });
  return examples;
}

function listFacts(dataDir: string): string[] {
  const read = (file: string, field: string) => readRows(dataDir, file).map((row) => textOf(row, field));
  const texts = [
    ...read('grounding/halueval-qa-one.jsonl', 'source'),
    ...read('grounding/begin-wow.jsonl', 'message'),
  ];
  return [...new Set(texts)].filter(isTrainingRow);
}

type LexiconEntry = { text: string; category: string; severity: number };

function withLexicon(entries: readonly LexiconEntry[]): Grammar {
  const of = (category: RegExp, severity: number) =>
    entries
      .filter((entry) => category.test(entry.category) && entry.severity >= severity)
      .map(({ text }) => text);
  return {
    ...CONTENT_WORDS,
    obscene: of(/sexual anatomy/, 1.6),
    slur: of(/racial|religious|sexual orientation/, 1.5),
    abuse: of(/insult|mental|animal|physical|excrement/, 1),
  };
}

function lexiconOf(rows: ReturnType<typeof readRows>): { text: string; severity: number; labels: Labels }[] {
  return rows.map((row) => {
    const category = textOf(row, 'category_1');
    const name = /sexual anatomy/.test(category)
      ? 'SEXUAL'
      : /racial|religious|orientation/.test(category)
        ? 'HATE'
        : 'INSULTS';
    return {
      text: textOf(row),
      severity: Number(row['severity_rating']),
      labels: { [name]: true, MISCONDUCT: false },
    };
  });
}

/** Trains the five content filters; thresholds come from harmless rows that were left out in turn. */
export function trainContent(dataDir: string): TrainedHead[] {
  const examples = listExamples(dataDir);
  return CATEGORIES.map((category) => {
    const known = examples.flatMap(({ source, text, weight, labels }) => {
      const positive = labels[category];
      return positive === undefined ? [] : [{ source, text, weight, positive }];
    });
    const harmless: number[] = [];
    for (let fold = 0; fold < FOLDS; fold += 1) {
      const head = trainHead(
        category,
        known.filter((_, index) => index % FOLDS !== fold),
        CONTENT_TRAINING,
      );
      known.forEach(({ source, text, positive }, index) => {
        if (index % FOLDS === fold && !positive && !['hatecheck', 'davidson', 'unknown'].includes(source))
          harmless.push(scoreText(text, head));
      });
    }
    return setLevels(trainHead(category, known, CONTENT_TRAINING), harmless);
  });
}
