import type { Example } from '../logistic.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { DIRECT_WORDS } from './direct-attacks.ts';
import { expand } from './expand.ts';
import { SCENARIO_WORDS } from './honest-scenarios.ts';
import { HONEST_WORDS } from './honest.ts';

// Sentences whose kind is known; the rest of `<direct>` mixes kinds.
const KINDS = [['our-attacks', '<direct>', 0.7], ['our-leaks', '<leak>', 0.1], ['our-roles', '<role>', 0.1], ['our-overrides', '<override>', 0.1]] as const; // prettier-ignore
const HONEST = [['<honest>', HONEST_WORDS, 0.5], ['<scenario>', SCENARIO_WORDS, 0.36], ['<smalltalk>', SCENARIO_WORDS, 0.08], ['<program>', SCENARIO_WORDS, 0.06]] as const; // prettier-ignore

/** Sentences of our own, grown from grammars: attacks, and honest ones with the same words. */
export function growDirectExamples({
  seed,
  attacks,
  honest,
}: {
  seed: number;
  attacks: number;
  honest: number;
}): Example[] {
  const random = createSeededRandom(seed);
  const examples: Example[] = [];
  for (const [source, start, share] of KINDS)
    for (let i = 0; i < attacks * share; i += 1)
      examples.push({
        source,
        text: recase(expand(start, DIRECT_WORDS, random), random),
        positive: true,
        weight: 0.25,
      });
  for (const [start, words, share] of HONEST)
    for (let i = 0; i < 2 * honest * share; i += 1)
      examples.push({
        source: 'our-honest',
        text: recase(expand(start, words, random), random),
        positive: false,
        weight: 0.5,
      });
  return examples;
}

function recase(text: string, random: () => number): string {
  const chance = random();
  if (chance < 0.1) return text.toUpperCase();
  if (chance < 0.5) return text.toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
