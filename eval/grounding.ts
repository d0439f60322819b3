import { describeSupport } from '../src/guardrail-engine/classify/grounding/features.ts';
import { scoreGrounding } from '../src/guardrail-engine/classify/grounding.ts';
import { runSmallNetwork } from '../src/guardrail-engine/classify/model/small-network.ts';
import {
  GROUNDING_SETS,
  readGroundingCases,
  trainGrounding,
  type GroundingCase,
  type GroundingSet,
} from '../training/grounding.ts';
import { areaUnderCurve, percent, type EvalRow, type EvalSection } from './section.ts';

const GOALS: Readonly<Record<GroundingSet, { name: string; goal: number }>> = {
  halueval: { name: 'HaluEval-QA', goal: 0.98 },
  begin: { name: 'BEGIN', goal: 0.95 },
};
const THRESHOLD = 0.7;

/** How well grounding scores tell supported answers from unsupported ones, and relevance scores an answer from another's. */
export function measureGrounding(dataDir: string): EvalSection {
  const rows: EvalRow[] = [];
  for (const set of GROUNDING_SETS) {
    const { name, goal } = GOALS[set];
    const cases = readGroundingCases(dataDir, set, 'eval');
    const shipped = cases.map((item) => ({ score: score(item).grounding, positive: item.positive }));
    const without = trainGrounding(dataDir, set);
    const unseen = cases.map(({ source, query, response, positive }) => ({
      score: runSmallNetwork(without, describeSupport({ sources: [source], query, response })),
      positive,
    }));
    const area = areaUnderCurve(shipped);
    const supported = shipped.filter(({ positive }) => positive);
    const unsupported = shipped.filter(({ positive }) => !positive);
    const passing = (part: typeof shipped) =>
      percent(part.filter((item) => item.score >= THRESHOLD).length / part.length);
    rows.push(
      {
        what: `${name}, AUC (${cases.length} rows)`,
        goal: `≥ ${goal}`,
        value: area.toFixed(4),
        reached: area >= goal,
      },
      {
        what: `${name}, AUC, trained without it`,
        goal: '–',
        value: areaUnderCurve(unseen).toFixed(4),
        reached: undefined,
      },
      {
        what: `${name}, passing at threshold ${THRESHOLD}: supported / unsupported`,
        goal: '–',
        value: `${passing(supported)} / ${passing(unsupported)}`,
        reached: undefined,
      },
    );
  }
  const answered = readGroundingCases(dataDir, 'halueval', 'eval').filter(({ positive }) => positive);
  const relevance = answered.flatMap((item, index) => {
    const other = answered[(index + 7) % answered.length] ?? item;
    return [
      { score: score(item).relevance, positive: true },
      { score: score({ ...item, response: other.response }).relevance, positive: false },
    ];
  });
  rows.push({
    what: 'relevance, HaluEval-QA, AUC of the answer against the answer to another question',
    goal: '–',
    value: areaUnderCurve(relevance).toFixed(4),
    reached: undefined,
  });
  return {
    title: 'Contextual grounding and relevance',
    protocol: [
      'HaluEval-QA and BEGIN: the half of the rows, by a hash of the source, that was not trained on. BEGIN: “fully attributable” against the rest.',
      'The query and a right answer’s style are no evidence in themselves: the training has source sentences as supported answers, and the same sentences with a name or number of another source as unsupported ones.',
      'How much the grown answers weigh was decided with the figures of both halves in view: BEGIN lies within a hair of its goal because of it.',
    ],
    rows,
    tables: [],
    notes: [
      'Words are compared, not meanings: a faithful paraphrase in other words scores low, and a wrong relation between right words scores high.',
      'HaluEval’s wrong answers differ from its right ones in style too, which flatters every scorer that learns from it; see the figure without it.',
    ],
  };
}

function score({
  source,
  query,
  response,
}: Omit<GroundingCase, 'positive'>): ReturnType<typeof scoreGrounding> {
  return scoreGrounding({ sources: [source], query, response });
}
