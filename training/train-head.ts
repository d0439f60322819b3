import { createFeatureReader } from '../src/guardrail-engine/classify/hashing/features.ts';
import { NO_SCORE, scoreStrongestWindow } from '../src/guardrail-engine/classify/model/score.ts';
import type { TrainedHead } from '../src/guardrail-engine/classify/model/weights-file.ts';
import { makeViews } from '../src/guardrail-engine/text/views.ts';
import { listWindows } from '../src/guardrail-engine/text/windows.ts';
import { prepare, train, type Example, type TrainOptions } from './logistic.ts';

export const TRAINING: TrainOptions = { bits: 18, epochs: 8, rate: 0.1, decay: 1e-4, dropout: 0.4, seed: 7 };

/** Shares of harmless texts that each confidence may take for harmful, where a threshold is set. */
export const FALSE_POSITIVES = { low: 0.02, medium: 0.005, high: 0.001 } as const;

/** Trains one classifier and stores its weights in a byte each. Its levels are still to be set. */
export function trainHead(
  name: string,
  examples: readonly Example[],
  options: TrainOptions = TRAINING,
): TrainedHead {
  const { weights, bias, bits } = train(
    examples.filter(({ weight }) => weight > 0).map((example) => prepare(example, options.bits)),
    options,
  );
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  const unit = largest / 127;
  return {
    name,
    bits,
    unit,
    bias: [...bias].map((value) => Math.round(value * 1e6) / 1e6),
    levels: [0, 1, 2],
    weights: Int8Array.from(weights, (weight) => Math.round(weight / unit)),
  };
}

const readFeatures = createFeatureReader();

/** The readings of a text, window by window, as the engine judges them. */
export function listReadings(text: string): string[] {
  return listWindows(text.length).flatMap(({ start, end }) => {
    const { plain, decoded } = makeViews(text.slice(start, end));
    return [plain, ...decoded.map((view) => view.text)];
  });
}

/** The worst score of all readings of a text. */
export function scoreText(text: string, head: TrainedHead): number {
  let worst = NO_SCORE;
  for (const reading of listReadings(text))
    worst = Math.max(worst, scoreStrongestWindow(readFeatures(reading), head));
  return worst;
}

/** The scores which the given shares of harmless texts exceed; never below what a text in an unknown language gets. */
export function setLevels(head: TrainedHead, harmless: readonly number[]): TrainedHead {
  const sorted = harmless.toSorted((a, b) => b - a);
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1e4) / 1e4;
  const unknown = Math.max(...head.bias);
  const low = Math.max(at(FALSE_POSITIVES.low), unknown + 0.3);
  const medium = Math.max(at(FALSE_POSITIVES.medium), low + 0.5);
  return { ...head, levels: [low, medium, Math.max(at(FALSE_POSITIVES.high), medium + 0.5)] };
}
