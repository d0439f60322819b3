// Trains the tagger of names and addresses and writes src/guardrail-engine/pii/tagger/weights-data.ts:
//   npm ci --prefix training/pii && node training/pii/train-tagger.ts DATA_FOLDER
// Shaped by: the rows of pii-anon that are not held out (CC0), harmless rows marked `train`, and sentences of our own
// filled from the lists of Faker (MIT). Nothing else; the same input gives the same weights.
import { writeFileSync } from 'node:fs';
import { allLocales } from '@faker-js/faker';
import {
  isPassedOver,
  LABEL_COUNT,
  LABELS,
  labelToken,
  lookUp,
  mayFollow,
  scoreLabels,
  type TaggerModel,
} from '../../src/guardrail-engine/pii/tagger/model.ts';
import {
  FEATURE_BITS,
  MOST_FEATURES,
  writeFeatures,
} from '../../src/guardrail-engine/pii/tagger/features.ts';
import { buildFilter, openGazetteer } from '../../src/guardrail-engine/pii/tagger/gazetteer.ts';
import { readTokens, type Token } from '../../src/guardrail-engine/pii/tagger/tokens.ts';
import { makeSentences, nameSomebody, putAnywhere, readRows, type LabelledText } from './corpus.ts';
import { isHeldOut } from './held-out.ts';

const SENTENCES = Number(process.env['SENTENCES'] ?? 60_000);
const EPOCHS = Number(process.env['EPOCHS'] ?? 6);
// Real rows are few beside made ones.
const REPEATS = 3;
// A trial leaves every fifth template out and measures with those: what the settings below were chosen by.
const IS_TRIAL = process.argv.includes('--trial');
const FILTER_BITS = 20;
const LEAST_SEEN = 3;
const KEPT_FEATURES = Number(process.env['KEPT'] ?? 60_000);
const RATE = Number(process.env['RATE'] ?? 0.1);
const DROP = Number(process.env['DROP'] ?? 0.5);
const BIAS = 12;
const DECAY = 2e-6;
let rowTotal = 1;

type Sentence = { tokens: Token[]; lists: number[]; labels: number[] };

// Features that tell the word itself, and the words before and behind it: left out now and then, so that no one of them
// decides alone.
const DROPPED: readonly { share: number; places: ReadonlySet<number> }[] = [
  { share: 0.4, places: new Set([1, 20]) },
  { share: 0.2, places: new Set([1, 2, 3, 4, 20]) },
  { share: 0.15, places: new Set([8, 10, 19, 22, 23]) },
  { share: 0.15, places: new Set([9, 11, 24, 27]) },
];

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node training/pii/train-tagger.ts DATA_FOLDER');

const filter = buildFilter(listWords(), FILTER_BITS);
const gazetteer = openGazetteer(filter);
const sentences = [...listTexts(folder)].map((made) => toSentence(made, true));
const rowOf = countRows(sentences);
const weights = train(sentences);
const { rows, packed, features: kept } = prune(weights);
// What is missed costs more than what is masked in vain.
const bias = LABELS.map((label) => (/NAME|ADDRESS/.test(label) ? BIAS : 0));
if (!IS_TRIAL)
  writeFileSync(
    new URL('../../src/guardrail-engine/pii/tagger/weights-data.ts', import.meta.url),
    `// Made by training/pii/train-tagger.ts; see NOTICE for what it was made from.
export const BIAS: readonly number[] = ${JSON.stringify(bias)};
export const FILTER =
  '${Buffer.from(filter).toString('base64')}';
export const FEATURES =
  '${packGaps(kept).toString('base64')}';
export const WEIGHTS =
  '${Buffer.from(packed.buffer).toString('base64')}';
`,
  );
report({ weights: packed, rowOf: (feature) => rows.get(feature) ?? 0, gazetteer, bias });
process.stdout.write(`${kept.length} features\n`);

