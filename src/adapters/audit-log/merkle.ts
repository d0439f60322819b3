import { hash } from 'node:crypto';

/** The Merkle tree of RFC 6962. A leaf hash is the hash of a line, which has the leaf's prefix 0x00 already. */

const HASH_BYTES = 32;
const node = Buffer.alloc(1 + 2 * HASH_BYTES);
node[0] = 0x01; // so that an inner node can never be passed off as a leaf

/** Hash of an inner node, in hex like everything here: a hex digest costs a quarter of a buffer's. */
export function hashNode(left: string, right: string): string {
  node.write(left, 1, 'hex');
  node.write(right, 1 + HASH_BYTES, 'hex');
  return hash('sha256', node);
}

/** Root of the tree without leaves. */
export const EMPTY_ROOT = hash('sha256', '');

/** A tree that only grows. It keeps one hash for each bit of its size. */
export class Frontier {
  readonly #levels: string[] = [];
  #size = 0;

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  add(leaf: string): void {
    let carried = leaf;
    let level = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      carried = hashNode(this.#levels[level] ?? '', carried);
      level += 1;
    }
    this.#levels[level] = carried;
    this.#size += 1;
  }

  root(): string {
    let root: string | undefined;
    for (let level = 0, rest = this.#size; rest > 0; level += 1, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const left = this.#levels[level] ?? '';
      root = root === undefined ? left : hashNode(left, root);
    }
    return root ?? EMPTY_ROOT;
  }
}

/** All hashes of a finished tree, for proofs: `levels[0]` are the leaves. */
export class MerkleTree {
  readonly #levels: string[][];

  constructor(leaves: readonly string[]) {
    this.#levels = [[...leaves]];
    for (let below = this.#levels[0] ?? []; below.length > 1; below = this.#levels.at(-1) ?? []) {
      const level: string[] = [];
      for (let index = 0; index < below.length; index += 2) {
        const [left, right] = [below[index] ?? '', below[index + 1]];
        // A node without a sibling moves up as it is, which gives RFC 6962's tree for every size.
        level.push(right === undefined ? left : hashNode(left, right));
      }
      this.#levels.push(level);
    }
  }

  root(): string {
    return this.#levels.at(-1)?.[0] ?? EMPTY_ROOT;
  }

  /** The siblings on the way from a leaf to the root, lowest first. */
  inclusionProof(leafIndex: number): string[] {
    const proof: string[] = [];
    let index = leafIndex;
    for (const level of this.#levels.slice(0, -1)) {
      const sibling = level[index % 2 === 0 ? index + 1 : index - 1];
      if (sibling !== undefined) proof.push(sibling);
      index = Math.floor(index / 2);
    }
    return proof;
  }
}

/** The root that a leaf and its proof lead to (RFC 9162, 2.1.3.2); `undefined` where the proof has a wrong length. */
export function rootFromProof(claim: {
  leaf: string;
  index: number;
  size: number;
  proof: readonly string[];
}): string | undefined {
  if (claim.index < 0 || claim.index >= claim.size) return undefined;
  let root = claim.leaf;
  let [index, last] = [claim.index, claim.size - 1];
  const siblings = [...claim.proof];
  for (; last > 0; index = Math.floor(index / 2), last = Math.floor(last / 2)) {
    if (index % 2 === 0 && index === last) continue; // no sibling at this level
    const sibling = siblings.shift();
    if (sibling === undefined) return undefined;
    root = index % 2 === 1 ? hashNode(sibling, root) : hashNode(root, sibling);
  }
  return siblings.length === 0 ? root : undefined;
}
