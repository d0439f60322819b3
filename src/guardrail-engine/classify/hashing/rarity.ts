import { readFileSync } from 'node:fs';

/** How rare hashed features are in everyday requests: 0 for the commonest, about 1 for what was never seen. */
export const RARITY_BITS = 16;

let table: Uint8Array | undefined;

export function readRarity(): Uint8Array {
  return (table ??= new Uint8Array(readFileSync(new URL('../weights/rarity.bin', import.meta.url))));
}
