import type { TopicDefinition, Tier, WindowClassifier } from '../guardrail/policies.ts';
import { createFeatureReader, type Features } from './hashing/features.ts';
import { RARITY_BITS, readRarity } from './hashing/rarity.ts';
import { confidenceOf, severityOf } from './severity.ts';

/**
 * Denied topics, from a name, a definition and examples and nothing else: how much of a stretch of text is, word by
 * rare word, what the topic's own sentences are made of.
 */
export const TOPIC_LEVELS = [0.29, 0.36, 0.48] as const;

const SHARES = { closest: 0.5, examples: 0.5, name: 0.3 } as const;
/** Stretches of this many tokens are compared, half overlapping: about a long sentence. */
const STRETCH = 24;

const readFeatures = createFeatureReader();

type Sentence = { topic: number; kind: 'example' | 'name'; share: number };
type Use = { sentence: number; weight: number };

export function compileTopics({
  topics,
}: {
  topics: readonly TopicDefinition[];
  tier: Tier;
}): WindowClassifier {
  const rarity = readRarity();
  const sentences: Sentence[] = [];
  const uses = new Map<number, Use[]>();
  topics.forEach(({ name, definition, examples }, topic) => {
    for (const text of [definition, ...examples])
      learn(text, { topic, kind: 'example', share: 1 / (examples.length + 1) });
    learn(name, { topic, kind: 'name', share: SHARES.name });
  });

  function learn(text: string, sentence: Sentence): void {
    const weights = weigh(readFeatures(text), rarity);
    const norm = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight * weight, 0)) || 1;
    for (const [hash, weight] of weights) {
      const known = uses.get(hash);
      const use = { sentence: sentences.length, weight: weight / norm };
      if (known) known.push(use);
      else uses.set(hash, [use]);
    }
    sentences.push(sentence);
  }

  return {
    labels: topics.map(({ name }) => name),
    judge({ plain, decoded }) {
      const severities = topics.map(() => 0);
      judgeReading(plain);
      for (const { text } of decoded) judgeReading(text);
      return severities;

      function judgeReading(text: string): void {
        const similarities = compare(readFeatures(text), { uses, sentences, topics: topics.length, rarity });
        similarities.forEach((similarity, topic) => {
          const severity = severityOf(similarity, TOPIC_LEVELS);
          if (severity > (severities[topic] ?? 0)) severities[topic] = severity;
        });
      }
    },
    confidenceOf: (_, severity) => (severity >= 0.5 ? confidenceOf(severity) : 'NONE'),
  };
}

type Compiled = {
  uses: ReadonlyMap<number, readonly Use[]>;
  sentences: readonly Sentence[];
  topics: number;
  rarity: Uint8Array;
};

/** How close the closest stretch of a text comes to each topic. */
function compare(features: Features, { uses, sentences, topics, rarity }: Compiled): Float64Array {
  const best = new Float64Array(topics);
  const { tokens, firstFeature, hashes } = features;
  const products = new Float64Array(sentences.length);
  for (let start = 0; start === 0 || start + STRETCH / 2 < tokens; start += STRETCH / 2) {
    const end = Math.min(start + STRETCH, tokens);
    let squares = 0;
    products.fill(0);
    const seen = new Set<number>();
    for (let i = firstFeature[start] ?? 0; i < (firstFeature[end] ?? 0); i += 1) {
      const hash = hashes[i] ?? 0;
      const weight = rarity[hash >>> (32 - RARITY_BITS)] ?? 0;
      if (weight === 0) continue;
      squares += weight * weight;
      const found = uses.get(hash);
      if (!found || seen.has(hash)) continue;
      seen.add(hash);
      for (const use of found) products[use.sentence] = (products[use.sentence] ?? 0) + weight * use.weight;
    }
    if (squares === 0) continue;
    const norm = Math.sqrt(squares);
    const mean = new Float64Array(topics);
    const closest = new Float64Array(topics);
    const named = new Float64Array(topics);
    sentences.forEach(({ topic, kind, share }, sentence) => {
      const similarity = (products[sentence] ?? 0) / norm;
      if (kind === 'name') named[topic] = similarity * share;
      else {
        mean[topic] = (mean[topic] ?? 0) + similarity * share;
        if (similarity > (closest[topic] ?? 0)) closest[topic] = similarity;
      }
    });
    for (let topic = 0; topic < topics; topic += 1) {
      const similarity =
        SHARES.closest * (closest[topic] ?? 0) +
        SHARES.examples * 2 * (mean[topic] ?? 0) +
        (named[topic] ?? 0);
      if (similarity > (best[topic] ?? 0)) best[topic] = similarity;
    }
  }
  return best;
}

function weigh({ tokens, firstFeature, hashes }: Features, rarity: Uint8Array): Map<number, number> {
  const weights = new Map<number, number>();
  for (let i = 0; i < (firstFeature[tokens] ?? 0); i += 1) {
    const hash = hashes[i] ?? 0;
    const weight = rarity[hash >>> (32 - RARITY_BITS)] ?? 0;
    if (weight > 0) weights.set(hash, weight);
  }
  return weights;
}
