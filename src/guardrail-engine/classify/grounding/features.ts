import type { SupportInput } from './support-input.ts';
import { readTokens, type Token } from './tokens.ts';

const NEGATIONS = new Set([
  'not',
  'no',
  'never',
  'none',
  'neither',
  'nor',
  'without',
  'isnt',
  'arent',
  'wasnt',
  'werent',
  'doesnt',
  'dont',
  'didnt',
  'cant',
  'couldnt',
  'wont',
  'wouldnt',
  'hasnt',
  'havent',
]);
const PERSONAL = new Set(['i', 'im', 'ive', 'me', 'my', 'we', 'our', 'mine']);
const HEDGES = new Set([
  'think',
  'guess',
  'maybe',
  'hope',
  'wish',
  'love',
  'favorite',
  'believe',
  'sure',
  'wonder',
  'probably',
  'agree',
  'like',
]);
const CHAT = new Set([
  'yes',
  'yeah',
  'yea',
  'oh',
  'well',
  'hi',
  'hello',
  'thank',
  'okay',
  'ok',
  'right',
  'wow',
]);
const YES_NO_STARTS = new Set([
  'is',
  'are',
  'was',
  'were',
  'do',
  'does',
  'did',
  'can',
  'could',
  'has',
  'have',
  'had',
  'will',
]);

/** How well each part of a response is found in its sources, as numbers between 0 and about 1. */
export function describeSupport({ sources, query, response }: SupportInput): Float64Array {
  const source = sources.flatMap((text, index) =>
    readTokens(text).map((token) => ({ ...token, sentence: token.sentence + index * 100_000 })),
  );
  const asked = readTokens(query);
  const said = readTokens(response);
  const inSource = new Set(source.map(({ stem }) => stem));
  const inQuery = new Set(asked.map(({ stem }) => stem));
  const content = said.filter(({ isStop }) => !isStop);
  const names = said.filter(({ isName, isStop }, index) => isName && !isStop && index > 0);
  const numbers = said.filter(({ isNumber }) => isNumber);
  const pairs = shareOfRuns(said, source, 2);
  const triples = shareOfRuns(said, source, 3);
  const novel = content.filter(({ stem }) => !inSource.has(stem));
  const inventions = novel.filter(({ stem }) => !inQuery.has(stem));
  const run = longestRun(said, source);
  const sentence = bestSentence(content, source);
  const fresh = content.filter(({ stem }) => !inQuery.has(stem));
  const starts = asked[0];
  const isYesNo = starts !== undefined && YES_NO_STARTS.has(starts.stem) ? 1 : 0;
  const saysYesNo = said[0] !== undefined && (said[0].stem === 'yes' || said[0].stem === 'no') ? 1 : 0;
  const near = new Set(source.filter(({ isStop }) => !isStop).map(({ stem }) => stem.slice(0, 4)));
  const gaps = pairsOf(content);
  const sourceGaps = new Set(pairsOf(source.filter(({ isStop }) => !isStop)));
  const count = said.length;
  return Float64Array.of(
    share(content.length - novel.length, content.length),
    share(said.filter(({ stem }) => inSource.has(stem)).length, count),
    pairs,
    triples,
    share(run, count),
    Math.min(run, 20) / 20,
    share(inventions.length, content.length),
    Math.min(inventions.length, 6) / 6,
    inventions.length > 0 ? 1 : 0,
    share(names.filter(({ stem }) => !inSource.has(stem)).length, names.length),
    names.some(({ stem }) => !inSource.has(stem)) ? 1 : 0,
    share(numbers.filter(({ stem }) => !inSource.has(stem)).length, numbers.length),
    numbers.some(({ stem }) => !inSource.has(stem)) ? 1 : 0,
    sentence,
    share(said.filter(({ stem }) => inQuery.has(stem)).length, count),
    share(content.filter(({ stem }) => inQuery.has(stem)).length, content.length),
    share(fresh.filter(({ stem }) => inSource.has(stem)).length, fresh.length),
    Math.min(fresh.length, 12) / 12,
    Math.min(count, 40) / 40,
    Math.log1p(count) / 4,
    count <= 2 ? 1 : 0,
    count > 0 && run === count ? 1 : 0,
    negates(said) === negates(source) ? 0 : negates(said),
    negates(said),
    Math.min(said.filter(({ stem }) => PERSONAL.has(stem)).length, 3) / 3,
    Math.min(said.filter(({ stem }) => HEDGES.has(stem)).length, 3) / 3,
    said[0] !== undefined && CHAT.has(said[0].stem) ? 1 : 0,
    isYesNo,
    saysYesNo,
    isYesNo * saysYesNo * (count === 1 ? 1 : 0),
    share(coveredOf(source, said), new Set(source.map(({ stem }) => stem)).size),
    share(run, source.length),
    response.includes('?') ? 1 : 0,
    /[.!?]\s*$/.test(response) ? 1 : 0,
    share(content.filter(({ stem }) => near.has(stem.slice(0, 4))).length, content.length),
    worstClause(said, inSource),
    share(gaps.filter((pair) => sourceGaps.has(pair)).length, gaps.length),
    Math.min(clauses(said).length, 6) / 6,
    said.some(({ stem }) => PERSONAL.has(stem)) ? 1 : 0,
    Math.min(inventions.filter(({ stem }) => !near.has(stem.slice(0, 4))).length, 4) / 4,
  );
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0.5 : part / whole;
}

