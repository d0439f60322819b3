import { ALL_KINDS, type Alphabet } from './alphabet.ts';
import type { EdgeList, Graph } from './graph.ts';
import type { WordTrie } from './words.ts';

/** A state: the nodes that may be alive at one position of a text. */
export type DfaState = {
  /** Alive nodes that read on or wait for the next neighbour, sorted. */
  readonly nodes: Int32Array;
  /** Patterns that end (or, read backward, begin) right here, whatever comes. */
  readonly now: readonly number[];
  /** Patterns that did so one code unit ago, which the last code unit has confirmed. */
  readonly late: readonly number[];
  readonly lastKind: number;
  row: number;
  generation: number;
};

/** What a lazy automaton is made of. */
export type DfaParts = {
  graph: Graph;
  alphabet: Alphabet;
  /** By node: the pattern that is accepted there, or -1. */
  accepts: Int32Array;
  /** Nodes that are alive anew at every position; none for a search that begins at one place. */
  everywhere: readonly number[];
  trie?: WordTrie;
};

const FIRST_ROWS = 64;
const KINDS = 32;
// Bounds the memory that texts can make an automaton take: table entries (4 bytes each) and nodes held by states.
const MAX_ENTRIES = 1 << 20;
const MAX_HELD_NODES = 1 << 20;
// A state weighs about as much as this many nodes, even without any.
const STATE_NODES = 32;

type Found = { nodes: Set<number>; accepted: Set<number> };

/**
 * A deterministic automaton whose states are made when a text first needs them, in bounded memory: when that is
 * used up, all are forgotten. Each code unit costs one table look-up, or at most one pass over the nodes.
 */
export class LazyDfa {
  /** In and out of `runForward` and `runBackward`: the row that the automaton is in. */
  row = 0;
  /** Work done so far: code units read, and nodes visited to make states. */
  work = 0;
  generation = 1;
  readonly #parts: DfaParts;
  readonly #stride: number;
  readonly #maxRows: number;
  #table: Int32Array;
  #states: (DfaState | undefined)[] = [undefined];
  #byKey = new Map<string, DfaState>();
  #heldNodes = 0;
  #begun = new Map<number, DfaState>();
  #adopted = new WeakMap<DfaState, DfaState>();

  constructor(parts: DfaParts) {
    this.#parts = parts;
    this.#stride = parts.alphabet.classCount;
    this.#maxRows = Math.max(FIRST_ROWS, Math.floor(MAX_ENTRIES / this.#stride));
    this.#table = new Int32Array(FIRST_ROWS * this.#stride);
  }

  /** The state in which some nodes are alive behind a neighbour of a kind. */
  begin(nodes: Iterable<number>, lastKind: number): DfaState {
    return this.#intern(this.#close(nodes, lastKind, undefined), [], lastKind);
  }

  /** `begin` at one node, remembered. */
  beginAt(node: number, lastKind: number): DfaState {
    const key = node * KINDS + lastKind;
    const known = this.#begun.get(key);
    if (known) return known;
    const state = this.begin([node], lastKind);
    this.#begun.set(key, state);
    return state;
  }

  /** `begin` at the nodes of another automaton's state, remembered. */
  adopt(other: DfaState): DfaState {
    const known = this.#adopted.get(other);
    if (known) return known;
    const state = this.begin(other.nodes, other.lastKind);
    this.#adopted.set(other, state);
    return state;
  }

  /** The row of a state, which is made anew where it has been forgotten. */
  enter(state: DfaState): number {
    if (state.generation !== this.generation) this.#addRow(state);
    return state.row;
  }

  /** The state of a row that `runForward`, `runBackward` or `enter` gave just now. */
  stateAt(row: number): DfaState {
    const state = this.#states[row / this.#stride];
    if (!state) throw new Error('the row is not in use');
    return state;
  }

