import { readFileSync } from 'node:fs';
import type { TextViews } from '../text/views.ts';
import type { Tier, TopicDefinition, WindowClassifier } from '../guardrail/policies.ts';
import type { Features } from './hashing/features.ts';
import { RARITY_BITS, readRarity } from './hashing/rarity.ts';
import { readSharedFeatures } from './hashing/shared-reader.ts';
import { confidenceOf, severityOf } from './severity.ts';

/** What the closest sentence of a topic, the mean over its sentences and its name count. */
const SHARES = { closest: 0.5, mean: 1, name: 0.3 } as const;

/** Stretches of this many tokens are compared, half overlapping: about a long sentence. */
const STRETCH = 24;

const SLOT_SHIFT = 32 - RARITY_BITS;

type Sentence = { topic: number; isName: boolean; share: number };

export type CompiledTopics = {
  rarity: Uint8Array;
  count: number;
  sentences: Sentence[];
  /** Where a feature stands in the two lists below; most features of a text are in no topic, which `isUsed` tells first. */
  isUsed: Uint8Array;
  places: Map<number, number>;
  /** In which sentences a feature stands, and how much of the sentence it is. */
  users: number[][];
  weights: number[][];
};

/**
 * Denied topics, from a name, a definition and examples and nothing else: how much of a stretch of text is, rare word by
 * rare word, what the topic's own sentences are made of.
 */
export function compileTopics({
  topics,
}: {
  topics: readonly TopicDefinition[];
  tier: Tier;
}): WindowClassifier {
  const compiled = learnTopics(topics, readRarity());
  const levels = readLevels();
  return {
    labels: topics.map(({ name }) => name),
    judge(views) {
      return Array.from(measureLikeness(views, compiled), (value) => severityOf(value, levels));
    },
    confidenceOf: (_, severity) => (severity >= 0.5 ? confidenceOf(severity) : 'NONE'),
  };
}

/** How like each topic the worst reading of a text is. */
export function measureLikeness({ plain, decoded }: TextViews, compiled: CompiledTopics): Float64Array {
  const likeness = new Float64Array(compiled.count);
  compare(plain, compiled, likeness);
  for (const { text } of decoded) compare(text, compiled, likeness);
  return likeness;
}

/** Likenesses from which confidence is LOW, MEDIUM and HIGH; a topic is detected from MEDIUM. */
export type TopicLevels = readonly [low: number, medium: number, high: number];

let shippedLevels: TopicLevels | undefined;

function readLevels(): TopicLevels {
  // The file is ours, written by the training.
  return (shippedLevels ??= JSON.parse(
    readFileSync(new URL('weights/topics.bin', import.meta.url), 'utf8'),
  ) as TopicLevels);
}

/** Takes topics apart into the features of their sentences. */
export function learnTopics(topics: readonly TopicDefinition[], rarity: Uint8Array): CompiledTopics {
  const compiled: CompiledTopics = {
    rarity,
    count: topics.length,
    sentences: [],
    isUsed: new Uint8Array(2 ** RARITY_BITS),
    places: new Map(),
    users: [],
    weights: [],
  };
  topics.forEach(({ name, definition, examples }, topic) => {
    const share = SHARES.mean / (examples.length + 1);
    for (const text of [definition, ...examples])
      learnSentence(text, { topic, isName: false, share }, compiled);
    learnSentence(name, { topic, isName: true, share: SHARES.name }, compiled);
  });
  return compiled;
}

function learnSentence(
  text: string,
  sentence: Sentence,
  { rarity, sentences, isUsed, places, users, weights }: CompiledTopics,
): void {
  const found = weigh(readSharedFeatures(text), rarity);
  const norm = Math.sqrt([...found.values()].reduce((sum, weight) => sum + weight * weight, 0)) || 1;
  for (const [hash, weight] of found) {
    isUsed[hash >>> SLOT_SHIFT] = 1;
    const place = places.get(hash) ?? users.length;
    places.set(hash, place);
    (users[place] ??= []).push(sentences.length);
    (weights[place] ??= []).push(weight / norm);
  }
  sentences.push(sentence);
}

