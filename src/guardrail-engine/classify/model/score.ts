import type { Features } from '../hashing/features.ts';
import { WINDOW_SIZES } from '../hashing/windows.ts';
import type { TrainedHead } from './weights-file.ts';

/** Below this many features a window counts as if it had so many: two words are no evidence. */
export const FEWEST_FEATURES = 60;

/** The score of a text without a word. */
export const NO_SCORE = -20;

let sums = new Float64Array(4096);

/** The score of the strongest window of a text: a log-odds without calibration. */
export function scoreStrongestWindow({ tokens, firstFeature, hashes }: Features, head: TrainedHead): number {
  if (tokens === 0) return NO_SCORE;
  if (sums.length <= tokens) sums = new Float64Array(tokens * 2);
  const { weights, bits, unit, bias } = head;
  const shift = 32 - bits;
  let sum = 0;
  let feature = 0;
  for (let token = 0; token < tokens; token += 1) {
    const end = firstFeature[token + 1] ?? 0;
    for (; feature < end; feature += 1) sum += weights[(hashes[feature] ?? 0) >>> shift] ?? 0;
    sums[token + 1] = sum;
  }
  let strongest = -Infinity;
  // The windows are those of visitWindows; a callback a window would cost more than the window.
  for (let size = 0; size < WINDOW_SIZES.length; size += 1) {
    const width = WINDOW_SIZES[size] ?? 0;
    const stride = width >> 1;
    for (let start = 0; start === 0 || start + stride < tokens; start += stride) {
      const end = Math.min(start + width, tokens);
      const count = (firstFeature[end] ?? 0) - (firstFeature[start] ?? 0);
      const evidence = (sums[end] ?? 0) - (sums[start] ?? 0);
      const score = (bias[size] ?? 0) + (unit * evidence) / Math.sqrt(Math.max(FEWEST_FEATURES, count));
      if (score > strongest) strongest = score;
    }
    if (tokens <= width) break;
  }
  return strongest;
}
