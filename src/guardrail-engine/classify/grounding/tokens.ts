import { characterAt, KIND, kindOf } from '../hashing/characters.ts';

/** A word of a text: folded and stemmed, and whether it was written as a name or a number. */
export type Token = { stem: string; isStop: boolean; isName: boolean; isNumber: boolean; sentence: number };

const STOP = new Set(
  'a an the and or but nor so yet of in on at to from by for with without about into onto over under as is are was were be been being am do does did done has have had having it its this that these those there here he she they them his her their him we us our you your i me my mine not no yes if then than when while where which who whom whose what why how can could may might must shall should will would also just very too more most some any each both all other such only own same s t d ll m re ve isnt arent wasnt werent doesnt dont didnt wont cant couldnt wouldnt hasnt havent im ive youre theyre hes shes thats well oh yeah yea hi hello ok okay really know think guess like lot lots one much many'.split(
    ' ',
  ),
);
const SENTENCE_ENDS = new Set([10, 33, 46, 63, 0x3002]);

export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let sentence = 0;
  let at = 0;
  while (at < text.length) {
    const kind = kindOf(characterAt(text, at));
    if (kind === KIND.space || kind === KIND.symbol) {
      if (SENTENCE_ENDS.has(text.charCodeAt(at))) sentence += 1;
      at += 1;
      continue;
    }
    const start = at;
    let word = '';
    let digits = 0;
    for (; at < text.length; at += 1) {
      const code = characterAt(text, at);
      const codeKind = kindOf(code);
      if (codeKind === KIND.digit) digits += 1;
      else if (
        (code === 39 || code === 0x2019) &&
        at + 1 < text.length &&
        kindOf(characterAt(text, at + 1)) === KIND.letter
      )
        continue;
      else if ((code === 44 || code === 46) && digits > 0 && kindOf(characterAt(text, at + 1)) === KIND.digit)
        continue;
      else if (codeKind !== KIND.letter && (codeKind !== KIND.ideograph || at > start)) break;
      word += String.fromCharCode(code);
    }
    const isNumber = digits > 0;
    tokens.push({
      stem: isNumber ? word : stem(word),
      isStop: STOP.has(word),
      isName: text.charCodeAt(start) !== characterAt(text, start),
      isNumber,
      sentence,
    });
  }
  return tokens;
}

/** Takes off the commonest English endings: enough to see that two words are one. */
function stem(word: string): string {
  if (word.length < 5)
    return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
  for (const [ending, instead] of ENDINGS)
    if (word.endsWith(ending) && word.length - ending.length >= 3)
      return word.slice(0, word.length - ending.length) + instead;
  return word;
}

const ENDINGS: readonly (readonly [string, string])[] = [
  ['ically', 'ic'],
  ['ations', 'at'],
  ['ation', 'at'],
  ['ments', ''],
  ['ment', ''],
  ['ingly', ''],
  ['ness', ''],
  ['ies', 'y'],
  ['ied', 'y'],
  ['ing', ''],
  ['ers', ''],
  ['est', ''],
  ['ed', ''],
  ['er', ''],
  ['es', ''],
  ['ly', ''],
  ['ss', 'ss'],
  ['s', ''],
  ['e', ''],
];