function weigh({ tokens, firstFeature, hashes }: Features, rarity: Uint8Array): Map<number, number> {
  const weights = new Map<number, number>();
  for (let i = 0; i < (firstFeature[tokens] ?? 0); i += 1) {
    const hash = hashes[i] ?? 0;
    const weight = rarity[hash >>> SLOT_SHIFT] ?? 0;
    if (weight > 0) weights.set(hash, weight);
  }
  return weights;
}

/** How like its topic's sentences the likest stretch of a text is; kept where it is more than before. */
function compare(text: string, compiled: CompiledTopics, likeness: Float64Array): void {
  const { sentences, users, weights } = compiled;
  const features = readSharedFeatures(text);
  const { tokens, firstFeature } = features;
  const hits = findHits(features, compiled);
  const sums = sumSquares(features, compiled.rarity);
  const seen = new Int32Array(users.length).fill(-1);
  const products = new Float64Array(sentences.length);
  let firstHit = 0;
  for (let start = 0; start < tokens && (start === 0 || start + STRETCH / 2 < tokens); start += STRETCH / 2) {
    const from = firstFeature[start] ?? 0;
    const to = firstFeature[Math.min(start + STRETCH, tokens)] ?? 0;
    const squares = (sums[to] ?? 0) - (sums[from] ?? 0);
    while (firstHit < hits.length && (hits[firstHit]?.at ?? 0) < from) firstHit += 1;
    products.fill(0);
    for (let k = firstHit; k < hits.length; k += 1) {
      const hit = hits[k];
      if (!hit || hit.at >= to) break;
      if (seen[hit.place] === start) continue; // said twice is said once
      seen[hit.place] = start;
      const using = users[hit.place] ?? [];
      const shares = weights[hit.place] ?? [];
      for (let u = 0; u < using.length; u += 1) {
        const sentence = using[u] ?? 0;
        products[sentence] = (products[sentence] ?? 0) + hit.weight * (shares[u] ?? 0);
      }
    }
    if (squares > 0) keepLikest(products, Math.sqrt(squares), compiled, likeness);
  }
}

/** The squared weights of all features before each. */
function sumSquares({ tokens, firstFeature, hashes }: Features, rarity: Uint8Array): Float64Array {
  const sums = new Float64Array((firstFeature[tokens] ?? 0) + 1);
  let sum = 0;
  for (let i = 0; i + 1 < sums.length; i += 1) {
    const weight = rarity[(hashes[i] ?? 0) >>> SLOT_SHIFT] ?? 0;
    sum += weight * weight;
    sums[i + 1] = sum;
  }
  return sums;
}

type Hit = { at: number; place: number; weight: number };

function findHits(
  { tokens, firstFeature, hashes }: Features,
  { rarity, isUsed, places }: CompiledTopics,
): Hit[] {
  const hits: Hit[] = [];
  const count = firstFeature[tokens] ?? 0;
  for (let at = 0; at < count; at += 1) {
    const hash = hashes[at] ?? 0;
    if (isUsed[hash >>> SLOT_SHIFT] === 0) continue;
    const place = places.get(hash);
    if (place !== undefined) hits.push({ at, place, weight: rarity[hash >>> SLOT_SHIFT] ?? 0 });
  }
  return hits;
}

/** Adds up what the sentences of each topic, which follow each other, are like. */
function keepLikest(
  products: Float64Array,
  norm: number,
  { count, sentences }: CompiledTopics,
  likeness: Float64Array,
): void {
  let next = 0;
  for (let topic = 0; topic < count; topic += 1) {
    let sum = 0;
    let closest = 0;
    for (let sentence = sentences[next]; sentence?.topic === topic; sentence = sentences[next]) {
      const similarity = (products[next] ?? 0) / norm;
      sum += similarity * sentence.share;
      if (!sentence.isName && similarity > closest) closest = similarity;
      next += 1;
    }
    const like = sum + SHARES.closest * closest;
    if (like > (likeness[topic] ?? 0)) likeness[topic] = like;
  }
}
