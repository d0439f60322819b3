import { readFileSync } from 'node:fs';
import { createPiiFinder, type FoundPii } from '../src/guardrail-engine/pii/finder.ts';
import { PII_TYPES } from '../src/guardrail-engine/pii/types.ts';
import { isHeldOut } from '../training/pii/held-out.ts';
import type { EvalRow, EvalSection } from './section.ts';

type Row = { text: string; spans: { type: string | null; start: number; end: number }[] };
type Counts = { hit: number; wrong: number; missed: number };

// Without these, what is left is known by its format or by a word before it.
const TAGGED = new Set(['NAME', 'ADDRESS', 'AGE']);

/** Measures the finding of personal data on public sets; `folder` holds them. */
export function measurePii(folder: string): EvalSection {
  const find = createPiiFinder(PII_TYPES);
  const presidio = countSet(readRows(`${folder}/pii/presidio-synth-v2.jsonl`), find);
  const anon = ['legal', 'adversarial'].map((set) => {
    const rows = readRows(`${folder}/pii/pii-anon-${set}.jsonl`).filter(({ text }) => isHeldOut(text));
    return { set, ...countSet(rows, find) };
  });
  const both = addCounts(anon.map(({ spans }) => spans));
  const isStructured = (type: string) => !TAGGED.has(type);
  const rows: EvalRow[] = [
    goalRow(
      'Presidio synthetic v2, structured types, F2 by word',
      0.97,
      scoreOf(sumOf(presidio.words, isStructured), 2),
    ),
    goalRow('Presidio synthetic v2, all types, F2 by word', 0.85, scoreOf(sumOf(presidio.words), 2)),
    goalRow('PII-Anon, mapped types, strict F1', 0.8, scoreOf(sumOf(both), 1)),
    ...anon.map(({ set, spans }) => plainRow(`PII-Anon ${set}, strict F1`, scoreOf(sumOf(spans), 1))),
    plainRow('Presidio synthetic v2, all types, strict F1', scoreOf(sumOf(presidio.spans), 1)),
    ...[...presidio.words].map(([type, counts]) => describeType('Presidio', type, counts)),
    ...[...both].map(([type, counts]) => describeType('PII-Anon (strict)', type, counts)),
  ];
  return {
    title: 'Personal data',
    protocol: [
      'Presidio synthetic v2 (1,500 rows) only measures. Its entities are mapped to the types of Bedrock; entities that have none, and types that it does not label, are left out. By word: each run of letters or digits counts for each type that covers it.',
      'PII-Anon (legal and adversarial, 2,000 rows): the rows whose SHA-256 of the text, as a number of 32 bits, is 0, 1 or 2 modulo 10 measure; the others trained the tagger. Strict: both ends of an entity and its type.',
    ],
    rows,
    notes: [
      'Short of the goals on Presidio’s set: telephone numbers in national forms without any word that announces them, and names and addresses, which a small tagger learned from legal and adversarial rows and from made-up ones. Tried: libphonenumber (worse, 0017), formats of all of Faker’s locales, more made-up addresses.',
      'The rows of PII-Anon come from few templates, so that held-out rows look like those trained on; Presidio is the fairer measure of names and addresses.',
      'Weak: names in a single small word, names of organisations that are called after people, addresses without a number (never found), and names that are masked in part.',
    ],
  };
}

function readRows(path: string): Row[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row); // the file's own format
}

function countSet(rows: readonly Row[], find: (text: string) => FoundPii[]) {
  const labelled = new Set(rows.flatMap(({ spans }) => spans.map(({ type }) => type)));
  const spans = new Map<string, Counts>();
  const words = new Map<string, Counts>();
  for (const row of rows) {
    const real = row.spans.flatMap(({ type, start, end }) => (type === null ? [] : [{ type, start, end }]));
    const found = find(row.text).filter(({ type }) => labelled.has(type));
    const isSame = (a: (typeof real)[0], b: (typeof real)[0]) =>
      a.type === b.type && a.start === b.start && a.end === b.end;
    for (const one of real)
      count(spans, one.type, found.some((other) => isSame(one, other)) ? 'hit' : 'missed');
    for (const one of found) if (!real.some((other) => isSame(one, other))) count(spans, one.type, 'wrong');
    for (const word of row.text.matchAll(/[\p{L}\p{M}\p{Cf}]+|\p{N}+/gu)) {
      const covers = ({ start, end }: { start: number; end: number }) =>
        start <= word.index && end >= word.index + word[0].length;
      const reals = new Set(real.filter(covers).map(({ type }) => type));
      const founds = new Set<string>(found.filter(covers).map(({ type }) => type));
      for (const type of reals) count(words, type, founds.has(type) ? 'hit' : 'missed');
      for (const type of founds) if (!reals.has(type)) count(words, type, 'wrong');
    }
  }
  return { spans, words };
}

function count(counts: Map<string, Counts>, type: string, what: keyof Counts): void {
  const known = counts.get(type) ?? { hit: 0, wrong: 0, missed: 0 };
  known[what]++;
  counts.set(type, known);
}

function addCounts(all: readonly Map<string, Counts>[]): Map<string, Counts> {
  const sum = new Map<string, Counts>();
  for (const [type, { hit, wrong, missed }] of all.flatMap((counts) => [...counts])) {
    const known = sum.get(type) ?? { hit: 0, wrong: 0, missed: 0 };
    sum.set(type, { hit: known.hit + hit, wrong: known.wrong + wrong, missed: known.missed + missed });
  }
  return sum;
}

function sumOf(counts: Map<string, Counts>, isWanted: (type: string) => boolean = () => true): Counts {
  const sum = { hit: 0, wrong: 0, missed: 0 };
  for (const [type, { hit, wrong, missed }] of counts) {
    if (!isWanted(type)) continue;
    sum.hit += hit;
    sum.wrong += wrong;
    sum.missed += missed;
  }
  return sum;
}

function scoreOf({ hit, wrong, missed }: Counts, beta: number): number {
  const square = beta * beta;
  return ((1 + square) * hit) / ((1 + square) * hit + square * missed + wrong || 1);
}

function goalRow(what: string, goal: number, value: number): EvalRow {
  return { what, goal: `≥ ${goal}`, value: value.toFixed(3), reached: value >= goal };
}

function plainRow(what: string, value: number): EvalRow {
  return { what, goal: '', value: value.toFixed(3), reached: undefined };
}

function describeType(set: string, type: string, counts: Counts): EvalRow {
  const { hit, wrong, missed } = counts;
  const precision = hit / (hit + wrong || 1);
  const recall = hit / (hit + missed || 1);
  return {
    what: `${set}: ${type} (${hit + missed})`,
    goal: '',
    value: `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
    reached: undefined,
  };
}
