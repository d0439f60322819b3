import { classOfWord } from './word-classes.ts';
import { characterAt, KIND, kindOf } from './characters.ts';

/**
 * A text as hashed features, computed once and looked up in the weight tables of every classifier.
 * `hashes[firstFeature[t] … firstFeature[t + 1]]` belong to token `t`; a feature looks only at its token and those
 * before it, so what is known of a text's beginning never changes while the rest is still arriving.
 */
export type Features = {
  tokens: number;
  /** Offsets of each token in the text, in UTF-16 units. */
  start: Int32Array;
  end: Int32Array;
  firstFeature: Int32Array;
  hashes: Int32Array;
  /** The token's own hash: a word, a number's shape, a run of symbols. */
  words: Int32Array;
};

const LONGEST_WORD = 24;
const CLASS_REACH = 10;
const SALT = { bigram: 11, skip: 13, trigram: 17, before: 19, after: 23, class: 29, near: 31, far: 37, triple: 41, shape: 43, gram: 47 }; // prettier-ignore
const SHAPE = { repeat: 1, capitals: 2, long: 3, mixed: 4, glued: 5 };
const PLAIN_SPACE = 32;

/** Reads one text after the other into the same memory: what it returns is valid until the next read. */
export function createFeatureReader(): (text: string) => Features {
  let capacity = 0;
  let features: Features = allocate(0, 0);
  return (text) => {
    if (text.length > capacity || capacity === 0) {
      capacity = Math.max(4096, text.length * 2);
      features = allocate(capacity + 2, 0);
    }
    read(text, features);
    return features;
  };
}

function allocate(tokens: number, hashes: number): Features {
  return {
    tokens: 0,
    start: new Int32Array(tokens),
    end: new Int32Array(tokens),
    firstFeature: new Int32Array(tokens + 1),
    hashes: new Int32Array(hashes),
    words: new Int32Array(tokens),
  };
}

export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 15;
  return Math.imul(h, 0xc2b2ae35) ^ (h >>> 13);
}

const codes = new Uint16Array(LONGEST_WORD + 2);

function read(text: string, into: Features): void {
  let hashes = into.hashes;
  let feature = 0;
  let token = 0;
  let before = 2; // the code of what stands before the next token: 2 is the start of the text
  let previous = 0;
  let beforePrevious = 0;
  let lastClass = 0;
  let lastClassAt = -100;
  let classBefore = 0;
  const length = text.length;
  let at = 0;
  while (at < length) {
    const first = characterAt(text, at);
    const kind = kindOf(first);
    if (kind === KIND.space) {
      if (first === 10) before = 10;
      else if (before === 0) before = PLAIN_SPACE;
      at += 1;
      continue;
    }
    const start = at;
    let hash = 0x811c9dc5;
    let size = 0;
    let capitals = 0;
    let digits = 0;
    if (kind === KIND.symbol) {
      while (at < length && characterAt(text, at) === first) at += 1;
      size = at - start;
      if (size < 2 || first === 46) {
        // A single symbol is no token, but what comes after it knows of it.
        before = first === 39 && before === 0 ? PLAIN_SPACE : first;
        continue;
      }
      hash = mix(first + 0x10000, Math.min(size, 4));
    } else if (kind === KIND.ideograph) {
      hash = mix(first, 0x20000);
      at += 1;
      size = 1;
    } else {
      codes[0] = 1;
      for (; at < length; at += 1) {
        const code = characterAt(text, at);
        const codeKind = kindOf(code);
        if (codeKind === KIND.digit) digits += 1;
        else if (code === 39 || code === 0x2019) {
          if (at + 1 < length && kindOf(characterAt(text, at + 1)) === KIND.letter) continue;
          break;
        } else if (codeKind !== KIND.letter) break;
        if (text.charCodeAt(at) !== code) capitals += 1;
        hash = Math.imul(hash ^ code, 0x01000193);
        if (size < LONGEST_WORD) codes[size + 1] = code;
        size += 1;
      }
      if (digits === size) {
        hash = mix(0x30000, Math.min(size, 6));
        size = 0;
      }
    }
    const room = 3 * Math.min(size, LONGEST_WORD) + 24;
    if (feature + room > hashes.length) hashes = grow(into, feature + room);
    into.start[token] = start;
    into.end[token] = at;
    into.words[token] = hash;
    into.firstFeature[token] = feature;
    const isRepeated = token > 1 && (hash === previous || hash === beforePrevious);
    if (isRepeated) {
      // A flood of one word says that it is a flood, and nothing else, however long.
      hashes[feature++] = mix(SHAPE.repeat, SALT.shape);
    } else {
      hashes[feature++] = mix(hash, 1);
      if (token > 0) hashes[feature++] = mix(mix(previous, hash), SALT.bigram);
      if (token > 1) {
        hashes[feature++] = mix(mix(beforePrevious, hash), SALT.skip);
        hashes[feature++] = mix(mix(mix(beforePrevious, previous), hash), SALT.trigram);
      }
      if (before !== PLAIN_SPACE) {
        hashes[feature++] = mix(mix(before, hash), SALT.before);
        if (token > 0) hashes[feature++] = mix(mix(previous, before), SALT.after);
      }
      if (kind === KIND.letter && size > 0) {
        if (capitals === size && size > 2) hashes[feature++] = mix(SHAPE.capitals, SALT.shape);
        if (size > LONGEST_WORD) hashes[feature++] = mix(SHAPE.long, SALT.shape);
        if (digits > 0) hashes[feature++] = mix(SHAPE.mixed, SALT.shape);
        const letters = Math.min(size, LONGEST_WORD);
        codes[letters + 1] = 1;
        for (let i = 0; i + 2 <= letters + 1; i += 1) {
          let gram = mix(((codes[i] ?? 0) << 8) ^ (codes[i + 1] ?? 0), SALT.gram);
          gram = mix(gram, codes[i + 2] ?? 0);
          if (letters > 2) hashes[feature++] = gram;
          if (i + 3 <= letters + 1) {
            gram = mix(gram, codes[i + 3] ?? 0);
            if (letters > 3) hashes[feature++] = gram;
            if (i + 4 <= letters + 1) hashes[feature++] = mix(gram, codes[i + 4] ?? 0);
          }
        }
        const wordClass = classOfWord(hash);
        if (wordClass !== 0) {
          hashes[feature++] = mix(wordClass, SALT.class);
          if (before !== PLAIN_SPACE) hashes[feature++] = mix(mix(before, wordClass), SALT.class);
          const gap = token - lastClassAt;
          if (gap <= CLASS_REACH) {
            const pair = mix(lastClass, wordClass);
            hashes[feature++] = mix(pair, SALT.far);
            if (gap <= 3) hashes[feature++] = mix(pair, SALT.near);
            if (classBefore !== 0) hashes[feature++] = mix(mix(classBefore, pair), SALT.triple);
            classBefore = lastClass;
          } else classBefore = 0;
          lastClass = wordClass;
          lastClassAt = token;
        }
      }
    }
    beforePrevious = previous;
    previous = hash;
    before = 0;
    token += 1;
  }
  into.firstFeature[token] = feature;
  into.tokens = token;
}

function grow(features: Features, atLeast: number): Int32Array {
  const larger = new Int32Array(Math.max(8192, atLeast * 2));
  larger.set(features.hashes);
  features.hashes = larger;
  return larger;
}
