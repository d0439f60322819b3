import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CLASSIFIERS } from '../src/guardrail-engine/classify/classifiers.ts';
import { compileGuardrail, parseGuardrailConfig } from '../src/guardrail-engine/index.ts';
import { PII_TYPES } from '../src/guardrail-engine/pii/types.ts';
import { createSeededRandom } from '../training/seeded-random.ts';
import { DOCUMENT_WORDS } from '../training/texts/documents.ts';
import { expand } from '../training/texts/expand.ts';
import type { EvalSection } from './section.ts';

const RUNS = 1000;
const WARM_UP = 300;
// The machine may be shared: what took long only once was somebody else.
const ROUNDS = 5;
const LENGTHS = [2000, 5000, 20_000, 50_000, 100_000];

/** What a whole guardrail takes, with every policy that the engine evaluates. */
export function measureSpeed(): EvalSection {
  const before = measureMemoryBytes();
  const guardrail = compileGuardrail(everyPolicy(), {
    id: 'every',
    version: '1',
    arn: 'every',
    nowMs: () => 0,
  });
  const judge = (text: string) => void guardrail.assess({ source: 'INPUT', content: [{ text: { text } }] });
  judge('x');
  const after = measureMemoryBytes();
  const random = createSeededRandom(1);
  const grow = (length: number) => {
    let text = '';
    while (text.length < length) text += `${expand('<sentence>', DOCUMENT_WORDS, random)} `;
    return text.slice(0, length);
  };
  const timeAll = (texts: readonly string[], run: (text: string) => void) => {
    const fastest = texts.map(() => Infinity);
    for (let round = 0; round < ROUNDS; round += 1)
      texts.forEach((text, index) => {
        const startedMs = performance.now();
        run(text);
        fastest[index] = Math.min(fastest[index] ?? Infinity, performance.now() - startedMs);
      });
    return fastest;
  };
  const texts = Array.from({ length: RUNS + WARM_UP }, () => grow(2000));
  const times = timeAll(texts, judge)
    .slice(WARM_UP)
    .toSorted((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  const median = times[times.length >> 1] ?? 0;
  const perCharacter = LENGTHS.map((length) => {
    const few = Array.from({ length: 5 }, () => grow(length));
    const fastest = Math.min(...[1, 2, 3].flatMap(() => timeAll(few, judge)));
    return fastest / length;
  });
  const grounding = timeAll(texts.slice(0, 400), (text) =>
    CLASSIFIERS.scoreGrounding({
      sources: [text],
      query: text.slice(0, 80),
      response: text.slice(500, 900),
    }),
  )
    .slice(100)
    .toSorted((a, b) => a - b);
  const memory = (after - before) / 1e6;
  return {
    title: 'Speed',
    protocol: [
      '`assess` on 2,000 characters of mixed sentences with every policy: six content filters, ten topics of five examples, words and the profanity list, all PII types and a regex; one core of the machine that wrote this page. All texts are judged five times in turn, of which the fastest counts.',
    ],
    rows: [
      {
        what: '2,000 characters, p99',
        goal: '≤ 2 ms',
        value: `${p99.toFixed(2)} ms (median ${median.toFixed(2)} ms)`,
        reached: p99 <= 2,
      },
      {
        what: `ns a character at ${LENGTHS.map((length) => length.toLocaleString('en')).join(' / ')} characters`,
        goal: 'linear: none above 1.25 times the first',
        value: perCharacter.map((ms) => Math.round(ms * 1e6)).join(' / '),
        // What is linear costs no more a character at fifty times the length than noise explains.
        reached: Math.max(...perCharacter) <= 1.25 * (perCharacter[0] ?? 0),
      },
      {
        what: 'grounding and relevance, source of 2,000 and response of 400 characters, p99',
        goal: '–',
        value: `${(grounding[Math.floor(grounding.length * 0.99)] ?? 0).toFixed(2)} ms`,
        reached: undefined,
      },
      {
        what: 'memory of the compiled guardrail, weights included',
        goal: '–',
        value: `${memory.toFixed(1)} MB`,
        reached: undefined,
      },
    ],
    tables: [],
    notes: [
      'Linear means here: at no length more than a quarter above what a character costs at 2,000. Of a short text the first window has no other before it, so that up to an eighth less is judged at 2,000 characters; what else makes short texts cheaper was not traced. From 20,000 characters on the cost of one does not rise.',
    ],
  };
}

function measureMemoryBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function everyPolicy(): Parameters<typeof compileGuardrail>[0] {
  const filters = ['HATE', 'INSULTS', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT'];
  const parsed = parseGuardrailConfig({
    name: 'every-policy',
    blockedInputMessaging: 'no',
    blockedOutputsMessaging: 'no',
    contentPolicyConfig: {
      filtersConfig: [
        ...filters.map((type) => ({ type, inputStrength: 'HIGH', outputStrength: 'HIGH' })),
        { type: 'PROMPT_ATTACK', inputStrength: 'HIGH', outputStrength: 'NONE' },
      ],
    },
    topicPolicyConfig: {
      topicsConfig: Array.from({ length: 10 }, (_, index) => ({
        name: `Topic ${index}`,
        definition: `What somebody might ask about subject number ${index} on a rainy day.`,
        examples: [
          'Which one should I buy?',
          'Is it allowed here?',
          'Tell me all about it.',
          'How much was it?',
          'Who invented it?',
        ],
        type: 'DENY',
      })),
    },
    wordPolicyConfig: {
      wordsConfig: [{ text: 'bluebird' }],
      managedWordListsConfig: [{ type: 'PROFANITY' }],
    },
    sensitiveInformationPolicyConfig: {
      piiEntitiesConfig: PII_TYPES.map((type) => ({ type, action: 'ANONYMIZE' })),
      regexesConfig: [{ name: 'Ticket', pattern: 'TCK-\\d{3,6}', action: 'BLOCK' }],
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed.config;
}
