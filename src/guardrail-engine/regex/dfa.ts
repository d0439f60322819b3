import { Closure, NOT_KNOWN, type AutomatonParts } from './closure.ts';

/** A state: the nodes that may be alive at one position of a text. */
export type DfaState = {
  /** Alive nodes that read on or wait for the next neighbour, sorted. */
  readonly nodes: Int32Array;
  /** Patterns that end (or, read backward, begin) right here, whatever comes. */
  readonly now: readonly number[];
  /** Patterns that did so one code unit ago, which the last code unit has confirmed. */
  readonly late: readonly number[];
  readonly lastKind: number;
  /** Whether some node waits for the next neighbour. */
  readonly waits: boolean;
  row: number;
  generation: number;
};

const FIRST_ROWS = 64;
const KINDS = 32;
// Bounds the memory that texts can make an automaton take: table entries (4 bytes each) and nodes held by states.
const MAX_ENTRIES = 1 << 20;
const MAX_HELD_NODES = 1 << 20;
// A state weighs about as much as this many nodes, even without any.
const STATE_NODES = 32;

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
  readonly #parts: AutomatonParts;
  // What is alive before a code unit is read, and behind it.
  readonly #before: Closure;
  readonly #behind: Closure;
  readonly #stride: number;
  readonly #maxRows: number;
  #table: Int32Array;
  #states: (DfaState | undefined)[] = [undefined];
  #byHash = new Map<number, DfaState[]>();
  #heldNodes = 0;
  #begun = new Map<number, DfaState>();
  #adopted = new WeakMap<DfaState, DfaState>();

  constructor(parts: AutomatonParts) {
    this.#parts = parts;
    this.#before = new Closure(parts);
    this.#behind = new Closure(parts);
    this.#stride = parts.alphabet.classCount;
    this.#maxRows = Math.max(FIRST_ROWS, Math.floor(MAX_ENTRIES / this.#stride));
    this.#table = new Int32Array(FIRST_ROWS * this.#stride);
  }

  /** The state in which some nodes are alive behind a neighbour of a kind. */
  begin(nodes: Iterable<number>, lastKind: number): DfaState {
    this.#behind.clear();
    for (const node of nodes) this.#behind.add(node);
    this.#behind.follow(lastKind, NOT_KNOWN);
    return this.#intern([], lastKind);
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
    const late = this.#resolve(state, this.#parts.alphabet.edgeKind);
    return late.length === 0 ? state.now : [...state.now, ...late];
  }

  // A row that is hot stands in the table as a negative number, one that is not made yet as 0.
  #makeNext(row: number, cls: number): number {
    const state = this.stateAt(row);
    const kind = this.#parts.alphabet.kindOfClass[cls] ?? 0;
    const late = this.#resolve(state, kind);
    const before = this.#before;
    const behind = this.#behind;
    behind.clear();
    for (const node of this.#parts.everywhere) behind.add(node);
    const nodes = state.waits ? before.alive : state.nodes;
    const count = state.waits ? before.aliveCount : nodes.length;
    for (let i = 0; i < count; i++) behind.addTargets(nodes[i] ?? 0, cls);
    behind.follow(kind, NOT_KNOWN);
    const next = this.#intern(late, kind);
    this.work += before.work + behind.work;
    before.work = behind.work = 0;
    const value = this.isHot(next) ? -next.row : next.row;
    // Making the next state may have made the automaton forget this one.
    if (state.generation === this.generation) this.#table[state.row + cls] = value;
    return value;
  }

  // Lets what waits go on, now that the next neighbour's kind is known, and gives what is accepted by that.
  #resolve(state: DfaState, nextKind: number): readonly number[] {
    if (!state.waits) return NOTHING;
    const before = this.#before;
    before.clear();
    for (const node of state.nodes) before.add(node);
    before.follow(state.lastKind, nextKind);
    if (before.accepted.length === 0) return NOTHING;
    return before.accepted.filter((pattern) => !state.now.includes(pattern));
  }

  // The state of what is alive behind the last code unit, made only where there is none like it yet.
  #intern(late: readonly number[], lastKind: number): DfaState {
    const { alive, aliveCount, accepted } = this.#behind;
    const nodes = alive.slice(0, aliveCount).sort();
    const waiting = Array.from(nodes, (node) => this.#behind.isWaiting(node));
    // Only assertions that wait remember what stood before them.
    const kind = waiting.some(({ remembers }) => remembers) ? lastKind : NOT_KNOWN;
    const now = accepted.length > 1 ? accepted.sort((a, b) => a - b) : accepted;
    const hash = hashNumbers(nodes, hashNumbers(now, hashNumbers(late, kind)));
    const alike = this.#byHash.get(hash) ?? [];
    for (const known of alike) {
      const isSame = isEqual(known.nodes, nodes) && isEqual(known.now, now) && isEqual(known.late, late);
      if (isSame && (kind === NOT_KNOWN || known.lastKind === kind)) return known;
    }
    const waits = waiting.some(({ waits }) => waits);
    const state: DfaState = { nodes, now, late, lastKind, waits, row: 0, generation: 0 };
    this.#addRow(state);
    this.#byHash.set(hash, [...alike, state]);
    return state;
  }

  #addRow(state: DfaState): void {
    if (this.#states.length >= this.#maxRows || this.#heldNodes > MAX_HELD_NODES) this.#forget();
    const index = this.#states.push(state) - 1;
    if ((index + 1) * this.#stride > this.#table.length) {
      const larger = new Int32Array(Math.min(this.#maxRows, index * 2) * this.#stride);
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#heldNodes += state.nodes.length + STATE_NODES;
    state.row = index * this.#stride;
    state.generation = this.generation;
  }

  #forget(): void {
    this.generation++;
    this.#table = new Int32Array(FIRST_ROWS * this.#stride);
    this.#states = [undefined];
    this.#byHash = new Map();
    this.#begun = new Map();
    this.#adopted = new WeakMap();
    this.#heldNodes = 0;
  }
}

const NOTHING: readonly number[] = [];

// FNV-1a, on whole numbers instead of bytes.
function hashNumbers(numbers: ArrayLike<number>, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < numbers.length; i++) hash = Math.imul(hash ^ (numbers[i] ?? 0), 0x01000193);
  return hash;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