  /**
   * Reads text[from, to) until a state accepts or is dead, and gives the position behind what was read; where that is
   * `to`, `isHot` of the row says which of the two it was.
   */
  runForward(text: string, from: number, to: number): number {
    const { classOfUnit } = this.#parts.alphabet;
    for (let i = from; i < to; i++) {
      i = this.#skipForward(text, i, to);
      if (i === to) return to;
      if (this.#step(classOfUnit[text.charCodeAt(i)] ?? 0)) return i + 1;
    }
    return to;
  }

  /** Reads text[to, from) from its end, as `runForward` does, and gives the position of what was read last. */
  runBackward(text: string, from: number, to: number): number {
    const { classOfUnit } = this.#parts.alphabet;
    for (let i = from - 1; i >= to; i--) {
      i = this.#skipBackward(text, i, to);
      if (i < to) return to;
      if (this.#step(classOfUnit[text.charCodeAt(i)] ?? 0)) return i;
    }
    return to;
  }

  // The inner loop of the whole engine: nothing but look-ups, until a state is hot or not made yet.
  // A string index below its length has a code unit, every code unit a class, every row all classes: hence the `as`.
  #skipForward(text: string, from: number, to: number): number {
    const { classOfUnit } = this.#parts.alphabet;
    const table = this.#table;
    let row = this.row;
    let i = from;
    for (; i < to; i++) {
      const next = table[row + (classOfUnit[text.charCodeAt(i)] as number)] as number;
      if (next <= 0) break;
      row = next;
    }
    this.row = row;
    this.work += i - from + 1;
    return i;
  }

  #skipBackward(text: string, from: number, to: number): number {
    const { classOfUnit } = this.#parts.alphabet;
    const table = this.#table;
    let row = this.row;
    let i = from;
    for (; i >= to; i--) {
      const next = table[row + (classOfUnit[text.charCodeAt(i)] as number)] as number;
      if (next <= 0) break;
      row = next;
    }
    this.row = row;
    this.work += from - i + 1;
    return i;
  }

