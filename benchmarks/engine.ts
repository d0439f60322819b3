// What the embedded engine costs, with every policy on: `npm run bench:engine`. One thread; figures, no assertions.
import { PII_TYPES } from '../src/guardrail-engine/pii/types.ts';
import {
  compileGuardrail,
  parseGuardrailConfig,
  type CompiledGuardrail,
} from '../src/guardrail-engine/index.ts';

const PROSE =
  'The customer asked on Monday whether the order would reach her before the holidays, and what it would cost to send ' +
  'it back. We told her that parcels within the country take three to five days; that returns are free for thirty days; ' +
  'and that Anna Schmidt (anna.schmidt@example.org, +49 30 1234567) from our office in Berlin would call her. She was ' +
  'happy with that, but wanted to know if 4 of the 12 items could be changed. ';
const CHARACTERS = 2000;
const RUNS = 2000;

function compileEverything(): CompiledGuardrail {
  const block = (type: string) => ({
    type,
    inputStrength: 'HIGH',
    outputStrength: type === 'PROMPT_ATTACK' ? 'NONE' : 'HIGH',
  });
  const parsed = parseGuardrailConfig({
    name: 'everything',
    blockedInputMessaging: 'Blocked.',
    blockedOutputsMessaging: 'Blocked.',
    wordPolicyConfig: {
      wordsConfig: Array.from({ length: 100 }, (_, i) => ({ text: `codename ${i}` })),
      managedWordListsConfig: [{ type: 'PROFANITY' }],
    },
    contentPolicyConfig: {
      filtersConfig: ['HATE', 'INSULTS', 'SEXUAL', 'VIOLENCE', 'MISCONDUCT', 'PROMPT_ATTACK'].map(block),
    },
    topicPolicyConfig: {
      topicsConfig: ['Investments', 'Politics', 'Medicine'].map((name) => ({
        name,
        definition: `Advice on ${name.toLowerCase()}.`,
        type: 'DENY',
      })),
    },
    sensitiveInformationPolicyConfig: {
      piiEntitiesConfig: PII_TYPES.map((type) => ({ type, action: 'ANONYMIZE', inputAction: 'ANONYMIZE' })),
      regexesConfig: [{ name: 'Ticket', pattern: '\\bTCK-\\d{3,6}\\b', action: 'ANONYMIZE' }],
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compileGuardrail(parsed.config, { id: 'everything', version: '1' });
}

const textOf = (characters: number) =>
  PROSE.repeat(Math.ceil(characters / PROSE.length)).slice(0, characters);
const assess = (guardrail: CompiledGuardrail, text: string) =>
  guardrail.assess({ source: 'INPUT', content: [{ text: { text } }] });

function timeOnce(run: () => unknown): number {
  const startedMs = performance.now();
  run();
  return performance.now() - startedMs;
}

function usedBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)}${value}\n`);
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const emptyBytes = usedBytes();
let guardrail = compileEverything();
assess(guardrail, textOf(CHARACTERS));
const firstBytes = usedBytes();
print('memory of the first guardrail, with all models', megabytes(firstBytes - emptyBytes));
const more = Array.from({ length: 10 }, compileEverything);
for (const one of more) assess(one, textOf(CHARACTERS));
print('memory of each further one', megabytes((usedBytes() - firstBytes) / more.length));
guardrail = more[0] ?? guardrail;

const text = textOf(CHARACTERS);
for (let i = 0; i < 500; i++) assess(guardrail, text);
const timesMs = Array.from({ length: RUNS }, () => timeOnce(() => assess(guardrail, text))).sort(
  (a, b) => a - b,
);
const at = (share: number) => (timesMs[Math.floor(timesMs.length * share)] ?? 0).toFixed(2);
print(`${CHARACTERS} characters, every policy on`, `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);

for (const characters of [1000, 10_000, 100_000]) {
  const long = textOf(characters);
  assess(guardrail, long);
  const bestMs = Math.min(...Array.from({ length: 5 }, () => timeOnce(() => assess(guardrail, long))));
  print(
    `${characters} characters`,
    `${bestMs.toFixed(2)} ms, ${((bestMs * 1000) / characters).toFixed(3)} µs a character`,
  );
}

const stream = guardrail.stream({ source: 'OUTPUT' });
const chunks = text.match(/[^]{1,5}/g) ?? [];
const streamMs = timeOnce(() => {
  for (const chunk of chunks) stream.push(chunk);
  stream.end();
});
print(
  `${CHARACTERS} characters in ${chunks.length} chunks`,
  `${((streamMs * 1000) / chunks.length).toFixed(1)} µs a chunk`,
);
