/** One hidden layer of tanh units over standardised features, and a logistic output. */
export type SmallNetwork = { mean: number[]; scale: number[]; hidden: number[][]; output: number[] };

/** A probability. */
export function runSmallNetwork(
  { mean, scale, hidden, output }: SmallNetwork,
  features: Float64Array,
): number {
  let z = output[hidden.length] ?? 0;
  hidden.forEach((unit, k) => {
    let sum = unit[features.length] ?? 0;
    for (let j = 0; j < features.length; j += 1)
      sum += (unit[j] ?? 0) * ((features[j] ?? 0) - (mean[j] ?? 0)) * (scale[j] ?? 0);
    z += (output[k] ?? 0) * Math.tanh(sum);
  });
  return 1 / (1 + Math.exp(-z));
}
