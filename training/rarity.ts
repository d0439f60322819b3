import { createFeatureReader } from '../src/guardrail-engine/classify/hashing/features.ts';
import { RARITY_BITS } from '../src/guardrail-engine/classify/hashing/rarity.ts';
import { HARMLESS_SOURCES, readAttackRows } from './prompt-attack.ts';

/** Counts in how many everyday requests each hashed feature stands. No text about banking is among them: topics are measured on such. */
export function trainRarity(
  dataDir: string,
  isLeftOut: (source: string, row: number) => boolean = () => false,
): Uint8Array {
  const readFeatures = createFeatureReader();
  const counts = new Uint32Array(2 ** RARITY_BITS);
  let texts = 0;
  for (const source of HARMLESS_SOURCES) {
    if (source === 'banking77-benign') continue;
    for (const [row, text] of readAttackRows(dataDir, source).entries()) {
      if (isLeftOut(source, row)) continue;
      const { tokens, firstFeature, hashes } = readFeatures(text.slice(0, 600));
      const seen = new Set<number>();
      for (let i = 0; i < (firstFeature[tokens] ?? 0); i += 1)
        seen.add((hashes[i] ?? 0) >>> (32 - RARITY_BITS));
      for (const slot of seen) counts[slot] = (counts[slot] ?? 0) + 1;
      texts += 1;
    }
  }
  const most = Math.log(texts + 1);
  return Uint8Array.from(counts, (count) => Math.round((255 * Math.log((texts + 1) / (count + 1))) / most));
}
