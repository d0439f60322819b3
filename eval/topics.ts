import type { WindowClassifier } from '../src/guardrail-engine/guardrail/policies.ts';
import { compileTopics } from '../src/guardrail-engine/classify/topics.ts';
import { makeViews } from '../src/guardrail-engine/text/views.ts';
import { readRows, textOf } from '../training/rows.ts';
import { createSeededRandom, shuffle } from '../training/seeded-random.ts';
import { percent, shareFrom, type EvalSection } from './section.ts';

const EXAMPLES = 5;
const DETECTED = 0.5;

/** One denied topic for each of Banking77's intents, from its name and five examples. */
export function measureTopics(dataDir: string): EvalSection {
  const test = readRows(dataDir, 'topics/banking77-test.jsonl').map((row) => ({
    text: textOf(row),
    intent: textOf(row, 'intent'),
  }));
  const train = readRows(dataDir, 'topics/banking77-train.jsonl').map((row) => ({
    text: textOf(row),
    intent: textOf(row, 'intent'),
  }));
  const intents = [...new Set(test.map(({ intent }) => intent))];
  const random = createSeededRandom(11);
  const topics = compileTopics({
    tier: 'STANDARD',
    topics: intents.map((intent) => {
      const name = intent.replaceAll('_', ' ');
      const examples = shuffle(train.filter((row) => row.intent === intent), random).slice(0, EXAMPLES); // prettier-ignore
      return { name, definition: `Questions about ${name}.`, examples: examples.map(({ text }) => text) };
    }),
  });
  const own: number[] = [];
  const siblings: number[] = [];
  for (const { text, intent } of test)
    judge(topics, text).forEach((severity, index) =>
      (intents[index] === intent ? own : siblings).push(severity),
    );
  const elsewhere = ['dahoas-benign', 'wildguard-benign', 'teven-benign'].flatMap((name) =>
    readRows(dataDir, `prompt-attack/${name}.jsonl`).flatMap((row) => [
      ...judge(topics, textOf(row).slice(0, 1024)),
    ]),
  );
  const recallAt = (harmless: readonly number[]) => {
    const threshold = harmless.toSorted((a, b) => b - a)[Math.floor(harmless.length * 0.01)] ?? 1;
    return own.filter((score) => score > threshold).length / own.length;
  };
  const strict = recallAt(siblings);
  return {
    title: 'Denied topics',
    protocol: [
      'Each of the 77 intents is a topic by itself: its name, the definition “Questions about” and the name, and five examples drawn from the training file by a fixed seed. A test question counts as found for its own intent, and as a false positive for each of the 76 others.',
      'How rare words and letter groups are was counted on CLINC150, UltraChat, self-instruct, CyberSecEval and awesome-chatgpt-prompts; no text about banking but CLINC150’s own.',
      'The shipped threshold stands where 2 % of requests are that ask about one of the nearest sisters of a topic, with CLINC150’s intents for topics; that share, and not the figures here, was chosen. Recall at 1 % depends on no threshold.',
    ],
    rows: [
      {
        what: 'recall at 1 % false positives among the 76 sister intents',
        goal: '≥ 80.0 %',
        value: percent(strict),
        reached: strict >= 0.8,
      },
      {
        what: 'recall at 1 % false positives on prompts about other things',
        goal: '–',
        value: percent(recallAt(elsewhere)),
        reached: undefined,
      },
      {
        what: 'at the shipped threshold: recall',
        goal: '–',
        value: percent(shareFrom(own, DETECTED)),
        reached: undefined,
      },
      {
        what: 'at the shipped threshold: false positives among sister intents',
        goal: '–',
        value: percent(shareFrom(siblings, DETECTED)),
        reached: undefined,
      },
      {
        what: 'at the shipped threshold: false positives on other things',
        goal: '–',
        value: percent(shareFrom(elsewhere, DETECTED)),
        reached: undefined,
      },
    ],
    tables: [],
    notes: [
      'The goal is missed because sister intents of one bank share most of their words; among prompts about other things recall is as good as hoped. Tried for a few points at most: word vectors from the training texts, also tuned on other intents, word alignment, synonyms (0018). Vectors from a large corpus were not tried.',
      'A topic is known by its words: a question that shares none with name, definition and examples is not found. More and more varied examples help most.',
    ],
  };
}

function judge(topics: WindowClassifier, text: string): readonly number[] {
  return topics.judge(makeViews(text), 'user');
}
