import { createFeatureReader } from '../src/guardrail-engine/classify/hashing/features.ts';
import { FEWEST_FEATURES } from '../src/guardrail-engine/classify/model/score.ts';
import { visitWindows, WINDOW_SIZES } from '../src/guardrail-engine/classify/hashing/windows.ts';
import { createSeededRandom, shuffle } from './seeded-random.ts';

export type Example = { source: string; text: string; positive: boolean; weight: number };

/** An example as the trainer sees it: table indices, and which of them belong to which token. */
export type Prepared = { example: Example; first: Int32Array; features: Int32Array };

export type Model = { bits: number; weights: Float32Array; bias: Float64Array };

export type TrainOptions = {
  bits: number;
  epochs: number;
  rate: number;
  decay: number;
  dropout: number;
  seed: number;
};

const MOST_TOKENS = 4000;
const readFeatures = createFeatureReader();

export function prepare(example: Example, bits: number): Prepared {
  const { tokens, firstFeature, hashes } = readFeatures(example.text);
  const kept = Math.min(tokens, MOST_TOKENS);
  const count = firstFeature[kept] ?? 0;
  const features = new Int32Array(count);
  for (let i = 0; i < count; i += 1) features[i] = (hashes[i] ?? 0) >>> (32 - bits);
  return { example, first: firstFeature.slice(0, kept + 1), features };
}

/** Logistic regression on the windows of a text, of which the strongest decide: trained as it is used. */
export function train(prepared: readonly Prepared[], options: TrainOptions): Model {
  const size = 2 ** options.bits;
  const weights = new Float32Array(size);
  const squares = new Float32Array(size).fill(0.02);
  const bias = new Float64Array(WINDOW_SIZES.length).fill(-1);
  const random = createSeededRandom(options.seed);
  const sum = new Float32Array(size);
  const biasSum = new Float64Array(bias.length);
  let averaged = 0;
  const model = { bits: options.bits, weights, bias };
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    const sharpness = epoch === 0 ? 0 : 2; // first the whole text, then its strongest windows
    for (const item of shuffle(prepared, random)) learn(item, sharpness);
    if (epoch < options.epochs / 2) continue;
    averaged += 1;
    for (let i = 0; i < size; i += 1) sum[i] = (sum[i] ?? 0) + (weights[i] ?? 0);
    for (let i = 0; i < bias.length; i += 1) biasSum[i] = (biasSum[i] ?? 0) + (bias[i] ?? 0);
  }
  // The mean of the later epochs forgets less of what it saw early, and depends less on the order.
  for (let i = 0; i < size; i += 1) weights[i] = (sum[i] ?? 0) / averaged;
  for (let i = 0; i < bias.length; i += 1) bias[i] = (biasSum[i] ?? 0) / averaged;
  return model;

  function learn({ example, first, features }: Prepared, sharpness: number): void {
    const windows = scoreWindows(model, first, features);
    if (windows.length === 0) return;
    let top = -Infinity;
    for (const { score } of windows) if (score > top) top = score;
    const gap = 1 / (1 + Math.exp(-top)) - (example.positive ? 1 : 0);
    const pull = gap * example.weight;
    if (Math.abs(pull) < 1e-4) return;
    let total = 0;
    for (const window of windows) total += window.share = Math.exp(sharpness * (window.score - top));
    const slope = new Float64Array(first.length);
    for (const { start, end, size: scale, norm, share } of windows) {
      const part = (pull * share) / total;
      slope[start] = (slope[start] ?? 0) + part / norm;
      slope[end] = (slope[end] ?? 0) - part / norm;
      bias[scale] = (bias[scale] ?? 0) - 0.02 * part;
    }
    let step = 0;
    for (let token = 0; token + 1 < first.length; token += 1) {
      step += slope[token] ?? 0;
      if (Math.abs(step) < 1e-9) continue;
      for (let i = first[token] ?? 0; i < (first[token + 1] ?? 0); i += 1) {
        if (random() < options.dropout) continue;
        const index = features[i] ?? 0;
        const weight = weights[index] ?? 0;
        const gradient = step * 4 + options.decay * weight * example.weight;
        const square = (squares[index] ?? 0) + gradient * gradient;
        squares[index] = square;
        weights[index] = weight - (options.rate * gradient) / Math.sqrt(square);
      }
    }
  }
}

type Window = { start: number; end: number; size: number; norm: number; score: number; share: number };

function scoreWindows(model: Model, first: Int32Array, features: Int32Array): Window[] {
  const tokens = first.length - 1;
  const sums = new Float64Array(tokens + 1);
  for (let token = 0; token < tokens; token += 1) {
    let sum = sums[token] ?? 0;
    for (let i = first[token] ?? 0; i < (first[token + 1] ?? 0); i += 1)
      sum += model.weights[features[i] ?? 0] ?? 0;
    sums[token + 1] = sum;
  }
  const windows: Window[] = [];
  if (tokens > 0)
    visitWindows(tokens, (start, end, size) => {
      const norm = Math.sqrt(Math.max(FEWEST_FEATURES, (first[end] ?? 0) - (first[start] ?? 0)));
      const score = (model.bias[size] ?? 0) + ((sums[end] ?? 0) - (sums[start] ?? 0)) / norm;
      windows.push({ start, end, size, norm, score, share: 0 });
    });
  return windows;
}

export function scorePrepared(model: Model, { first, features }: Prepared): number {
  let top = -20;
  for (const { score } of scoreWindows(model, first, features)) if (score > top) top = score;
  return top;
}