// Hashes of the words of each list of the gazetteer.
function listWords(): number[][] {
  const lists = [new Set<number>(), new Set<number>(), new Set<number>()] as const;
  const add = (list: Set<number>, value: unknown): void => {
    if (typeof value === 'string') {
      const { tokens } = readTokens(value, { offset: 0, isLast: true, gap: 2 });
      for (const token of tokens)
        if (token.kind === 'word' && token.end - token.start > 1) list.add(token.hash);
    } else if (Array.isArray(value)) for (const one of value) add(list, one);
    else if (value !== null && typeof value === 'object')
      for (const one of Object.values(value)) add(list, one);
  };
  for (const { person, location } of Object.values(allLocales)) {
    add(lists[0], person?.first_name);
    add(lists[1], person?.last_name);
    add(lists[2], [location?.city_name, location?.country, location?.state]);
  }
  return lists.map((list) => [...list].sort((a, b) => a - b));
}

function* listTexts(data: string): Generator<LabelledText> {
  for (const set of ['legal', 'adversarial']) {
    for (const row of readRows(`${data}/pii/pii-anon-${set}.jsonl`)) {
      if (isHeldOut(row.text)) continue;
      for (let i = 0; i < REPEATS; i++) yield row;
    }
  }
  for (const set of ['banking77', 'clinc150', 'cyberseceval-frr', 'self-instruct', 'awesome-chatgpt']) {
    const rows = readRows(`${data}/prompt-attack/${set}-benign.jsonl`);
    for (const { text } of rows) yield { text: text.slice(0, 1500), spans: [] };
  }
  const prose = ['ultrachat', 'self-instruct', 'awesome-chatgpt', 'banking77'].flatMap((set) =>
    readRows(`${data}/prompt-attack/${set}-benign.jsonl`).map(({ text }) => text),
  );
  for (let i = 0; i < REPEATS; i++) {
    yield* nameSomebody(prose, 20260201 + i);
    yield* putAnywhere(prose, 20260301 + i);
  }
  yield* makeSentences(SENTENCES, { seed: 20260101, part: IS_TRIAL ? 'train' : 'all' });
}

// In training, three of ten words are not looked up: names are to be known by what stands around them too.
function toSentence({ text, spans }: LabelledText, isForTraining: boolean): Sentence {
  const { tokens } = readTokens(text, { offset: 0, isLast: true, gap: 2 });
  const lists = tokens.map((token) => (isForTraining && token.hash % 10 < 3 ? 0 : lookUp(gazetteer, token)));
  const labels = tokens.map(() => 0);
  for (const { type, start, end } of spans) {
    const label =
      type === 'NAME'
        ? 1
        : type === 'ADDRESS'
          ? 3
          : type === null && !/\d/.test(text.slice(start, end))
            ? 5
            : 0;
    const value = text.slice(start, end);
    if (label === 0 || value.includes('*') || /^[\w+/]{12,}={0,2}$/.test(value)) continue;
    let isFirst = true;
    tokens.forEach((token, i) => {
      if (token.start < start || token.end > end) return;
      labels[i] = isFirst ? label : label + 1;
      isFirst = false;
    });
  }
  return { tokens, lists, labels };
}

// Rows for features that are seen at least twice; what is seen once teaches nothing but that sentence.
function countRows(all: readonly Sentence[]): (feature: number) => number {
  const counts = new Uint8Array(2 ** FEATURE_BITS);
  const features = new Int32Array(MOST_FEATURES);
  for (const { tokens, lists, labels } of all) {
    for (let at = 0; at < tokens.length; at++) {
      const place = { at, previous: labels[at - 1] ?? 0, beforePrevious: labels[at - 2] ?? 0 };
      const n = writeFeatures(features, tokens, lists, place);
      for (let f = 0; f < n; f++) counts[features[f] ?? 0] = Math.min(9, (counts[features[f] ?? 0] ?? 0) + 1);
    }
  }
  const rowByFeature = new Int32Array(2 ** FEATURE_BITS);
  let count = 0;
  counts.forEach((seen, feature) => {
    if (seen >= LEAST_SEEN) rowByFeature[feature] = ++count;
  });
  process.stdout.write(`${count} features seen\n`);
  rowTotal = count + 1;
  return (feature) => rowByFeature[feature] ?? 0;
}

