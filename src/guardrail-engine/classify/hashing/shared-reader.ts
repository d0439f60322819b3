import { createFeatureReader, type Features } from './features.ts';

// A window is judged by one classifier after the other, in a few readings: as it stands, and decoded.
const SLOTS = 3;
const slots = Array.from({ length: SLOTS }, () => ({ read: createFeatureReader(), text: '' as string | undefined, features: undefined as Features | undefined })); // prettier-ignore
let oldest = 0;

/** Reads a text unless it is one of the last few; the features are valid until a few other texts were read. */
export function readSharedFeatures(text: string): Features {
  for (const slot of slots) if (slot.features && slot.text === text) return slot.features;
  const slot = slots[oldest];
  if (!slot) throw new Error('no slot');
  oldest = (oldest + 1) % SLOTS;
  slot.text = undefined; // should the read throw
  slot.features = slot.read(text);
  // What is long would be held for nothing: it is read once.
  slot.text = text.length <= 4096 ? text : undefined;
  return slot.features;
}
