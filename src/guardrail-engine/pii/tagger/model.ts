import { lookUp, MOST_FEATURES, writeFeatures } from './features.ts';
import type { Gazetteer } from './gazetteer.ts';
import { SHAPES, type Token } from './tokens.ts';

/** What a token can be: nothing, or the beginning or the rest of a name, an address or an organisation. */
export const LABELS = ['O', 'B-NAME', 'I-NAME', 'B-ADDRESS', 'I-ADDRESS', 'B-OTHER', 'I-OTHER'] as const;
export const LABEL_COUNT = LABELS.length;

/** A trained tagger: a weight for each feature and label, side by side by feature. */
export type TaggerModel = {
  weights: Int8Array | Float32Array;
  /** The row of weights of a feature; row 0 is of no weight. */
  rowOf: (feature: number) => number;
  gazetteer: Gazetteer;
  bias: readonly number[];
};

const features = new Int32Array(MOST_FEATURES);
const scores = new Float64Array(LABEL_COUNT);

/** Whether one label may follow another: the rest of an entity only behind its beginning. */
export function mayFollow(previous: number, label: number): boolean {
  if (label === 0 || label % 2 === 1) return true;
  return previous === label || previous === label - 1;
}

/** Writes how much each label has for it, given a token's features. */
export function scoreLabels(
  model: TaggerModel,
  features: Int32Array,
  count: number,
  scores: Float64Array,
): void {
  const { weights, bias, rowOf } = model;
  for (let label = 0; label < LABEL_COUNT; label++) scores[label] = bias[label] ?? 0;
  for (let i = 0; i < count; i++) {
    const from = rowOf(features[i] ?? 0) * LABEL_COUNT;
    for (let label = 0; label < LABEL_COUNT; label++) {
      scores[label] = (scores[label] as number) + (weights[from + label] as number); // both are within bounds
    }
  }
}

/** Whether nothing can begin here: a sign, or a small word that is in no list. Most tokens are, and cost nothing. */
export function isPassedOver(token: Token | undefined, lists: number, previous: number): boolean {
  if (!token || previous !== 0) return !token;
  return token.kind === 'sign' || (lists === 0 && (token.shape === SHAPES.small || token.shape === SHAPES.a));
}

/** The best label for tokens[at], given the labels before it. */
export function labelToken(
  model: TaggerModel,
  tokens: readonly Token[],
  lists: readonly number[],
  place: { at: number; previous: number; beforePrevious: number },
): number {
  if (isPassedOver(tokens[place.at], lists[place.at] ?? 0, place.previous)) return 0;
  scoreLabels(model, features, writeFeatures(features, tokens, lists, place), scores);
  let best = 0;
  for (let label = 1; label < LABEL_COUNT; label++) {
    if ((scores[label] ?? 0) > (scores[best] ?? 0) && mayFollow(place.previous, label)) best = label;
  }
  // A name behind a name, with nothing but a space between, is the rest of it.
  const isSameName = best === B_NAME && (place.previous === B_NAME || place.previous === B_NAME + 1);
  return isSameName && tokens[place.at]?.gap === 1 ? B_NAME + 1 : best;
}

const B_NAME = 1;

export { lookUp };
