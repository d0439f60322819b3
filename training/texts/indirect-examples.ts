import type { Example } from '../logistic.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { COMMAND_WORDS } from './commands.ts';
import { DOCUMENT_WORDS } from './documents.ts';
import { expand, pick, type Grammar } from './expand.ts';

/** An order from a training source. */
export type Order = { source: string; text: string; weight: number };

/** Honest sentences are kept apart in folds, so that a threshold can be set on sentences that were not learned. */
export const SENTENCE_FOLDS = 8;

type Growth = {
  orders: readonly Order[];
  documents: readonly string[];
  /** What people say in documents without asking for anything. */
  remarks: readonly string[];
  seed: number;
  planted: number;
  clean: number;
  /** Which fold of the honest sentences to leave out. */
  withoutFold?: number | undefined;
};

/** Documents with an order planted in them, and documents without. */
export function growIndirectExamples({
  orders,
  documents,
  remarks,
  seed,
  planted,
  clean,
  withoutFold,
}: Growth): Example[] {
  const random = createSeededRandom(seed);
  const words = documentWords((index) => index % SENTENCE_FOLDS !== withoutFold);
  const examples: Example[] = [];
  for (let i = 0; i < planted; i += 1) {
    const order = sentenceCase(expand('<indirect>', COMMAND_WORDS, random), random);
    examples.push({
      source: 'our-commands',
      text: plant({ order, documents, words, random }),
      positive: true,
      weight: 0.4,
    });
  }
  for (const { source, text, weight } of orders) {
    const planted = random() < 0.3 ? text : plant({ order: text, documents, words, random });
    examples.push({ source, text: planted, positive: true, weight });
  }
  const grow = () => (random() < 0.4 ? pickSentence(remarks, random) : expand('<sentence>', words, random));
  examples.push(...growCleanDocuments({ words, documents, count: clean, random, grow }));
  for (const text of documents) examples.push({ source: 'documents', text, positive: false, weight: 0.5 });
  return examples;
}

/** Documents with a sentence of one fold among others. */
export function growFold(fold: number, count: number, seed: number): Example[] {
  const random = createSeededRandom(seed);
  const unseen = documentWords((index) => index % SENTENCE_FOLDS === fold);
  const words = documentWords((index) => index % SENTENCE_FOLDS !== fold);
  return growCleanDocuments({
    words,
    documents: [],
    count,
    random,
    grow: () => expand('<sentence>', unseen, random),
  });
}

function documentWords(isKept: (index: number) => boolean): Grammar {
  const keep = (list: readonly string[] = []) => list.filter((_, index) => isKept(index));
  return { ...DOCUMENT_WORDS, fact: keep(DOCUMENT_WORDS['fact']), polite: keep(DOCUMENT_WORDS['polite']) };
}

type CleanGrowth = Omit<Planting, 'order'> & { count: number; grow: () => string };

function growCleanDocuments({ words, documents, count, random, grow }: CleanGrowth): Example[] {
  return Array.from({ length: count }, () => {
    const order = grow();
    return {
      source: 'our-documents',
      text: plant({ order, documents, words, random }),
      positive: false,
      weight: 0.5,
    };
  });
}

type Planting = { order: string; documents: readonly string[]; words: Grammar; random: () => number };

/** Puts a sentence among others into a mail, a tool's JSON, a page. */
function plant({ order, documents, words, random }: Planting): string {
  const around = random();
  let slot = order;
  if (around < 0.3) slot = `${few(words, random)} ${order}`;
  else if (around < 0.5) slot = `${order} ${few(words, random)}`;
  else if (around < 0.6) slot = `${few(words, random)} ${order} ${few(words, random)}`;
  else if (around < 0.7 && documents.length > 0) {
    const document = pick(documents, random).slice(0, 1500);
    const cut = document.indexOf('. ', Math.floor(random() * document.length));
    slot =
      cut < 0 ? `${document} ${order}` : `${document.slice(0, cut + 2)}${order} ${document.slice(cut + 2)}`;
  }
  return expand('<carrier>', words, random).replace('SLOT', () => slot);
}

function pickSentence(texts: readonly string[], random: () => number): string {
  return pick(pick(texts, random).split(/(?<=[.!?])\s+/), random).slice(0, 400);
}

function few(words: Grammar, random: () => number): string {
  const sentences = [];
  for (let n = 1 + Math.floor(random() * 6); n > 0; n -= 1)
    sentences.push(expand('<sentence>', words, random));
  return sentences.join(random() < 0.2 ? '\n' : ' ');
}

function sentenceCase(text: string, random: () => number): string {
  const chance = random();
  if (chance < 0.05) return text.toUpperCase();
  if (chance < 0.15) return text.toLowerCase();
  return text.replace(
    /(^|[.!?] )([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}
