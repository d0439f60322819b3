// Writes src/guardrail-engine/words/profanity.ts from Surge AI's list: node training/profanity.ts DATA_FOLDER
import { readFileSync, writeFileSync } from 'node:fs';
import { readLeet } from '../src/guardrail-engine/text/ciphers.ts';

type Entry = { text: string; canonical_form_1: string; severity_rating: string };

// The list calls 1.6 and more strong. What is milder comes in only where it is a form of something strong, and below
// 1.2 not at all, since the mild entries hold words of every day.
const STRONG = 1.6;
const LEAST_SEVERITY = 1.2;
const LEAST_STRONG_FORMS = 3;
const MOST_WORDS = 3;

// Names, birds and tools first; a slur or an obscenity only here and there.
const AMBIGUOUS = new Set(
  'bbc bwc coot crows fick gaylord groper hoar hoe hoes homo klan knob mong muff nip nobs nonce nuggets octopussy pecker phuc puss slag slit wang'.split(
    ' ',
  ),
);

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node training/profanity.ts DATA_FOLDER');
const entries = readFileSync(`${folder}/content/profanity-surge.jsonl`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Entry); // the file's own format

const strongForms = new Map<string, number>();
for (const entry of entries) {
  if (Number(entry.severity_rating) < STRONG) continue;
  strongForms.set(entry.canonical_form_1, (strongForms.get(entry.canonical_form_1) ?? 0) + 1);
}
const words = new Set<string>();
for (const { text, canonical_form_1: form, severity_rating: rating } of entries) {
  const isMild = Number(rating) < LEAST_SEVERITY;
  const isStrong = Number(rating) >= STRONG || (strongForms.get(form) ?? 0) >= LEAST_STRONG_FORMS;
  const word = text.toLowerCase().trim();
  // Spellings with digits and signs are found by reading them as letters.
  if (
    isMild ||
    !isStrong ||
    AMBIGUOUS.has(word) ||
    readLeet(word) !== word ||
    !/^[a-z][a-z' -]{2,}$/.test(word)
  )
    continue;
  if (word.split(/[ -]/).length <= MOST_WORDS) words.add(word);
}
const lines = [...words].sort().reduce<string[]>((all, word) => {
  const last = all.at(-1);
  if (last === undefined || last.length + word.length > 110) all.push(word);
  else all[all.length - 1] = `${last},${word}`;
  return all;
}, []);
writeFileSync(
  new URL('../src/guardrail-engine/words/profanity.ts', import.meta.url),
  `// Made by training/profanity.ts from the profanity list of Surge AI (MIT; see NOTICE). Offensive by its nature.
const LIST = \`
${lines.join(',\n')}\`;

/** The words of the managed list PROFANITY. */
export const PROFANITY: readonly string[] = LIST.trim().split(/,\\s*/);
`,
);
process.stdout.write(`${words.size} words\n`);
