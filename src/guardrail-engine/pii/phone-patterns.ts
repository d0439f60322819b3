import { digitsOf } from './checksums.ts';
import { near, somewhereBefore, textBefore } from './context.ts';
import type { PiiPattern } from './patterns.ts';

const GAP = String.raw`[ \u00a0.\-\u2010-\u2013]`;
const EXTENSION = String.raw`(?:[ ,]{0,2}(?i:x|ext\.?|extension|poste)[ .:]?\d{1,6})?`;
const DIALLING =
  '(?:tele)?(?:phones?|tel|mobile|mob|cell(?:ular)?|fax|call(?:ed|ing)?|dial(?:ed|ing)?|ring|sms|whatsapp|hotline|reach|contact|landline|handset|pager|(?:my|his|her|their|your|our|new) number(?: is)?|ph|text (?:me|us|him|her|them)|voicemail|tele(?:fono|phone|foon|fon|fone)|tlf|celular|movil|handy|numero)';
const PHONE_WORDS = near(DIALLING, 40);
const EARLIER_PHONE_WORDS = somewhereBefore(DIALLING);
const MONEY = /(?:[$€£¥]|\b(?:usd|eur|gbp|chf))\s?$/i;

// The plan of North America: area and exchange begin with 2 to 9.
const isNorthAmerican = (digits: string) => /^1?[2-9]\d{2}[2-9]\d{6}$/.test(digits);

/** A number that is written as nothing else is: ten digits of North America, in groups of three, three and four. */
function acceptNational(text: string, start: number, end: number): number {
  const [number = '', extension] = text.slice(start, end).split(/[ ,]*(?=x|ext|poste)/i);
  const isValid = isNorthAmerican(digitsOf(number).replace(/^00/, ''));
  if (/^\d+$/.test(number) && extension === undefined)
    // Ten digits in a row are an order's number as well.
    return isValid && PHONE_WORDS.test(textBefore(text, start)) ? end : -1;
  // An area that the plan does not give out is a number that was mistyped or made up, where all else is right.
  const separators = new Set(number.replace(/^(?:\+|00)?1(?=\D|\d{10})/, '').replaceAll(/\d/g, ''));
  return isValid || extension !== undefined || number.includes('(') || separators.size === 1 ? end : -1;
}

const OTHER_NUMBERS = near(
  '(?:order|invoice|ticket|account|customer|reference|ref|case|serial|tracking|parcel|item|part|id|isbn|bank|sort code|iban|policy|member|licen[cs]e|passport)(?: (?:number|no|nr|id|code))?',
  20,
);

/** A trunk 0 and nine or ten digits in a row, where the words before do not say that they count something else. */
function acceptTrunk(text: string, start: number, end: number): number {
  return OTHER_NUMBERS.test(textBefore(text, start)) ? -1 : end;
}

/** Digits in groups, where the words before say that they are dialled. */
function acceptDialled(text: string, start: number, end: number): number {
  const number = text.slice(start, end);
  const count = digitsOf(number).length;
  const isDate = /^(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?$|^\d\d?[-./]\d\d?[-./](?:19|20)?\d\d$/.test(number);
  const isOther = isDate || /^\d{3}-\d\d-\d{4}$|^\d{1,3}(?:\.\d{1,3}){3}$/.test(number);
  if (count < 6 || count > 15 || isOther || !/^[^()]*(?:\([^()]*\)[^()]*)?$/.test(number)) return -1;
  const before = textBefore(text, start);
  if (OTHER_NUMBERS.test(before)) return -1;
  // A second number, after another: its groups must look the part.
  const isLater = count >= 8 && /\d\D+\d/.test(number) && EARLIER_PHONE_WORDS.test(before);
  return isLater || PHONE_WORDS.test(before) ? end : -1;
}

/** An area in brackets, and enough digits for a subscriber. */
function acceptBracketed(text: string, start: number, end: number): number {
  const number = text.slice(start, end).replace(/[ ,]*(?:x|ext|poste).*$/i, '');
  const count = digitsOf(number).length;
  return count >= 8 && count <= 15 && digitsOf(number.replace(/^.*\)/, '')).length >= 5 ? end : -1;
}

/** Groups that are parted by one and the same separator, and that are no sum of money and no other number. */
function acceptGroups(text: string, start: number, end: number): number {
  const number = text.slice(start, end);
  const before = textBefore(text, start);
  if (OTHER_NUMBERS.test(before) || MONEY.test(before)) return -1;
  return new Set(number.replaceAll(/\d/g, '')).size === 1 ? end : -1;
}

/** Telephone numbers beside the exact ones: with an extension, without separators, and those of other plans. */
export const PHONE_PATTERNS: readonly PiiPattern[] = [
  {
    source: String.raw`(?<![\p{L}\p{N}+/])(?:(?:\+|00)?1${GAP}?)?(?:\(\d{3}\)${GAP}?|\d{3}${GAP}?)\d{3}${GAP}?\d{4}${EXTENSION}(?![\p{L}\p{N}])`,
    accept: acceptNational,
  },
  {
    source: String.raw`(?<![\p{L}\p{N}])(?:\+|00)[1-9](?:${GAP}{0,2}[()/]?\d){6,16}\)?(?:[ \u00a0.\-]?\d){0,6}${EXTENSION}(?![\p{L}\p{N}])`,
    accept: (text, start, end) => (digitsOf(text.slice(start, end)).length <= 20 ? end : -1),
    maxUnits: 48,
  },
  {
    // Nothing but a telephone number begins with its area in brackets.
    source: String.raw`(?<![\p{L}\p{N}+/])(?:[18][ \u00a0\-]?)?\(\+?\d{2,5}\)[ \u00a0]?\d{2,9}(?:[ \u00a0.\-]\d{2,5}){0,4}${EXTENSION}(?![\p{L}\p{N}])`,
    accept: acceptBracketed,
  },
  {
    // Nine digits as 3-2-2-2, 2-3-2-2 or 3-3-3: what is counted, dated or measured is hardly written so.
    source: String.raw`(?<![\p{L}\p{N}.,+/#\-:$€£])(?:\d{3}(?:[ \u00a0\-]\d\d){3}|\d\d[ \u00a0\-]\d{3}(?:[ \u00a0\-]\d\d){2}|\d{3}[ \u00a0]\d{3}[ \u00a0]\d{3})(?![\p{L}\p{N}:])`,
    accept: acceptGroups,
  },
  {
    source: String.raw`(?<![\p{L}\p{N}.,+/#\-])0[1-9]\d{8,9}(?![\p{L}\p{N}])`,
    accept: acceptTrunk,
  },
  {
    source: String.raw`(?<![\p{L}\p{N}.+/\-])\(?\d{1,11}\)?(?:[ \u00a0./\-]{1,2}\(?\d{1,8}\)?){0,6}${EXTENSION}(?![\p{L}\p{N}])`,
    accept: acceptDialled,
    maxUnits: 40,
  },
];
