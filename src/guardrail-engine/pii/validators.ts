import { isIPv4, isIPv6 } from 'node:net';
import type { AcceptCandidate } from '../scan/scanner.ts';
import { digitsOf, isLuhnValid } from './checksums.ts';
import { IBAN_LENGTHS } from './iban-lengths.ts';

const REFUSED = -1;

const MOST_LOCAL_UNITS = 64;

/**
 * At most 64 before the @ (RFC 5321 §4.5.3.1.1), and no dot or sign first (§4.1.2). Where that is so, the candidates
 * that begin later are tried.
 */
export const acceptEmail: AcceptCandidate = (text, start, end) => {
  const localUnits = text.indexOf('@', start) - start;
  return localUnits > MOST_LOCAL_UNITS || '.-%&+'.includes(text[start] ?? '') ? REFUSED : end;
};

/** Luhn; not the fraction of a decimal number, and not zeros alone. */
export const acceptCardNumber: AcceptCandidate = (text, start, end) => {
  if (/\d\.$/.test(text.slice(Math.max(0, start - 2), start))) return REFUSED;
  const digits = digitsOf(text.slice(start, end));
  const isRight = digits.length >= 13 && digits.length <= 19 && !/^0+$/.test(digits) && isLuhnValid(digits);
  return isRight ? end : REFUSED;
};

/** The country's length, and 1 modulo 97 (ISO/IEC 7064, MOD 97-10). */
export const acceptIban: AcceptCandidate = (text, start, end) => {
  const iban = text
    .slice(start, end)
    .replaceAll(/[^0-9A-Za-z]/g, '')
    .toUpperCase();
  if (IBAN_LENGTHS.get(iban.slice(0, 2)) !== iban.length) return REFUSED;
  let remainder = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1 ? end : REFUSED;
};

/** The Social Security Administration never gave out areas 000, 666 and 9xx, group 00 or serial 0000. */
export const acceptSocialSecurityNumber: AcceptCandidate = (text, start, end) => {
  const number = text.slice(start, end);
  const hasOneSeparator = number[3] === number[6];
  return hasOneSeparator && !/^(?:000|666|9)|^....00|0000$/.test(number) ? end : REFUSED;
};

/** An address of either version; without the full stop or colon of the sentence it stands in. */
export const acceptIpAddress: AcceptCandidate = (text, start, end) => {
  const candidate = text.slice(start, end);
  if (!candidate.includes(':')) {
    // 1.2.3.4.5 is a version, not an address and a bit.
    if (/[\p{L}\p{N}]\.$/u.test(text.slice(Math.max(0, start - 2), start))) return REFUSED;
    const address = candidate.replace(/\.+$/, '');
    return isIPv4(address.replaceAll(/(^|\.)0+(?=\d)/g, '$1')) ? start + address.length : REFUSED;
  }
  const address = candidate.replace(/([^:]):$/, '$1');
  // `dead::beef` and `::` are addresses by their form, but far more often source code.
  return isIPv6(address) && /\d/.test(address) ? start + address.length : REFUSED;
};

/** Six or eight octets, or three groups of four, with one kind of separator. */
export const acceptMacAddress: AcceptCandidate = (text, start, end) => {
  if (/[0-9a-fA-F][:-]$/.test(text.slice(Math.max(0, start - 2), start))) return REFUSED;
  const address = text.slice(start, end).replace(/[:-]+$/, '');
  const isRight = ['.', ':', '-'].some((separator) => isMadeOfOctets(address.split(separator), separator));
  return isRight ? start + address.length : REFUSED;
};

function isMadeOfOctets(groups: readonly string[], separator: string): boolean {
  if (separator === '.') return groups.length === 3;
  return (groups.length === 6 || groups.length === 8) && groups.every((group) => group.length === 2);
}

/** As many digits as numbering plans have, and not a date. */
export const acceptPhone: AcceptCandidate = (text, start, end) => {
  const number = text.slice(start, end);
  const count = digitsOf(number).length;
  if (!isBalanced(number)) return REFUSED;
  // ITU-T E.164 §6: at most 15 digits.
  if (number.startsWith('+')) return count >= 7 && count <= 15 ? end : REFUSED;
  const isNorthAmerican = /^(?:1\D)?\(?[1-9]\d{2}\D{1,2}\d{3}\D\d{4}$/.test(number);
  if (isNorthAmerican) return hasOneSeparator(number) ? end : REFUSED;
  if (!/^\(?0/.test(number)) return REFUSED;
  const isDate = /^(?:0[1-9]|[12]\d|3[01])([-./ ])(?:0[1-9]|1[0-2])\1(?:19|20)\d\d/.test(number);
  const isMonthFirst = /^0[1-9]([-./ ])(?:0[1-9]|[12]\d|3[01])\1(?:19|20)\d\d/.test(number);
  const [least, most] = number.startsWith('00') ? [10, 17] : [9, 12];
  return !isDate && !isMonthFirst && count >= least && count <= most ? end : REFUSED;
};

function isBalanced(number: string): boolean {
  return /^[^()]*(?:\([^()]*\)[^()]*)?$/.test(number);
}

// 555-123-4567, but not 555 123-4567.00 of a table; a bracket stands for a separator.
function hasOneSeparator(number: string): boolean {
  const separators = number.replace(/^(?:1\D)?\(\d+\)\D?/, '').replaceAll(/\d/g, '');
  return new Set(separators).size === 1;
}

const URL_BEGINNING = /^(?:[a-z0-9+]+:\/\/|www\.)/i;

/** Without the punctuation of the sentence that a URL stands in; something must be left behind its scheme. */
export const acceptUrl: AcceptCandidate = (text, start, end) => {
  const beginning = URL_BEGINNING.exec(text.slice(start, Math.min(end, start + 20)))?.[0] ?? '';
  const least = start + beginning.length;
  let last = end;
  // A loop, since /[.,]+$/ takes quadratic time on punctuation that something follows.
  while (last > least && `.,;:!?')]*`.includes(text[last - 1] ?? '')) last--;
  return last > least ? last : REFUSED;
};

const SECRET_KEY_UNITS = 40;
const MOST_WORD_LETTERS = 20;

/**
 * Base64 that looks random: besides the many changes between kinds of characters that its pattern asks for, all of
 * capitals, small letters and a digit or sign, and few runs of small letters. Hex digests have no capitals beside
 * small letters; paths and camelCase names are made of words. Of 200,000 random keys, 0.08 % have more letters in
 * such runs, and 0.004 % fewer changes.
 */
export const acceptAwsSecretKey: AcceptCandidate = (text, start, end) => {
  const key = text.slice(start, end);
  const hasAllKinds = /[A-Z]/.test(key) && /[a-z]/.test(key) && /[0-9/+]/.test(key);
  const wordLetters = (key.match(/[a-z]{3,}/g) ?? []).join('').length;
  return key.length === SECRET_KEY_UNITS && hasAllKinds && wordLetters <= MOST_WORD_LETTERS ? end : REFUSED;
};
