import { foldCase, normalizeRanges, type CharSet } from '../regex/charset.ts';
import type { RegexNode } from '../regex/syntax.ts';
import { LONG_RUN_UNITS } from '../text/traits.ts';

/** Code units that stand one behind the other: at each place one of a set. */
export type Stretch = readonly CharSet[];

/** What every match of a pattern has in it: one of the units, or one of the stretches. */
export type Needs = {
  /** ASCII signs and digits that most texts have none of. */
  readonly units: CharSet;
  /** Stretches that have a word in them, or are long. */
  readonly stretches: readonly Stretch[];
};

// Far more than what makes a stretch rare.
const MOST_UNITS = 32;
const LEAST_LITERAL_UNITS = 4;
const MOST_LITERAL_CHOICES = 4;
const LEAST_DIGITS = 8;
/** From here on a stretch is long. */
export const LEAST_LONG_UNITS = LONG_RUN_UNITS;
const RARE_UNITS = /[0-9#$%&*+/:<=>@[\\\]^_`{|}~]/;

/** Finds what every match of a pattern has in it; nothing where that says too little to be looked for. */
export function findNeeds(node: RegexNode): Needs | undefined {
  return chooseBest(listChoices(node).map(rateChoice))?.needs;
}

/** Finds what a word has in it, in whatever case. */
export function needsOfWord(word: string): Needs | undefined {
  const units = Array.from({ length: word.length }, (_, i) => word.charCodeAt(i));
  return rateChoice([units.map((unit) => foldCase([unit, unit]))])?.needs;
}

/** What is there where any of several patterns matches. */
export function joinNeeds(all: readonly Needs[]): Needs {
  const units = normalizeRanges(all.flatMap((each) => each.units));
  const stretches = all.flatMap((each) => each.stretches);
  // Where one of the units is in a stretch, to look for the units is enough.
  return { units, stretches: stretches.filter((stretch) => !stretch.some((set) => isWithin(set, units))) };
}

/** How every match of a node begins and ends; where all are as long as that, `isFixed`, it is the whole of them. */
type Shape = { lead: Stretch; trail: Stretch; isFixed: boolean; leastUnits: number; units: CharSet };

function describeShape(node: RegexNode): Shape {
  switch (node.kind) {
    case 'set':
      return { lead: [node.set], trail: [node.set], isFixed: true, leastUnits: 1, units: node.set };
    case 'assertion':
      return { lead: [], trail: [], isFixed: true, leastUnits: 0, units: [] };
    case 'repeat':
      return describeRepeat(describeShape(node.node), node);
    case 'sequence':
      return describeSequence(node.nodes.map(describeShape));
    case 'choice':
      return describeChoice(node.nodes.map(describeShape));
  }
}

function describeSequence(parts: readonly Shape[]): Shape {
  const afterLead = parts.findIndex(({ isFixed }) => !isFixed);
  const beforeTrail = parts.findLastIndex(({ isFixed }) => !isFixed);
  return widen({
    lead: (afterLead < 0 ? parts : parts.slice(0, afterLead + 1)).flatMap(({ lead }) => lead),
    trail: parts.slice(Math.max(0, beforeTrail)).flatMap(({ trail }) => trail),
    isFixed: afterLead < 0,
    leastUnits: parts.reduce((sum, { leastUnits }) => sum + leastUnits, 0),
    units: normalizeRanges(parts.flatMap(({ units }) => units)),
  });
}

function describeChoice(parts: readonly Shape[]): Shape {
  const shortest = (key: 'lead' | 'trail') => Math.min(...parts.map((part) => part[key].length));
  const join = (stretches: readonly Stretch[]): Stretch =>
    (stretches[0] ?? []).map((_, place) => normalizeRanges(stretches.flatMap((each) => each[place] ?? [])));
  const leastUnits = Math.min(...parts.map((part) => part.leastUnits));
  const trailUnits = shortest('trail');
  return widen({
    lead: join(parts.map(({ lead }) => lead.slice(0, shortest('lead')))),
    trail: join(parts.map(({ trail }) => trail.slice(trail.length - trailUnits))),
    isFixed: parts.every((part) => part.isFixed && part.leastUnits === leastUnits),
    leastUnits: parts.length === 0 ? 0 : leastUnits,
    units: normalizeRanges(parts.flatMap(({ units }) => units)),
  });
}

function describeRepeat(part: Shape, { min, max }: { min: number; max: number }): Shape {
  const times = part.isFixed ? Math.min(min, MOST_UNITS) : Math.min(min, 1);
  const repeat = (stretch: Stretch) => Array.from({ length: times }, () => stretch).flat();
  return widen({
    lead: repeat(part.lead),
    trail: repeat(part.trail),
    isFixed: part.isFixed && min === max,
    leastUnits: part.leastUnits * min,
    units: part.units,
  });
}

// Of a match of so many units, all are among those of the node, wherever it begins to vary.
function widen(shape: Shape): Shape {
  const { leastUnits, units } = shape;
  const isFixed = shape.isFixed && leastUnits <= MOST_UNITS;
  if (isFixed) return shape;
  const anything = Array.from({ length: Math.min(leastUnits, MOST_UNITS) }, () => units);
  return {
    ...shape,
    lead: (shape.lead.length < anything.length ? anything : shape.lead).slice(0, MOST_UNITS),
    trail: (shape.trail.length < anything.length ? anything : shape.trail).slice(-MOST_UNITS),
    isFixed,
  };
}

/** Stretches of which every match has at least one. */
type Choice = readonly Stretch[];

/** Lists what may be asked for; any of it is in every match. */
function listChoices(node: RegexNode): Choice[] {
  switch (node.kind) {
    case 'set':
      return [[[node.set]]];
    case 'assertion':
      return [];
    case 'repeat':
      return node.min === 0 ? [] : [[describeShape(node).lead], ...listChoices(node.node)];
    case 'sequence':
      return listOfSequence(node.nodes);
    case 'choice': {
      const best = node.nodes.map((each) => chooseBest(listChoices(each).map(rateChoice)));
      const known = best.filter((each) => each !== undefined);
      return known.length === 0 || known.length < best.length ? [] : [known.flatMap(({ choice }) => choice)];
    }
  }
}

// What is fixed goes on with what is fixed; what varies ends one stretch and begins the next.
function listOfSequence(nodes: readonly RegexNode[]): Choice[] {
  const choices: Choice[] = [];
  let stretch: Stretch = [];
  for (const node of nodes) {
    const shape = describeShape(node);
    stretch = [...stretch, ...shape.lead];
    if (shape.isFixed) continue;
    choices.push([stretch], ...listChoices(node));
    stretch = shape.trail;
  }
  choices.push([stretch]);
  return choices;
}

// How well each is looked for. Many digits are as good as a word; a few may be those of any date.
const RANKS = { literal: 4, digits: 3, units: 2, long: 1 };

function rankStretch(stretch: Stretch, rare: CharSet | undefined): keyof typeof RANKS | undefined {
  if (countLiteral(stretch) >= LEAST_LITERAL_UNITS) return 'literal';
  if (rare) return stretch.length >= LEAST_DIGITS ? 'digits' : 'units';
  return stretch.length >= LEAST_LONG_UNITS ? 'long' : undefined;
}

/** A choice with how well it is looked for. */
type RatedChoice = { choice: Choice; needs: Needs; rank: number; bits: number };

function rateChoice(choice: Choice): RatedChoice | undefined {
  const units: number[] = [];
  const stretches: Stretch[] = [];
  let rank = RANKS.literal;
  for (const stretch of choice) {
    const rare = stretch.find(isRare);
    const kind = rankStretch(stretch, rare);
    if (kind === undefined) return undefined;
    if (kind === 'units' && rare) units.push(...rare);
    else stretches.push(stretch);
    rank = Math.min(rank, RANKS[kind]);
  }
  const needs = { units: normalizeRanges(units), stretches };
  return { choice, needs, rank, bits: Math.min(...choice.map(countBits)) };
}

function chooseBest(rated: readonly (RatedChoice | undefined)[]): RatedChoice | undefined {
  let best: RatedChoice | undefined;
  for (const one of rated) {
    if (!one) continue;
    if (!best || one.rank > best.rank || (one.rank === best.rank && one.bits > best.bits)) best = one;
  }
  return best;
}

/** How many units of a stretch, one behind the other, are known but for their case and the like. */
function countLiteral(stretch: Stretch): number {
  let most = 0;
  let count = 0;
  for (const set of stretch) {
    count = countUnits(set) <= MOST_LITERAL_CHOICES ? count + 1 : 0;
    most = Math.max(most, count);
  }
  return most;
}

function isWithin(set: CharSet, all: CharSet): boolean {
  return countUnits(normalizeRanges([...set, ...all])) === countUnits(all);
}

function isRare(set: CharSet): boolean {
  for (let i = 0; i + 1 < set.length; i += 2) {
    const [lo = 0, hi = 0] = set.slice(i, i + 2);
    if (hi >= 128) return false;
    for (let unit = lo; unit <= hi; unit++) if (!RARE_UNITS.test(String.fromCharCode(unit))) return false;
  }
  return set.length > 0;
}

/** How much a stretch tells, in bits, where all of ASCII were as frequent. */
export function countBits(stretch: Stretch): number {
  return stretch.reduce((sum, set) => sum + Math.max(0, 7 - Math.log2(Math.max(1, countUnits(set)))), 0);
}

function countUnits(set: CharSet): number {
  let count = 0;
  for (let i = 0; i + 1 < set.length; i += 2) count += (set[i + 1] ?? 0) - (set[i] ?? 0) + 1;
  return count;
}
