import { forEachUnit, type CharSet } from '../regex/charset.ts';
import { isInRun, type SeenText } from '../text/traits.ts';
import { countBits, LEAST_LONG_UNITS, type Needs, type Stretch } from './needs.ts';

/** Tells by a quick look whether a text may have something in it; a no is certain. */
export type Prefilter = (seen: SeenText) => boolean;

// Each is looked for on its own: more of them take longer than the search that they spare.
const MOST_SHORT = 8;

/** Looks for what matches need; undefined where that is no quicker than to search. */
export function createPrefilter({ units, stretches }: Needs): Prefilter | undefined {
  const short = stretches.filter(({ length }) => length < LEAST_LONG_UNITS);
  const long = stretches.filter(({ length }) => length >= LEAST_LONG_UNITS);
  if (short.length > MOST_SHORT) return undefined;
  const looks = short.map((stretch) => lookForUnits(chooseWindow(stretch, MOST_SHORT_UNITS)));
  if (units.length > 0) looks.unshift(lookForUnits([units]));
  const lookForLong = long.length > 0 ? lookForStretches(long) : undefined;
  const areRuns = long.every((stretch) => stretch.every(isRunSet));
  return (seen) => {
    const { text } = seen;
    for (const look of looks) if (look(text)) return true;
    return lookForLong !== undefined && (!areRuns || seen.hasLongRun) && lookForLong(text);
  };
}

type Look = (text: string) => boolean;

function isRunSet(set: CharSet): boolean {
  let isRun = true;
  forEachUnit(set, (unit) => (isRun &&= isInRun(unit)));
  return isRun;
}

// Bounds how often a text that nearly has a stretch again and again is read.
const MOST_SHORT_UNITS = 6;

// V8 looks at many places at once for a class of ASCII units, and for the first units of what begins with few.
function lookForUnits(stretch: Stretch): Look {
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
// Units are told apart by so many bits: all of ASCII are.
const UNIT_BITS = 7;
const UNIT_COUNT = 1 << UNIT_BITS;
const UNIT_MASK = UNIT_COUNT - 1;

/**
 * Looks for stretches by a window of each (after Wu and Manber, "A fast algorithm for multi-pattern searching", 1994):
 * the two last units of a window say how far it may be moved on. Where they fit, the window is read back to the unit
 * that does not, which says the same (after Boyer and Moore). Most of a text is not read.
 */
function lookForStretches(stretches: readonly Stretch[]): Look {
  const width = Math.min(MOST_WINDOW_UNITS, ...stretches.map(({ length }) => length));
  const windows = stretches.map((stretch) => chooseWindow(stretch, width).map(listUnits));
  const pairShifts = listPairShifts(windows, width);
  const placeShifts = listPlaceShifts(windows, width);
  return (text) => {
    // A text that is made to be read back again and again is let through to the search, which takes linear time.
    let patience = PATIENCE_UNITS + text.length;
    for (let end = width - 1; end < text.length;) {
      // A string index below its length has a code unit, and every two of them a shift.
      const last = text.charCodeAt(end) & UNIT_MASK;
      const before = text.charCodeAt(end - 1) & UNIT_MASK;
      let shift = pairShifts[(before << UNIT_BITS) | last] as number;
      for (let place = width - 1; shift === 0; place--) {
        if (place < 0 || --patience < 0) return true;
        const unit = text.charCodeAt(end - (width - 1) + place) & UNIT_MASK;
        shift = placeShifts[(place << UNIT_BITS) | unit] as number;
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

/** By place: the units that fit there. */
type Window = readonly (readonly number[])[];

function listUnits(set: CharSet): readonly number[] {
  const units = new Set<number>();
  forEachUnit(set, (unit) => units.add(unit & UNIT_MASK));
  return [...units];
}

/** By two units: how far a window that ends with them may be moved on; 0 where it may be the one. */
function listPairShifts(windows: readonly Window[], width: number): Uint8Array {
  const shifts = new Uint8Array(UNIT_COUNT * UNIT_COUNT).fill(width - 1);
  for (const window of windows) {
    for (let place = 0; place + 1 < width; place++) {
      const shift = width - 2 - place;
      for (const first of window[place] ?? []) {
        for (const second of window[place + 1] ?? []) {
          const pair = (first << UNIT_BITS) | second;
          shifts[pair] = Math.min(shifts[pair] ?? 0, shift);
        }
      }
    }
  }
  return shifts;
}

/** By place and unit: how far a window that has the unit there may be moved on; 0 where it fits. */
function listPlaceShifts(windows: readonly Window[], width: number): Uint8Array {
  const fits = new Uint8Array(width << UNIT_BITS);
  for (const window of windows) {
    window.forEach((units, place) => {
      for (const unit of units) fits[(place << UNIT_BITS) | unit] = 1;
    });
  }
  return fits.map((_, index) => {
    const place = index >> UNIT_BITS;
    let shift = 0;
    while (shift <= place && fits[index - (shift << UNIT_BITS)] === 0) shift++;
    return shift;
  });
}
