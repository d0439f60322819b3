/** Lists of words, held as a Bloom filter: a word that is in a list is always found, another hardly ever. */
export type Gazetteer = {
  /** A bit for each list that a word with this hash is in. */
  listsOf(hash: number): number;
};

/** First names, last names, and places: the lists, in the order of their bits. */
export const LIST_COUNT = 3;
const PROBES = 5;

function probe(hash: number, list: number, i: number, bitCount: number): number {
  const a = Math.imul(hash ^ Math.imul(list + 1, 0x9e3779b1), 0x85ebca6b);
  const b = Math.imul(hash ^ Math.imul(list + 1, 0xc2b2ae35), 0x27d4eb2f) | 1;
  return (((a ^ (a >>> 15)) + Math.imul(i, b)) >>> 0) & (bitCount - 1);
}

/** Puts the hashes of each list into a filter of 2^bits bits. */
export function buildFilter(lists: readonly (readonly number[])[], bits: number): Uint8Array {
  const filter = new Uint8Array(2 ** bits / 8);
  lists.forEach((hashes, list) => {
    for (const hash of hashes) {
      for (let i = 0; i < PROBES; i++) {
        const bit = probe(hash, list, i, filter.length * 8);
        filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    }
  });
  return filter;
}

/** Reads a filter that `buildFilter` made. */
export function openGazetteer(filter: Uint8Array): Gazetteer {
  const has = (hash: number, list: number) => {
    for (let i = 0; i < PROBES; i++) {
      const bit = probe(hash, list, i, filter.length * 8);
      if (((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  };
  return {
    listsOf(hash) {
      let lists = 0;
      for (let list = 0; list < LIST_COUNT; list++) if (has(hash, list)) lists |= 1 << list;
      return lists;
    },
  };
}
