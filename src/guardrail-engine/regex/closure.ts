import { ALL_KINDS, type Alphabet } from './alphabet.ts';
import type { Graph } from './graph.ts';
import type { WordTrie } from './words.ts';

/** What an automaton is made of. */
export type AutomatonParts = {
  graph: Graph;
  alphabet: Alphabet;
  /** By node: the pattern that is accepted there, or -1. */
  accepts: Int32Array;
  /** Nodes that are alive anew at every position; none for a search that begins at one place. */
  everywhere: readonly number[];
  /** Words, whose nodes come behind those of the graph; what they accept is named by the node. */
  trie?: WordTrie;
};

/** Stands for a next neighbour that is not known yet. */
export const NOT_KNOWN = -1;

/** The working memory in which sets of nodes are followed along the edges that read nothing. */
export class Closure {
  /** The nodes that read on or wait, `alive[0 … aliveCount)`. */
  readonly alive: Int32Array;
  aliveCount = 0;
  /** The patterns accepted on the way. */
  accepted: number[] = [];
  /** Nodes visited so far. */
  work = 0;
  readonly #parts: AutomatonParts;
  readonly #seenIn: Int32Array;
  readonly #queue: Int32Array;
  #round = 0;
  #queued = 0;

  constructor(parts: AutomatonParts) {
    const nodeCount = parts.graph.nodeCount + (parts.trie?.nodeCount ?? 0);
    this.#parts = parts;
    this.alive = new Int32Array(nodeCount);
    this.#seenIn = new Int32Array(nodeCount);
    this.#queue = new Int32Array(nodeCount);
  }

  /** Forgets all nodes. */
  clear(): void {
    this.#round++;
    this.#queued = 0;
    this.aliveCount = 0;
    this.accepted = [];
  }

  /** Adds a node to begin from. */
  add(node: number): void {
    if (this.#seenIn[node] === this.#round) return;
    this.#seenIn[node] = this.#round;
    this.#queue[this.#queued++] = node;
  }

  /** Adds where a node leads by a class of the alphabet. */
  addTargets(node: number, cls: number): void {
    const { graph, alphabet, trie } = this.#parts;
    if (node >= graph.nodeCount) {
      const child = trie ? trie.childOf(node - trie.firstNode, cls) : -1;
      if (trie && child >= 0) this.add(trie.firstNode + child);
      return;
    }
    const { offsets, targets, labels } = graph.consume;
    const last = offsets[node + 1] ?? 0;
    for (let e = offsets[node] ?? 0; e < last; e++) {
      if (alphabet.members[(labels[e] ?? 0) * alphabet.classCount + cls] === 1) this.add(targets[e] ?? 0);
    }
  }

  /** Follows all that was added, between neighbours of two kinds; with `NOT_KNOWN`, assertions may have to wait. */
  follow(lastKind: number, nextKind: number): void {
    const { graph, accepts } = this.#parts;
    const { empty, consume, assert } = graph;
    for (let i = 0; i < this.#queued; i++) {
      const node = this.#queue[i] ?? 0;
      if (node >= graph.nodeCount) {
        this.#followWord(node, nextKind);
        continue;
      }
      const pattern = accepts[node] ?? -1;
      if (pattern >= 0) this.accepted.push(pattern);
      const lastEmpty = empty.offsets[node + 1] ?? 0;
      for (let e = empty.offsets[node] ?? 0; e < lastEmpty; e++) this.add(empty.targets[e] ?? 0);
      let isAlive = (consume.offsets[node] ?? 0) < (consume.offsets[node + 1] ?? 0);
      const lastAssert = assert.offsets[node + 1] ?? 0;
      for (let e = assert.offsets[node] ?? 0; e < lastAssert; e++) {
        const label = assert.labels[e] ?? 0;
        if (!isAllowed(graph.lastMasks[label] ?? 0, lastKind)) continue;
        const mask = graph.nextMasks[label] ?? 0;
        if (isAllowed(mask, nextKind)) this.add(assert.targets[e] ?? 0);
        else if (nextKind === NOT_KNOWN) isAlive = true;
      }
      if (isAlive) this.alive[this.aliveCount++] = node;
    }
    this.work += this.#queued;
  }

  /** Whether a node waits for the next neighbour; whether what stood before it matters then. */
  isWaiting(node: number): { waits: boolean; remembers: boolean } {
    const { graph, trie } = this.#parts;
    if (node >= graph.nodeCount)
      return { waits: trie?.words[node - trie.firstNode] !== undefined, remembers: false };
    const waits = (graph.assert.offsets[node] ?? 0) < (graph.assert.offsets[node + 1] ?? 0);
    return { waits, remembers: waits };
  }

  #followWord(node: number, nextKind: number): void {
    const { trie, alphabet, graph } = this.#parts;
    this.alive[this.aliveCount++] = node;
    if (nextKind === NOT_KNOWN || !trie?.words[node - trie.firstNode]) return;
    // The last assertion is the delimiter behind a word.
    const mask = graph.nextMasks[alphabet.aheadMasks.length - 1] ?? 0;
    if (isAllowed(mask, nextKind)) this.accepted.push(node);
  }
}

function isAllowed(mask: number, kind: number): boolean {
  return mask === ALL_KINDS || (kind !== NOT_KNOWN && ((mask >> kind) & 1) === 1);
}
