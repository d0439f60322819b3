import { lazyWeights } from '../src/guardrail-engine/classify/model/weights-file.ts';
import { CATEGORIES, readLabelledRows, type Category } from '../training/content.ts';
import { isTrainingRow, readRows, textOf } from '../training/rows.ts';
import { scoreText } from '../training/train-head.ts';
import { areaUnderCurve, percent, shareFrom, type EvalSection } from './section.ts';

const HARMLESS = [
  'wildguard-benign',
  'dahoas-benign',
  'teven-benign',
  'notinject-one',
  'bipia-contexts-benign',
] as const;
const MULTIJAIL: Readonly<Record<Category, RegExp>> = {
  HATE: /Hate speech/,
  INSULTS: /Bullying/,
  SEXUAL: /Adult content|Sexual exploitation/,
  VIOLENCE: /Violence & incitement|Weapons|Terrorism/,
  MISCONDUCT: /Theft|Fraud|Property crime|banned substances|Weapons|organized crime/,
};

/** Recall of the content filters where rows have labels, and false positives on harmless prompts. */
export function measureContent(dataDir: string): EvalSection {
  const weights = lazyWeights(
    new URL('../src/guardrail-engine/classify/weights/content.bin', import.meta.url),
  )();
  const labelled = readLabelledRows(dataDir).filter(({ text }) => !isTrainingRow(text));
  const harmless = HARMLESS.flatMap((name) =>
    readRows(dataDir, `prompt-attack/${name}.jsonl`).map((row) => textOf(row)),
  );
  const multijail = readRows(dataDir, 'content/multijail.jsonl').map((row) => ({
    text: textOf(row, 'en'),
    tags: textOf(row, 'tags'),
  }));
  const rows: string[][] = [];
  for (const category of CATEGORIES) {
    const head = weights.get(category);
    if (!head) throw new Error(`no weights for ${category}`);
    const add = (set: string, texts: readonly string[], area = '') => {
      const scores = texts.map((text) => scoreText(text, head));
      rows.push([
        category,
        set,
        String(texts.length),
        ...head.levels.map((level) => percent(shareFrom(scores, level))),
        area,
      ]);
    };
    for (const source of new Set(labelled.map((row) => row.source))) {
      const known = labelled.filter((row) => row.source === source && row.labels[category] !== undefined);
      const positive = known.filter(({ labels }) => labels[category]);
      const negative = known.filter(({ labels }) => !labels[category]);
      const area = positive.length * negative.length > 0 ? areaUnderCurve(known.map(({ text, labels }) => ({ score: scoreText(text, head), positive: labels[category] === true }))).toFixed(3) : ''; // prettier-ignore
      if (positive.length > 0) add(`${source}, is`, positive.map(({ text }) => text), area); // prettier-ignore
      if (negative.length > 0) add(`${source}, is not`, negative.map(({ text }) => text), area); // prettier-ignore
    }
    add('MultiJail, English, tagged so', multijail.filter(({ tags }) => MULTIJAIL[category].test(tags)).map(({ text }) => text)); // prettier-ignore
    add('harmless prompts and mails', harmless);
  }
  return {
    title: 'Content filters',
    protocol: [
      'HateCheck, Davidson and AdvBench: the half of the rows, by a hash of the text, that was not trained on. MultiJail and the harmless sets (WildGuard, dahoas, teven, NotInject, BIPIA’s contexts) are for evaluation only.',
      'Filter strength LOW blocks HIGH confidence, MEDIUM also MEDIUM, HIGH also LOW. Thresholds: 2 %, 0.5 % and 0.1 % of harmless training rows left out in turn, and above what a text in an unknown language gets.',
    ],
    rows: [],
    tables: [
      {
        title: 'Share found, by confidence',
        head: ['filter', 'set', 'rows', 'LOW or more', 'MEDIUM or more', 'HIGH', 'AUC'],
        rows,
      },
    ],
    notes: [
      'For SEXUAL and VIOLENCE there was no labelled data to train on but a lexicon and sentences of our own: they find the plain cases.',
      'HATE does not understand: speech that quotes or counters hate (HateCheck’s non-hateful half) is often taken for it.',
      'INSULTS takes vulgar words for insults, as its training labels do.',
      'Harm that is told without its words (MultiJail) is mostly missed; languages other than English are.',
    ],
  };
}
