import type { Alphabet } from '../regex/alphabet.ts';
import type { CharSet } from '../regex/charset.ts';
import { countBits, LEAST_LONG_UNITS, type Needs, type Stretch } from './needs.ts';

/** Tells by a quick look whether a text may have something in it; a no is certain. */
export type Prefilter = (text: string) => boolean;

// Each is looked for on its own: more of them take longer than the search that they spare.
const MOST_SHORT = 8;

/** Looks for what matches need; undefined where that is no quicker than to search. */
export function createPrefilter({ units, stretches }: Needs, alphabet: Alphabet): Prefilter | undefined {
  const short = stretches.filter(({ length }) => length < LEAST_LONG_UNITS);
  const long = stretches.filter(({ length }) => length >= LEAST_LONG_UNITS);
  if (short.length > MOST_SHORT) return undefined;
  const filters = short.map((stretch) => lookForUnits(chooseWindow(stretch, MOST_SHORT_UNITS)));
  if (units.length > 0) filters.unshift(lookForUnits([units]));
  if (long.length > 0) filters.push(lookForStretches(long, alphabet));
  return (text) => {
    for (const filter of filters) if (filter(text)) return true;
    return false;
  };
}

// Bounds how often a text that nearly has a stretch again and again is read.
const MOST_SHORT_UNITS = 6;

// V8 looks at many places at once for a class of ASCII units, and for the first units of what begins with few.
function lookForUnits(stretch: Stretch): Prefilter {
  const pattern = new RegExp(stretch.map(describeClass).join(''));
  return (text) => pattern.test(text);
}

function describeClass(set: CharSet): string {
  const escape = (unit = 0) => `\\u${unit.toString(16).padStart(4, '0')}`;
  let ranges = '';
  for (let i = 0; i + 1 < set.length; i += 2) ranges += `${escape(set[i])}-${escape(set[i + 1])}`;
  return `[${ranges}]`;
}

const MOST_WINDOW_UNITS = 16;

/**
 * Looks for stretches by a window of each (after Wu and Manber, "A fast algorithm for multi-pattern searching", 1994):
 * the two last units of a window say how far it may be moved on. Where they fit, the window is read back to the unit
 * that does not, which says the same (after Boyer and Moore). Most of a text is not read.
 */
function lookForStretches(stretches: readonly Stretch[], alphabet: Alphabet): Prefilter {
  const { classOfUnit, classCount } = alphabet;
  const unitOfClass = listUnitOfClass(alphabet);
  const width = Math.min(MOST_WINDOW_UNITS, ...stretches.map(({ length }) => length));
  const windows = stretches.map((stretch) =>
    chooseWindow(stretch, width).map((set) => listClasses(set, unitOfClass)),
  );
  const pairShifts = listPairShifts(windows, { width, classCount });
  const placeShifts = listPlaceShifts(windows, { width, classCount });
  return (text) => {
    // A text that is made to be read back again and again is let through to the search, which takes linear time.
    let patience = PATIENCE_UNITS + text.length;
    for (let end = width - 1; end < text.length;) {
      // A string index below its length has a code unit, every code unit a class, every two classes a shift.
      const last = classOfUnit[text.charCodeAt(end)] as number;
      const before = classOfUnit[text.charCodeAt(end - 1)] as number;
      let shift = pairShifts[before * classCount + last] as number;
      for (let place = width - 1; shift === 0; place--) {
        if (place < 0 || --patience < 0) return true;
        const cls = classOfUnit[text.charCodeAt(end - (width - 1) + place)] as number;
        shift = placeShifts[place * classCount + cls] as number;
      }
      end += shift;
    }
    return false;
  };
}

const PATIENCE_UNITS = 64;

/** The part of a stretch that tells most. */
function chooseWindow(stretch: Stretch, width: number): Stretch {
  let best = stretch.slice(0, width);
  for (let from = 1; from + width <= stretch.length; from++) {
    const window = stretch.slice(from, from + width);
    if (countBits(window) > countBits(best)) best = window;
  }
  return best;
}

/** A window with the classes that fit at each of its places. */
type Window = readonly (readonly number[])[];
type Size = { width: number; classCount: number };

/** By two classes: how far a window that ends with them may be moved on; 0 where it may be the one. */
function listPairShifts(windows: readonly Window[], { width, classCount }: Size): Uint8Array {
  const shifts = new Uint8Array(classCount * classCount).fill(width - 1);
  for (const window of windows) {
    for (let place = 0; place + 1 < width; place++) {
      const shift = width - 2 - place;
      for (const first of window[place] ?? []) {
        for (const second of window[place + 1] ?? []) {
          const pair = first * classCount + second;
          shifts[pair] = Math.min(shifts[pair] ?? 0, shift);
        }
      }
    }
  }
  return shifts;
}

/** By place and class: how far a window that has the class there may be moved on; 0 where it fits. */
function listPlaceShifts(windows: readonly Window[], { width, classCount }: Size): Uint8Array {
  const fits = new Uint8Array(width * classCount);
  for (const window of windows) {
    window.forEach((classes, place) => {
      for (const cls of classes) fits[place * classCount + cls] = 1;
    });
  }
  return fits.map((_, index) => {
    const place = Math.floor(index / classCount);
    let shift = 0;
    while (shift <= place && fits[index - shift * classCount] === 0) shift++;
    return shift;
  });
}

function listUnitOfClass({ classOfUnit, classCount }: Alphabet): number[] {
  const units = Array.from({ length: classCount }, () => 0);
  classOfUnit.forEach((cls, unit) => (units[cls] = unit));
  return units;
}

function listClasses(set: CharSet, unitOfClass: readonly number[]): number[] {
  const classes: number[] = [];
  unitOfClass.forEach((unit, cls) => {
    for (let i = 0; i + 1 < set.length; i += 2) {
      if (unit >= (set[i] ?? 0) && unit <= (set[i + 1] ?? 0)) classes.push(cls);
    }
  });
  return classes;
}