function coveredOf(source: readonly Token[], said: readonly Token[]): number {
  const inSaid = new Set(said.map(({ stem }) => stem));
  return new Set(source.filter(({ stem }) => inSaid.has(stem)).map(({ stem }) => stem)).size;
}

function negates(tokens: readonly Token[]): number {
  return tokens.some(({ stem }) => NEGATIONS.has(stem)) ? 1 : 0;
}

function shareOfRuns(said: readonly Token[], source: readonly Token[], length: number): number {
  const runs = new Set<string>();
  for (let i = 0; i + length <= source.length; i += 1) runs.add(join(source, i, length));
  let found = 0;
  let all = 0;
  for (let i = 0; i + length <= said.length; i += 1, all += 1)
    if (runs.has(join(said, i, length))) found += 1;
  return share(found, all);
}

function join(tokens: readonly Token[], start: number, length: number): string {
  let joined = '';
  for (let i = start; i < start + length; i += 1) joined += `${tokens[i]?.stem ?? ''} `;
  return joined;
}

/** The most words in a row that response and source share. */
function longestRun(said: readonly Token[], source: readonly Token[]): number {
  const places = new Map<string, number[]>();
  source.forEach(({ stem }, index) => {
    const known = places.get(stem);
    if (known) {
      if (known.length < 50) known.push(index);
    } else places.set(stem, [index]);
  });
  let longest = 0;
  for (let i = 0; i < said.length; i += 1)
    for (const place of places.get(said[i]?.stem ?? '') ?? []) {
      if (i > 0 && place > 0 && said[i - 1]?.stem === source[place - 1]?.stem) continue; // part of a longer one
      let length = 1;
      while (i + length < said.length && said[i + length]?.stem === source[place + length]?.stem) length += 1;
      if (length > longest) longest = length;
    }
  return longest;
}

/** The share of the response's content that one sentence of the source has. */
function bestSentence(content: readonly Token[], source: readonly Token[]): number {
  if (content.length === 0) return 0.5;
  const wanted = new Set(content.map(({ stem }) => stem));
  const found = new Map<number, Set<string>>();
  for (const { stem, sentence } of source) {
    if (!wanted.has(stem)) continue;
    const known = found.get(sentence);
    if (known) known.add(stem);
    else found.set(sentence, new Set([stem]));
  }
  let best = 0;
  for (const stems of found.values()) best = Math.max(best, stems.size);
  return best / wanted.size;
}

/** Content words with the one and the two after them: survives a word put in between. */
function pairsOf(content: readonly Token[]): string[] {
  const pairs: string[] = [];
  content.forEach(({ stem }, index) => {
    for (let next = index + 1; next <= index + 3 && next < content.length; next += 1)
      pairs.push(`${stem} ${content[next]?.stem}`);
  });
  return pairs;
}

const CLAUSE_STARTS = new Set(['and', 'but', 'so', 'because', 'which', 'that', 'or', 'though']);

function clauses(said: readonly Token[]): Token[][] {
  const found: Token[][] = [[]];
  let sentence = said[0]?.sentence;
  for (const token of said) {
    if (token.sentence !== sentence || CLAUSE_STARTS.has(token.stem)) found.push([]);
    sentence = token.sentence;
    if (!token.isStop) found.at(-1)?.push(token);
  }
  return found.filter((clause) => clause.length > 0);
}

function worstClause(said: readonly Token[], inSource: ReadonlySet<string>): number {
  let worst = 1;
  for (const clause of clauses(said))
    worst = Math.min(worst, share(clause.filter(({ stem }) => inSource.has(stem)).length, clause.length));
  return worst;
}
