import type { CharSet } from './charset.ts';
import { RegexRefusedError, type AssertionNode, type Neighbour } from './syntax.ts';

/**
 * Code units that no pattern tells apart share a class. A class has a kind, which is all that assertions see of a
 * neighbour; two kinds more stand for the text's edge and for a neighbour that has not arrived yet.
 */
export type Alphabet = {
  classOfUnit: Uint16Array;
  classCount: number;
  kindOfClass: Uint8Array;
  edgeKind: number;
  unknownKind: number;
  /** 1 at `set * classCount + class` where the set has the class. */
  members: Uint8Array;
  /** By assertion: the kinds that may stand behind (before) and ahead, as bits; `ALL_KINDS` asks for nothing. */
  behindMasks: Int32Array;
  aheadMasks: Int32Array;
};

export const ALL_KINDS = -1;
const MAX_KINDS = 29;
const UNIT_COUNT = 0x10000;

/** Finds the classes of everything that some patterns mention. */
export function buildAlphabet(sets: readonly CharSet[], assertions: readonly AssertionNode[]): Alphabet {
  const contextSets = distinct(assertions.flatMap(({ behind, ahead }) => [behind.set, ahead.set]));
  const bounds = listBounds([...contextSets, ...sets]);
  const kinds = partition(bounds, contextSets);
  const classes = partition(bounds, [...contextSets, ...distinct(sets)]);
  if (kinds.count > MAX_KINDS) {
    throw new RegexRefusedError({
      construct: 'the patterns',
      offset: 0,
      because: 'their assertions are too many',
    });
  }
  const classOfUnit = new Uint16Array(UNIT_COUNT);
  const kindOfClass = new Uint8Array(classes.count);
  const unitOfClass = new Int32Array(classes.count);
  bounds.forEach((lo, i) => {
    const cls = classes.ids[i] ?? 0;
    classOfUnit.fill(cls, lo, bounds[i + 1] ?? UNIT_COUNT);
    kindOfClass[cls] = kinds.ids[i] ?? 0;
    unitOfClass[cls] = lo;
  });
  const edgeKind = kinds.count;
  const maskOf = ({ set, edge }: Neighbour): number => {
    let mask = edge ? 1 << edgeKind : 0;
    unitOfClass.forEach((unit, cls) => {
      if (setHas(set, unit)) mask |= 1 << (kindOfClass[cls] ?? 0);
    });
    return mask === 2 ** (edgeKind + 1) - 1 ? ALL_KINDS : mask;
  };
  return {
    classOfUnit,
    classCount: classes.count,
    kindOfClass,
    edgeKind,
    unknownKind: edgeKind + 1,
    members: listMembers(sets, unitOfClass),
    behindMasks: Int32Array.from(assertions, ({ behind }) => maskOf(behind)),
    aheadMasks: Int32Array.from(assertions, ({ ahead }) => maskOf(ahead)),
  };
}

function distinct(sets: readonly CharSet[]): CharSet[] {
  return [...new Map(sets.map((set) => [set.join(), set])).values()];
}

// Where some set begins or has just ended: between two of these, no set tells code units apart.
function listBounds(sets: readonly CharSet[]): number[] {
  const bounds = new Set([0]);
  for (const set of sets) {
    set.forEach((bound, i) => bounds.add(i % 2 === 0 ? bound : bound + 1));
  }
  bounds.delete(UNIT_COUNT);
  return [...bounds].sort((a, b) => a - b);
}

// Numbers the stretches between the bounds so that two have the same number exactly where they are in the same sets.
function partition(
  bounds: readonly number[],
  sets: readonly CharSet[],
): { ids: readonly number[]; count: number } {
  let ids: number[] = bounds.map(() => 0);
  let count = 1;
  for (const set of sets) {
    const renamed = new Map<number, number>();
    let range = 0;
    ids = bounds.map((lo, i) => {
      while ((set[range + 1] ?? UNIT_COUNT) < lo) range += 2;
      const isIn = lo >= (set[range] ?? UNIT_COUNT);
      const key = 2 * (ids[i] ?? 0) + (isIn ? 1 : 0);
      const id = renamed.get(key) ?? renamed.size;
      renamed.set(key, id);
      return id;
    });
    count = renamed.size;
  }
  return { ids, count };
}

function listMembers(sets: readonly CharSet[], unitOfClass: Int32Array): Uint8Array {
  const count = unitOfClass.length;
  const members = new Uint8Array(sets.length * count);
  sets.forEach((set, index) => {
    unitOfClass.forEach((unit, cls) => {
      if (setHas(set, unit)) members[index * count + cls] = 1;
    });
  });
  return members;
}

function setHas(set: CharSet, unit: number): boolean {
  for (let i = 0; i + 1 < set.length; i += 2) {
    if (unit >= (set[i] ?? 0) && unit <= (set[i + 1] ?? 0)) return true;
  }
  return false;
}
