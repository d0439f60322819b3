import { readFileSync } from 'node:fs';
import type { GroundingInput, GroundingScores } from '../guardrail/policies.ts';
import { describeSupport } from './grounding/features.ts';
import { scoreRelevance } from './grounding/relevance.ts';
import { runSmallNetwork, type SmallNetwork } from './model/small-network.ts';

let network: SmallNetwork | undefined;

/** How well a response rests on its sources and answers its query: each from 0 to 1. */
export function scoreGrounding(input: GroundingInput): GroundingScores {
  network ??= readNetwork();
  return { grounding: runSmallNetwork(network, describeSupport(input)), relevance: scoreRelevance(input) };
}

function readNetwork(): SmallNetwork {
  const file = new URL('./weights/grounding.bin', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as SmallNetwork; // the file is ours, written by `npm run train`
}
