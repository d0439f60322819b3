import type { Alphabet } from './alphabet.ts';
import {
  canonicalUnit,
  foldCase,
  negateSet,
  normalizeRanges,
  unicodePropertySet,
  type CharSet,
} from './charset.ts';
import type { AssertionNode } from './syntax.ts';

/**
 * Words as a trie, so that ten thousand of them cost no more per character than one. Node 0 is the root; nodes are
 * numbered from `firstNode` on in the automaton that they are part of.
 */
export type WordTrie = {
  nodeCount: number;
  firstNode: number;
  /** The length of the text that leads to a node. */
  depths: Int32Array;
  /** By node: the words that end there. */
  words: readonly (readonly number[] | undefined)[];
  /** The child of a node by a class of the alphabet, or -1. */
  childOf(node: number, cls: number): number;
};

/** A trie before there is an alphabet. */
export type WordList = { children: Map<number, number>[]; words: (number[] | undefined)[]; depths: number[] };

/** Puts words together, whatever their case. */
export function listWords(words: readonly string[]): WordList {
  const list: WordList = { children: [new Map()], words: [undefined], depths: [0] };
  words.forEach((word, index) => {
    let node = 0;
    for (let i = 0; i < word.length; i++) {
      const unit = canonicalUnit(word.charCodeAt(i));
      const known = list.children[node]?.get(unit);
      const child = known ?? list.children.push(new Map()) - 1;
      if (known === undefined) {
        list.children[node]?.set(unit, child);
        list.words.push(undefined);
        list.depths.push(i + 1);
      }
      node = child;
    }
    const here = list.words[node];
    if (here) here.push(index);
    else list.words[node] = [index];
  });
  return list;
}

/** The sets that an alphabet must tell apart for some words. */
export function listWordSets(list: WordList): CharSet[] {
  const units = new Set(list.children.flatMap((children) => [...children.keys()]));
  return [...units].map((unit) => foldCase([unit, unit]));
}

/** Gives the trie its alphabet. */
export function buildTrie(list: WordList, alphabet: Alphabet, firstNode: number): WordTrie {
  const { classCount, classOfUnit } = alphabet;
  const edges = new Map<number, number>();
  list.children.forEach((children, node) => {
    for (const [unit, child] of children) {
      for (const variant of foldCase([unit, unit])) {
        edges.set(node * classCount + (classOfUnit[variant] ?? 0), child);
      }
    }
  });
  return {
    nodeCount: list.children.length,
    firstNode,
    depths: Int32Array.from(list.depths),
    words: list.words,
    childOf: (node, cls) => edges.get(node * classCount + cls) ?? -1,
  };
}

// Scripts written without spaces have no delimiters to ask for: a word in them is found wherever it stands.
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar'];

/** What must stand before and behind a word: no letter, digit or underscore. */
export function listWordDelimiters(): WordDelimiters {
  return (delimiters ??= makeWordDelimiters());
}

type WordDelimiters = { before: AssertionNode; behind: AssertionNode };
let delimiters: WordDelimiters | undefined;

function makeWordDelimiters(): WordDelimiters {
  const unspaced = new Set(
    UNSPACED.flatMap((script) => listUnits(unicodePropertySet(`Script=${script}`) ?? [])),
  );
  const inWord = ['L', 'N', 'M'].flatMap((property) => listUnits(unicodePropertySet(property) ?? []));
  const ranges = inWord.filter((unit) => !unspaced.has(unit)).flatMap((unit) => [unit, unit]);
  const delimiter = { set: negateSet(normalizeRanges([...ranges, 0x5f, 0x5f])), edge: true };
  const anything = { set: [0, 0xffff], edge: true };
  return {
    before: { kind: 'assertion', behind: delimiter, ahead: anything },
    behind: { kind: 'assertion', behind: anything, ahead: delimiter },
  };
}

function listUnits(set: CharSet): number[] {
  const units: number[] = [];
  for (let i = 0; i + 1 < set.length; i += 2) {
    for (let unit = set[i] ?? 0; unit <= (set[i + 1] ?? 0); unit++) units.push(unit);
  }
  return units;
}
