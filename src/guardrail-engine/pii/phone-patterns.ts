import { digitsOf } from './checksums.ts';
import { near, textBefore } from './context.ts';
import type { PiiPattern } from './patterns.ts';

const GAP = String.raw`[ \u00a0.\-\u2010-\u2013]`;
const EXTENSION = String.raw`(?:[ ,]{0,2}(?i:x|ext\.?|extension)[ .:]?\d{1,6})?`;
const PHONE_WORDS = near(
  '(?:tele)?(?:phones?|tel|mobile|mob|cell(?:ular)?|fax|call(?:ed|ing)?|dial(?:ed|ing)?|ring|sms|whatsapp|hotline|reach|contact|landline|handset|pager|(?:my|his|her|their|your|our|new) number(?: is)?)',
  40,
);

// The plan of North America: area and exchange begin with 2 to 9.
const isNorthAmerican = (digits: string) => /^1?[2-9]\d{2}[2-9]\d{6}$/.test(digits);

/** A number that is written as nothing else is: ten digits of North America, or the trunk of another plan. */
function acceptNational(text: string, start: number, end: number): number {
  const number = text.slice(start, end);
  const digits = digitsOf(number.replace(/[ ,]*(?:x|ext).*$/i, ''));
  if (!isNorthAmerican(digits)) return -1;
  // Ten digits in a row are an order's number as well.
  const isBare = /^\d+$/.test(number);
  return isBare && !PHONE_WORDS.test(textBefore(text, start)) ? -1 : end;
}

/** Digits in groups, where the words before say that they are dialled. */
function acceptDialled(text: string, start: number, end: number): number {
  const number = text.slice(start, end);
  const count = digitsOf(number).length;
  const isDate = /^(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?$|^\d\d?[-./]\d\d?[-./](?:19|20)?\d\d$/.test(number);
  const isOther = isDate || /^\d{3}-\d\d-\d{4}$|^\d{1,3}(?:\.\d{1,3}){3}$/.test(number);
  if (count < 6 || count > 15 || isOther || !/^[^()]*(?:\([^()]*\)[^()]*)?$/.test(number)) return -1;
  return PHONE_WORDS.test(textBefore(text, start)) ? end : -1;
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
    source: String.raw`(?<![\p{L}\p{N}+/])\(\d{2,4}\)[ \u00a0]?\d{3,4}[ \u00a0.\-]\d{3,4}${EXTENSION}(?![\p{L}\p{N}])`,
  },
  {
    source: String.raw`(?<![\p{L}\p{N}.+/\-])\(?\d{1,5}\)?(?:[ \u00a0./\-]{1,2}\(?\d{1,8}\)?){0,6}${EXTENSION}(?![\p{L}\p{N}])`,
    accept: acceptDialled,
    maxUnits: 40,
  },
];
