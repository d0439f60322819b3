/** A set of UTF-16 code units: `[lo, hi, lo, hi, …]`, sorted, disjoint, both ends inclusive. */
export type CharSet = readonly number[];

export const MAX_UNIT = 0xffff;
export const ALL_UNITS: CharSet = [0, MAX_UNIT];
export const DIGIT: CharSet = [0x30, 0x39];
export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
export const LINE_END: CharSet = [0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029];
// prettier-ignore
export const SPACE: CharSet = [
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f,
  0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff,
];

/** Sorts and merges ranges that may overlap. */
export function normalizeRanges(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = [];
  for (let i = 0; i + 1 < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [lo, hi] of pairs) {
    const last = merged.at(-1);
    if (last !== undefined && lo <= last + 1) merged[merged.length - 1] = Math.max(last, hi);
    else merged.push(lo, hi);
  }
  return merged;
}

/** The code units that are in none of the ranges. */
export function negateSet(set: CharSet): CharSet {
  const rest: number[] = [];
  let next = 0;
  for (let i = 0; i + 1 < set.length; i += 2) {
    const lo = set[i] ?? 0;
    if (lo > next) rest.push(next, lo - 1);
    next = (set[i + 1] ?? 0) + 1;
  }
  if (next <= MAX_UNIT) rest.push(next, MAX_UNIT);
  return rest;
}

/** Calls back for each code unit of a set. */
export function forEachUnit(set: CharSet, visit: (unit: number) => void): void {
  for (let i = 0; i + 1 < set.length; i += 2) {
    const hi = set[i + 1] ?? 0;
    for (let unit = set[i] ?? 0; unit <= hi; unit++) visit(unit);
  }
}

// Canonicalize of ECMA-262 §22.2.2.7.3 without the u flag: by code unit, and never from beyond ASCII into it.
function canonicalizeUnit(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase();
  const code = upper.charCodeAt(0);
  return upper.length !== 1 || (unit >= 128 && code < 128) ? unit : code;
}

let caseVariantsByUnit: ReadonlyMap<number, readonly number[]> | undefined;

/** For each code unit that has other cases: all its cases, itself among them. */
function loadCaseVariants(): ReadonlyMap<number, readonly number[]> {
  if (caseVariantsByUnit) return caseVariantsByUnit;
  const groups = new Map<number, number[]>();
  for (let unit = 0; unit <= MAX_UNIT; unit++) {
    const canonical = canonicalizeUnit(unit);
    const group = groups.get(canonical);
    if (group) group.push(unit);
    else groups.set(canonical, [unit]);
  }
  const byUnit = new Map<number, readonly number[]>();
  for (const group of groups.values())
    if (group.length > 1) for (const unit of group) byUnit.set(unit, group);
  caseVariantsByUnit = byUnit;
  return byUnit;
}

/** The set together with every other case of its letters. */
export function foldCase(set: CharSet): CharSet {
  const variants = loadCaseVariants();
  const ranges: number[] = [...set];
  forEachUnit(set, (unit) => {
    for (const other of variants.get(unit) ?? []) ranges.push(other, other);
  });
  return normalizeRanges(ranges);
}

/** The smallest of a code unit's cases, the same for all of them. */
export function canonicalUnit(unit: number): number {
  return loadCaseVariants().get(unit)?.[0] ?? unit;
}

const propertySets = new Map<string, CharSet>();

/** The code units with a Unicode property (`L`, `Script=Greek`), or undefined where there is no such property. */
export function unicodePropertySet(property: string): CharSet | undefined {
  const known = propertySets.get(property);
  if (known) return known;
  const test = compileProperty(property);
  if (!test) return undefined;
  const ranges: number[] = [];
  for (let unit = 0; unit <= MAX_UNIT; unit++) {
    if (test.test(String.fromCharCode(unit))) ranges.push(unit, unit);
  }
  const set = normalizeRanges(ranges);
  propertySets.set(property, set);
  return set;
}

function compileProperty(property: string): RegExp | undefined {
  if (!/^[A-Za-z_=]{1,64}$/.test(property)) return undefined;
  try {
    return new RegExp(`^\\p{${property}}$`, 'u');
  } catch {
    return undefined;
  }
}
