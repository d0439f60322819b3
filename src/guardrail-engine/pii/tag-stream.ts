import type { Found } from '../scan/run-stream.ts';
import type { TextScan } from '../scan/text-scan.ts';
import { CONTEXT_TOKENS } from './tagger/features.ts';
import { OutsideAddresses } from './outside-addresses.ts';
import { labelToken, LABELS, lookUp, type TaggerModel } from './tagger/model.ts';
import { hashWord, readTokens, SHAPES, type Gap, type Token } from './tagger/tokens.ts';
import { openTaggerModel } from './tagger/weights.ts';
import type { PiiType } from './types.ts';

/** The types that no format tells: a tagger does, by what stands in them and around them. */
export const TAGGED_TYPES: ReadonlySet<PiiType> = new Set(['NAME', 'ADDRESS']);

/** Makes what opens a tagger for a text; `rules` are those of the types that are wanted. The model is unpacked now. */
export function createPiiTagger(rules: ReadonlyMap<PiiType, number>): () => TextScan {
  const model = openTaggerModel();
  return () => new OutsideAddresses(new TagStream(rules, model));
}

/** Tags a text while it arrives: a token is decided when the two behind it are known. */
export class TagStream implements TextScan {
  finalTo = 0;
  readonly #rules: ReadonlyMap<PiiType, number>;
  readonly #model: TaggerModel;
  // What has not been cut into tokens yet, and the space before it.
  #rest = '';
  #readTo = 0;
  #gap: Gap = 2;
  // The tokens from two before the first undecided one, and their labels.
  #tokens: Token[] = [];
  #lists: number[] = [];
  #labels: number[] = [];
  #open:
    | { type: PiiType | undefined; start: number; end: number; numberCount: number; first: Token }
    | undefined;

  constructor(rules: ReadonlyMap<PiiType, number>, model: TaggerModel) {
    this.#rules = rules;
    this.#model = model;
  }

  read(chunk: string, { isLast }: { isLast: boolean }): Found[] {
    this.#rest += chunk;
    const { tokens, finishedTo, gap } = readTokens(this.#rest, {
      offset: this.#readTo,
      isLast,
      gap: this.#gap,
    });
    this.#gap = gap;
    this.#rest = this.#rest.slice(finishedTo);
    this.#readTo += finishedTo;
    for (const token of tokens) {
      this.#tokens.push(token);
      this.#lists.push(lookUp(this.#model.gazetteer, token));
    }
    const found: Found[] = [];
    const ready = isLast ? this.#tokens.length : this.#tokens.length - CONTEXT_TOKENS;
    for (let at = this.#labels.length; at < ready; at++) this.#decide(at, found);
    if (isLast) this.#close(found);
    this.#forget();
    const undecided = this.#tokens[this.#labels.length];
    this.finalTo = this.#open?.start ?? undecided?.start ?? this.#readTo;
    return found;
  }

  #decide(at: number, found: Found[]): void {
    const token = this.#tokens[at];
    if (!token) return;
    const place = {
      at,
      previous: this.#labels[at - 1] ?? 0,
      beforePrevious: this.#labels[at - 2] ?? 0,
    };
    const label = labelToken(this.#model, this.#tokens, this.#lists, place);
    this.#labels.push(label);
    const isInside = label !== 0 && label % 2 === 0;
    const numberCount = token.kind === 'number' ? 1 : 0;
    if (isInside && this.#open) {
      this.#open.end = token.end;
      this.#open.numberCount += numberCount;
      return;
    }
    this.#close(found);
    if (label === 0) return;
    const name = LABELS[label]?.slice(2);
    const type = name === 'NAME' || name === 'ADDRESS' ? name : undefined;
    this.#open = { type, start: token.start, end: token.end, numberCount, first: token };
  }

  #close(found: Found[]): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    const { type, start, end, numberCount, first } = open;
    const rule = type && this.#rules.get(type);
    // An address without a number is a place; a name with nothing but numbers is none.
    const isRight =
      type === 'ADDRESS' ? numberCount > 0 : numberCount === 0 && !(end === first.end && isNoName(first));
    if (rule !== undefined && isRight) found.push({ rule, start, end });
  }

  #forget(): void {
    const count = this.#labels.length - CONTEXT_TOKENS;
    if (count < FORGET_FROM) return;
    this.#tokens = this.#tokens.slice(count);
    this.#lists = this.#lists.slice(count);
    this.#labels = this.#labels.slice(count);
  }
}

const FORGET_FROM = 64;

// Small words, and what numbers are called by: none is a name by itself, but `To`, `An` and `Vin` may be.
const NO_NAMES: ReadonlySet<number> = new Set(
  'a an and as at but by for from in into is it of off on or out so the to up with bic dl dob ein iban id nhs nif pin sin ssn tin utr vin'
    .split(' ')
    .map(hashWord),
);

function isNoName({ hash, shape }: Token): boolean {
  return shape !== SHAPES.capital && NO_NAMES.has(hash);
}
