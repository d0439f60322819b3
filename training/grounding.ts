import { describeSupport } from '../src/guardrail-engine/classify/grounding/features.ts';
import type { SmallNetwork } from '../src/guardrail-engine/classify/model/small-network.ts';
import { isTrainingRow, readRows, textOf } from './rows.ts';
import { createSeededRandom } from './seeded-random.ts';
import { trainSmallNetwork, type Row } from './small-network.ts';
import { pick } from './texts/expand.ts';

export const GROUNDING_SETS = ['halueval', 'begin'] as const;
export type GroundingSet = (typeof GROUNDING_SETS)[number];

export type GroundingCase = { source: string; query: string; response: string; positive: boolean };

/** The labelled rows of one grounding file, of one side of the split. */
export function readGroundingCases(
  dataDir: string,
  set: GroundingSet,
  side: 'train' | 'eval',
): GroundingCase[] {
  const cases =
    set === 'halueval'
      ? readRows(dataDir, 'grounding/halueval-qa-one.jsonl').map((row) => ({
          source: textOf(row, 'source'),
          query: textOf(row, 'query'),
          response: textOf(row, 'response'),
          positive: row['grounded'] === 1,
        }))
      : readRows(dataDir, 'grounding/begin-wow.jsonl').map((row) => ({
          source: textOf(row, 'knowledge'),
          query: textOf(row, 'message'),
          response: textOf(row, 'response'),
          positive: row['begin_label'] === 'Fully attributable',
        }));
  return cases.filter(({ source }) => isTrainingRow(source) === (side === 'train'));
}

/** Trains the grounding scorer, on both sets or without one. */
export function trainGrounding(dataDir: string, heldOut?: GroundingSet): SmallNetwork {
  const sets = GROUNDING_SETS.filter((set) => set !== heldOut);
  const rows = sets.flatMap((set) => {
    const cases = readGroundingCases(dataDir, set, 'train');
    const weight = set === 'halueval' ? 2 : 1;
    const rows = cases.map((item) => describe(item, weight));
    // BEGIN's answers are small talk around one sentence: nothing is to be grown from them.
    return set === 'halueval' ? [...rows, ...growCases(cases).map((item) => describe(item, 0.5))] : rows;
  });
  // Chosen by five-fold cross-validation on the training side: strong decay carries over better from set to set.
  const network = trainSmallNetwork(rows, { units: 8, epochs: 60, rate: 0.02, decay: 0.02, seed: 3 });
  const round = (value: number) => Math.round(value * 1e5) / 1e5;
  return {
    mean: network.mean.map(round),
    scale: network.scale.map(round),
    hidden: network.hidden.map((unit) => unit.map(round)),
    output: network.output.map(round),
  };
}

function describe({ source, query, response, positive }: GroundingCase, weight: number): Row {
  return { features: describeSupport({ sources: [source], query, response }), positive, weight };
}

/**
 * Right and wrong answers in the other's clothes, so that the length of an answer does not decide: a sentence of the
 * source is grounded, and is not with a name or number of another source in it; a right answer stays right in a sentence.
 */
function growCases(cases: readonly GroundingCase[]): GroundingCase[] {
  const random = createSeededRandom(17);
  return cases.flatMap((item) => {
    const { source, query } = item;
    const sentence = pick(source.split(/(?<=[.!?])\s*(?=[A-Z])/), random);
    const grown: GroundingCase[] = [{ source, query, response: sentence, positive: true }];
    const foreign =
      pick(cases, random).source.match(/(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*|\d[\d,.]*\d/g) ?? [];
    const own = sentence.match(/[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*|\d[\d,.]*\d/g) ?? [];
    if (foreign.length > 0 && own.length > 0) {
      const swapped = sentence.replace(pick(own, random), () => pick(foreign, random));
      const isForeign = foreign.every((name) => !source.includes(name));
      if (isForeign && swapped !== sentence)
        grown.push({ source, query, response: swapped, positive: false });
    }
    if (item.positive && item.response.split(' ').length < 6 && !/^(yes|no)\b/i.test(item.response.trim()))
      grown.push({ source, query, response: wrap(item.response.trim(), query, random), positive: true });
    return grown;
  });
}

function wrap(answer: string, query: string, random: () => number): string {
  const asked = query
    .replace(/^(what|which|who|where|when)\s+(is|are|was|were)\s+/i, '')
    .replace(/\s*\?\s*$/, '');
  const frames = [`It is ${answer}.`, `The answer is ${answer}.`, `${answer}.`];
  if (asked.length < query.length - 3)
    frames.push(`${asked.charAt(0).toUpperCase()}${asked.slice(1)} is ${answer}.`);
  return pick(frames, random);
}
