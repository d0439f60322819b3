import type { SmallNetwork } from '../src/guardrail-engine/classify/model/small-network.ts';
import { createSeededRandom, shuffle } from './seeded-random.ts';

export type Row = { features: Float64Array; positive: boolean; weight: number };
/** Stochastic gradient descent with a falling rate and weight decay. */
export function trainSmallNetwork(
  rows: readonly Row[],
  {
    units,
    epochs,
    rate,
    decay,
    seed,
  }: { units: number; epochs: number; rate: number; decay: number; seed: number },
): SmallNetwork {
  const random = createSeededRandom(seed);
  const width = rows[0]?.features.length ?? 0;
  const mean = Array.from(
    { length: width },
    (_, j) => rows.reduce((sum, { features }) => sum + (features[j] ?? 0), 0) / rows.length,
  );
  const scale = mean.map(
    (m, j) =>
      1 /
      Math.max(
        0.05,
        Math.sqrt(rows.reduce((sum, { features }) => sum + ((features[j] ?? 0) - m) ** 2, 0) / rows.length),
      ),
  );
  const hidden = Array.from({ length: units }, () =>
    Array.from({ length: width + 1 }, () => (random() - 0.5) * 0.4),
  );
  const output = Array.from({ length: units + 1 }, () => (random() - 0.5) * 0.4);
  const network = { mean, scale, hidden, output };
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const step = rate * (1 - epoch / epochs) + rate * 0.02;
    for (const { features, positive, weight } of shuffle(rows, random)) {
      const x = Array.from(features, (value, j) => (value - (mean[j] ?? 0)) * (scale[j] ?? 0));
      x.push(1);
      const h = hidden.map((unit) => Math.tanh(unit.reduce((sum, w, j) => sum + w * (x[j] ?? 0), 0)));
      h.push(1);
      const z = output.reduce((sum, w, k) => sum + w * (h[k] ?? 0), 0);
      const gap = (1 / (1 + Math.exp(-z)) - (positive ? 1 : 0)) * weight;
      hidden.forEach((unit, k) => {
        const back = gap * (output[k] ?? 0) * (1 - (h[k] ?? 0) ** 2);
        for (let j = 0; j <= width; j += 1)
          unit[j] = (unit[j] ?? 0) - step * (back * (x[j] ?? 0) + decay * (unit[j] ?? 0));
      });
      for (let k = 0; k <= units; k += 1)
        output[k] = (output[k] ?? 0) - step * (gap * (h[k] ?? 0) + decay * (output[k] ?? 0));
    }
  }
  return network;
}