  // Reads one code unit and says whether the state it leads to is hot.
  #step(cls: number): boolean {
    const known = this.#table[this.row + cls] ?? 0;
    const next = known === 0 ? this.#makeNext(this.row, cls) : known;
    this.row = Math.abs(next);
    return next < 0;
  }

  /** Whether nothing is alive in a state, nor will be. */
  isDead(state: DfaState): boolean {
    return state.nodes.length === 0 && this.#parts.everywhere.length === 0;
  }

  /** Whether a state accepts or is dead. */
  isHot(state: DfaState): boolean {
    return state.now.length > 0 || state.late.length > 0 || this.isDead(state);
  }

  /** The patterns accepted in a state when the text's edge comes next. */
  acceptAtEdge(state: DfaState): readonly number[] {
    const found = this.#resolve(state, this.#parts.alphabet.edgeKind);
    return found.accepted.size === 0 ? state.now : [...new Set([...state.now, ...found.accepted])];
  }

  // A row that is hot stands in the table as a negative number, one that is not made yet as 0.
  #makeNext(row: number, cls: number): number {
    const { graph, alphabet, trie, everywhere } = this.#parts;
    const state = this.stateAt(row);
    const kind = alphabet.kindOfClass[cls] ?? 0;
    const { nodes, accepted } = this.#resolve(state, kind);
    const moved = new Set<number>(everywhere);
    const { offsets, targets, labels } = graph.consume;
    for (const node of nodes) {
      if (node >= graph.nodeCount) {
        const child = trie ? trie.childOf(node - trie.firstNode, cls) : -1;
        if (child >= 0 && trie) moved.add(trie.firstNode + child);
        continue;
      }
      const last = offsets[node + 1] ?? 0;
      for (let e = offsets[node] ?? 0; e < last; e++) {
        if (alphabet.members[(labels[e] ?? 0) * this.#stride + cls] === 1) moved.add(targets[e] ?? 0);
      }
    }
    const late = [...accepted];
    const next = this.#intern(this.#close(moved, kind, undefined), late, kind);
    const value = this.isHot(next) ? -next.row : next.row;
    // Making the next state may have made the automaton forget this one.
    if (state.generation === this.generation) this.#table[state.row + cls] = value;
    return value;
  }

  // Lets what waits for the next neighbour go on, now that its kind is known.
  #resolve(state: DfaState, nextKind: number): Found {
    const { assert } = this.#parts.graph;
    const waits = state.nodes.some((node) => this.#isWaiting(node, assert));
    if (!waits) return { nodes: new Set(state.nodes), accepted: new Set() };
    const found = this.#close(state.nodes, state.lastKind, nextKind);
    for (const pattern of state.now) found.accepted.delete(pattern);
    return found;
  }

  #isWaiting(node: number, assert: EdgeList): boolean {
    const { graph, trie } = this.#parts;
    if (node >= graph.nodeCount) return trie?.words[node - trie.firstNode] !== undefined;
    return (assert.offsets[node] ?? 0) < (assert.offsets[node + 1] ?? 0);
  }

  // Follows the edges that read nothing. Without `nextKind`, an assertion about the next neighbour has to wait.
  #close(from: Iterable<number>, lastKind: number, nextKind: number | undefined): Found {
    const { graph, accepts } = this.#parts;
    const { empty, assert } = graph;
    const seen = new Set<number>(from);
    const nodes = new Set<number>();
    const accepted = new Set<number>();
    // A set gives what is added while it is walked.
    for (const node of seen) {
      this.work++;
      if (node >= graph.nodeCount) {
        this.#closeWord(node, nextKind, nodes, accepted);
        continue;
      }
      const pattern = accepts[node] ?? -1;
      if (pattern >= 0) accepted.add(pattern);
      for (let e = empty.offsets[node] ?? 0; e < (empty.offsets[node + 1] ?? 0); e++)
        seen.add(empty.targets[e] ?? 0);
      if ((graph.consume.offsets[node] ?? 0) < (graph.consume.offsets[node + 1] ?? 0)) nodes.add(node);
      for (let e = assert.offsets[node] ?? 0; e < (assert.offsets[node + 1] ?? 0); e++) {
        if (!isAllowed(graph.lastMasks[assert.labels[e] ?? 0] ?? 0, lastKind)) continue;
        const mask = graph.nextMasks[assert.labels[e] ?? 0] ?? 0;
        if (mask === ALL_KINDS || (nextKind !== undefined && isAllowed(mask, nextKind))) {
          seen.add(assert.targets[e] ?? 0);
        } else if (nextKind === undefined) nodes.add(node);
      }
    }
    return { nodes, accepted };
  }

  #closeWord(node: number, nextKind: number | undefined, nodes: Set<number>, accepted: Set<number>): void {
    const { trie, alphabet, graph } = this.#parts;
    nodes.add(node);
    // The last assertion is the delimiter behind a word.
    const mask = graph.nextMasks[alphabet.aheadMasks.length - 1] ?? 0;
    if (nextKind === undefined || !isAllowed(mask, nextKind)) return;
    if (trie?.words[node - trie.firstNode]) accepted.add(node);
  }

  #intern(found: Found, late: readonly number[], lastKind: number): DfaState {
    const nodes = Int32Array.from(found.nodes).sort();
    const isWaiting = nodes.some(
      (node) => node < this.#parts.graph.nodeCount && this.#isWaiting(node, this.#parts.graph.assert),
    );
    // Only assertions that wait remember what stood before them.
    const now = [...found.accepted].sort((a, b) => a - b);
    const key = `${isWaiting ? lastKind : ''}|${late.join()}|${now.join()}|${nodes.join()}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const state: DfaState = { nodes, now, late, lastKind, row: 0, generation: 0 };
    this.#addRow(state, key);
    return state;
  }

  #addRow(state: DfaState, key?: string): void {
    if (this.#states.length >= this.#maxRows || this.#heldNodes > MAX_HELD_NODES) this.#forget();
    const index = this.#states.push(state) - 1;
    if ((index + 1) * this.#stride > this.#table.length) {
      const larger = new Int32Array(Math.min(this.#maxRows, index * 2) * this.#stride);
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#heldNodes += state.nodes.length + STATE_NODES;
    if (key !== undefined) this.#byKey.set(key, state);
    state.row = index * this.#stride;
    state.generation = this.generation;
  }

  #forget(): void {
    this.generation++;
    this.#table = new Int32Array(FIRST_ROWS * this.#stride);
    this.#states = [undefined];
    this.#byKey = new Map();
    this.#begun = new Map();
    this.#adopted = new WeakMap();
    this.#heldNodes = 0;
  }
}

function isAllowed(mask: number, kind: number): boolean {
  return mask === ALL_KINDS || ((mask >> kind) & 1) === 1;
}
