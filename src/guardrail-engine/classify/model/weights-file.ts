import { readFileSync } from 'node:fs';

/** One trained classifier: a table of weights by hashed feature, and what its scores mean. */
export type Head = {
  name: string;
  /** The table has 2^bits weights. */
  bits: number;
  /** What one unit of a stored weight stands for. */
  unit: number;
  /** Added to a window's score, by window size. */
  bias: readonly number[];
  /** Scores from which confidence is LOW, MEDIUM and HIGH. */
  levels: readonly [low: number, medium: number, high: number];
};

export type TrainedHead = Head & { weights: Int8Array };

/** A file of weights: the length of a JSON header (32 bits, little endian), the header, and one table after the other. */
export function packWeights(heads: readonly TrainedHead[]): Uint8Array {
  const header = new TextEncoder().encode(
    JSON.stringify(heads, (key, value: unknown) => (key === 'weights' ? undefined : value)),
  );
  const bytes = new Uint8Array(
    4 + header.length + heads.reduce((sum, { weights }) => sum + weights.length, 0),
  );
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = 4 + header.length;
  for (const { weights } of heads) {
    bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.length), at);
    at += weights.length;
  }
  return bytes;
}

export function unpackWeights(bytes: Uint8Array): TrainedHead[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  // The file is ours, written by packWeights.
  const heads = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Head[];
  let at = 4 + length;
  return heads.map((head) => {
    const weights = new Int8Array(2 ** head.bits);
    const stored = bytes.subarray(at, at + weights.length);
    if (stored.length !== weights.length) throw new Error(`the weights of ${head.name} are cut short`);
    weights.set(stored);
    at += weights.length;
    return { ...head, weights };
  });
}

/** Reads a file of weights that lies beside the code, once. */
export function lazyWeights(file: URL): () => ReadonlyMap<string, TrainedHead> {
  let heads: Map<string, TrainedHead> | undefined;
  return () => (heads ??= new Map(unpackWeights(readFileSync(file)).map((head) => [head.name, head])));
}