function dropSome(features: Int32Array, count: number, random: () => number): number {
  const groups = DROPPED.filter(({ share }) => random() < share * DROP);
  if (groups.length === 0) return count;
  let kept = 0;
  for (let f = 0; f < count; f++) {
    if (!groups.some(({ places }) => places.has(f))) features[kept++] = features[f] ?? 0;
  }
  return kept;
}

// Softmax regression with AdaGrad: each token given the labels that were guessed for those before it.
function train(all: readonly Sentence[]): Float32Array {
  const live = new Float32Array(rowTotal * LABEL_COUNT);
  const squares = new Float32Array(rowTotal * LABEL_COUNT);
  const features = new Int32Array(MOST_FEATURES);
  const scores = new Float64Array(LABEL_COUNT);
  const model: TaggerModel = { weights: live, rowOf, gazetteer, bias: LABELS.map(() => 0) };
  const order = all.map((_, i) => i);
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    let wrong = 0;
    let count = 0;
    for (const index of order) {
      const { tokens, lists, labels } = all[index] ?? { tokens: [], lists: [], labels: [] };
      let previous = 0;
      let beforePrevious = 0;
      for (let at = 0; at < tokens.length; at++) {
        if (isPassedOver(tokens[at], lists[at] ?? 0, previous)) {
          beforePrevious = previous;
          previous = 0;
          count++;
          if ((labels[at] ?? 0) !== 0) wrong++;
          continue;
        }
        const n = dropSome(
          features,
          writeFeatures(features, tokens, lists, { at, previous, beforePrevious }),
          random,
        );
        scoreLabels(model, features, n, scores);
        const right = labels[at] ?? 0;
        let best = 0;
        for (let label = 1; label < LABEL_COUNT; label++) {
          if ((scores[label] ?? 0) > (scores[best] ?? 0) && mayFollow(previous, label)) best = label;
        }
        count++;
        if (best !== right) wrong++;
        const top = Math.max(...scores);
        let sum = 0;
        for (let label = 0; label < LABEL_COUNT; label++)
          sum += scores[label] = Math.exp((scores[label] ?? 0) - top);
        for (let label = 0; label < LABEL_COUNT; label++) {
          const error = (scores[label] ?? 0) / sum - (label === right ? 1 : 0);
          if (Math.abs(error) < 1e-3) continue;
          for (let f = 0; f < n; f++) {
            const row = rowOf(features[f] ?? 0);
            if (row === 0) continue;
            const at = row * LABEL_COUNT + label;
            const square = (squares[at] ?? 0) + error * error;
            squares[at] = square;
            live[at] = (live[at] ?? 0) * (1 - DECAY) - (RATE * error) / (0.1 + Math.sqrt(square));
          }
        }
        beforePrevious = previous;
        // Mostly what was guessed, as when it is used; sometimes what is right, to get over early mistakes.
        previous = random() < 0.2 ? right : best;
      }
    }
    process.stdout.write(
      `epoch ${epoch + 1}: ${((100 * wrong) / count).toFixed(2)} % of ${count} tokens wrong\n`,
    );
  }
  return live;
}

