import { openGazetteer } from './gazetteer.ts';
import { LABEL_COUNT, type TaggerModel } from './model.ts';
import { BIAS, FEATURES, FILTER, WEIGHTS } from './weights-data.ts';

let model: TaggerModel | undefined;

/** The tagger that the engine ships with, unpacked once. */
export function openTaggerModel(): TaggerModel {
  if (model) return model;
  const packed = Buffer.from(WEIGHTS, 'base64');
  const weights = new Int8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  const features = readGaps(Buffer.from(FEATURES, 'base64'));
  if (weights.length !== (features.length + 1) * LABEL_COUNT)
    throw new Error('the weights of the tagger are not whole');
  model = {
    weights,
    rowOf: indexRows(features),
    gazetteer: openGazetteer(Buffer.from(FILTER, 'base64')),
    bias: BIAS,
  };
  return model;
}

// Rising numbers as the gaps between them, seven bits a byte.
function readGaps(bytes: Buffer): number[] {
  const numbers: number[] = [];
  let number = 0;
  let shift = 0;
  let gap = 0;
  for (const byte of bytes) {
    gap |= (byte & 127) << shift;
    shift += 7;
    if (byte > 127) continue;
    number += gap;
    numbers.push(number);
    gap = shift = 0;
  }
  return numbers;
}

// A hash table of open addresses, small enough to stay in the processor's cache; -1 is an empty place.
function indexRows(features: readonly number[]): (feature: number) => number {
  const mask = 2 ** Math.ceil(Math.log2(features.length * 2 + 2)) - 1;
  const keys = new Int32Array(mask + 1).fill(-1);
  const rows = new Int32Array(mask + 1);
  const placeOf = (feature: number) => {
    let place = Math.imul(feature, 0x9e3779b1) >>> 8;
    for (place &= mask; keys[place] !== -1 && keys[place] !== feature;) place = (place + 1) & mask;
    return place;
  };
  features.forEach((feature, i) => {
    const place = placeOf(feature);
    keys[place] = feature;
    rows[place] = i + 1;
  });
  return (feature) => rows[placeOf(feature)] ?? 0;
}