// Keeps the features that weigh most, in bytes.
function prune(live: Float32Array): { rows: Map<number, number>; packed: Int8Array; features: number[] } {
  const strengths: { feature: number; strength: number }[] = [];
  for (let feature = 0; feature < 2 ** FEATURE_BITS; feature++) {
    const row = rowOf(feature);
    if (row === 0) continue;
    let least = Infinity;
    let most = -Infinity;
    for (let label = 0; label < LABEL_COUNT; label++) {
      least = Math.min(least, live[row * LABEL_COUNT + label] ?? 0);
      most = Math.max(most, live[row * LABEL_COUNT + label] ?? 0);
    }
    strengths.push({ feature, strength: most - least });
  }
  strengths.sort((a, b) => b.strength - a.strength || a.feature - b.feature);
  const features = strengths
    .slice(0, KEPT_FEATURES)
    .map(({ feature }) => feature)
    .sort((a, b) => a - b);
  const values = features.flatMap((feature) => [
    ...live.subarray(rowOf(feature) * LABEL_COUNT, (rowOf(feature) + 1) * LABEL_COUNT),
  ]);
  const sorted = values.map(Math.abs).sort((a, b) => a - b);
  const scale = 127 / (sorted[Math.floor(sorted.length * 0.9998)] ?? 1);
  const packed = new Int8Array((features.length + 1) * LABEL_COUNT);
  values.forEach((value, i) => {
    packed[LABEL_COUNT + i] = Math.max(-127, Math.min(127, Math.round(value * scale)));
  });
  return { rows: new Map(features.map((feature, i) => [feature, i + 1])), packed, features };
}

// Rising numbers as the gaps between them, seven bits a byte.
function packGaps(numbers: readonly number[]): Buffer {
  const bytes: number[] = [];
  let last = 0;
  for (const number of numbers) {
    let gap = number - last;
    last = number;
    for (; gap > 127; gap >>>= 7) bytes.push((gap & 127) | 128);
    bytes.push(gap);
  }
  return Buffer.from(bytes);
}

// Entities of held-out rows that are found exactly.
function report(model: TaggerModel): void {
  const heldOut = ['legal', 'adversarial'].map(
    (set) =>
      [set, readRows(`${folder}/pii/pii-anon-${set}.jsonl`).filter(({ text }) => isHeldOut(text))] as const,
  );
  for (const [name, rows] of [
    ...heldOut,
    ['made', [...makeSentences(3000, { seed: 7, part: 'held out' })]] as const,
  ]) {
    const counts = new Map<string, { hit: number; found: number; real: number }>();
    for (const row of rows) {
      const { tokens, lists, labels } = toSentence(row, false);
      const guessed: number[] = [];
      tokens.forEach((_, at) => {
        guessed.push(
          labelToken(model, tokens, lists, {
            at,
            previous: guessed[at - 1] ?? 0,
            beforePrevious: guessed[at - 2] ?? 0,
          }),
        );
      });
      const real = new Set(listEntities(labels));
      const found = listEntities(guessed);
      for (const type of ['NAME', 'ADDRESS']) {
        const count = counts.get(type) ?? { hit: 0, found: 0, real: 0 };
        if (process.env['SHOW'] && count.found < 400)
          for (const e of found)
            if (e.startsWith(type) && !real.has(e)) {
              const [, r] = e.split(' ');
              const [a, b] = (r ?? '').split('-').map(Number);
              console.log(
                name,
                type,
                JSON.stringify(
                  row.text.slice(Math.max(0, (tokens[a ?? 0]?.start ?? 0) - 25), tokens[(b ?? 1) - 1]?.end),
                ),
                '=>',
                JSON.stringify(row.text.slice(tokens[a ?? 0]?.start, tokens[(b ?? 1) - 1]?.end)),
              );
            }
        const ofType = found.filter((entity) => entity.startsWith(type));
        count.hit += ofType.filter((entity) => real.has(entity)).length;
        count.found += ofType.length;
        count.real += [...real].filter((entity) => entity.startsWith(type)).length;
        counts.set(type, count);
      }
    }
    for (const [type, { hit, found, real }] of counts) {
      process.stdout.write(
        `${name} ${type}: precision ${(hit / found).toFixed(3)}, recall ${(hit / real).toFixed(3)}\n`,
      );
    }
  }
}

function listEntities(labels: readonly number[]): string[] {
  const entities: string[] = [];
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at] ?? 0;
    if (label % 2 === 0) continue;
    let end = at + 1;
    while (labels[end] === label + 1) end++;
    entities.push(`${LABELS[label]?.slice(2)} ${at}-${end}`);
  }
  return entities;
}
