import type { AcceptCandidate } from '../scan/scanner.ts';
import {
  acceptAwsSecretKey,
  acceptCardNumber,
  acceptEmail,
  acceptIban,
  acceptIpAddress,
  acceptMacAddress,
  acceptPhone,
  acceptSocialSecurityNumber,
  acceptUrl,
} from './validators.ts';
import type { PiiDetectorType } from './types.ts';

/** What to look for, as a regular expression that may look at one neighbour, and what decides on a candidate. */
export type PiiPattern = {
  source: string;
  accept?: AcceptCandidate;
  countPrefix?: (match: string) => number;
  maxUnits?: number;
};

const GAP = String.raw`[ \u00a0.\-]`;
const HYPHEN = String.raw`[ \u00a0.\-\u2010-\u2013]`;
const MAILBOX = String.raw`[\p{L}\p{N}_%+&.\-]`;
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|[01]?\d?\d)`;
const HEX = '[0-9a-fA-F]';
const URL_UNIT = String.raw`[^\s<>"\u0060{}|\\^]`;
const SCHEMES =
  'https?|ftps?|sftp|ssh|wss?|s3|git|ldaps?|file|postgres(?:ql)?|mysql|mongodb(?:\\+srv)?|rediss?|amqps?';

/**
 * One pattern for each type. Where a run of digits or letters must not match in part, the neighbours are looked at;
 * where a secret glued to other text is still one (an e-mail address, a URL), they are not.
 */
export const PII_PATTERNS: Readonly<Record<PiiDetectorType, PiiPattern>> = {
  // Lengths are left to the check: counting the letters of each word would multiply the automaton's states. The first
  // character is of the same class as the others for the same reason; a leading dot is refused by the check.
  EMAIL: {
    source: String.raw`${MAILBOX}+@(?:[\p{L}\p{N}\-]+\.)+(?:\p{L}{2,}|(?i:xn--[a-z0-9\-]{2,59}))`,
    accept: acceptEmail,
    maxUnits: 320,
  },
  PHONE: {
    source: [
      // E.164, with any of the usual separators.
      String.raw`(?<![\p{L}\p{N}+])\+[1-9](?:[ \u00a0.\-/()]{0,2}\d){6,16}(?![\p{L}\p{N}])`,
      // North America: 555-123-4567, (555) 123-4567, 1-555-123-4567.
      String.raw`(?<![\p{L}\p{N}+/])(?:1${GAP})?(?:\(\d{3}\)${GAP}?|\d{3}${GAP})\d{3}${GAP}\d{4}(?![\p{L}\p{N}])`,
      // Europe: a trunk 0 or 00, and at least one separator.
      String.raw`(?<![\p{L}\p{N}+/.\-])(?:\(0\d{1,4}\)|0\d{1,5})(?:[ \u00a0/.\-]\d{1,10}){1,6}(?![\p{L}\p{N}:])`,
      String.raw`(?<![\p{L}\p{N}])\(0\d{1,4}\)\d{4,9}(?![\p{L}\p{N}])`,
    ].join('|'),
    accept: acceptPhone,
  },
  // ISO/IEC 7812-1: 13 to 19 digits. Groups are those that cards carry, since tables of numbers are groups too.
  CREDIT_DEBIT_CARD_NUMBER: {
    source: [
      String.raw`(?<![\p{L}\p{N}])(?:\d{13,19}`,
      String.raw`\d{4}${GAP}\d{4}${GAP}\d{4}${GAP}\d{1,7}(?:${GAP}\d{1,3})?`,
      String.raw`\d{4}${GAP}\d{6}${GAP}\d{4,5}`,
      String.raw`\d{4}${GAP}\d{4}${GAP}\d{5}`,
      String.raw`\d{8}${GAP}\d{8}`,
      String.raw`\d{6}${GAP}\d{7,13})(?![\p{L}\p{N}])`,
    ].join('|'),
    accept: acceptCardNumber,
  },
  // ISO 13616: a country, two check digits, and what the country has behind them.
  INTERNATIONAL_BANK_ACCOUNT_NUMBER: {
    source: String.raw`(?<![\p{L}\p{N}])(?i:[a-z]{2})\d{2}(?:[ \u00a0\-]?[0-9a-zA-Z]){11,30}(?![0-9a-zA-Z])`,
    accept: acceptIban,
  },
  US_SOCIAL_SECURITY_NUMBER: {
    source: String.raw`(?<![\p{L}\p{N}])\d{3}${HYPHEN}\d{2}${HYPHEN}\d{4}(?![\p{L}\p{N}])`,
    accept: acceptSocialSecurityNumber,
  },
  // What may be a sentence's full stop or colon is part of the candidate; the check cuts it off.
  IP_ADDRESS: {
    source: [
      String.raw`(?<![\p{L}\p{N}_])${OCTET}(?:\.${OCTET}){3}\.*(?![\p{L}\p{N}_.])`,
      String.raw`(?<![\p{L}\p{N}_:])${HEX}{0,4}(?::${HEX}{0,4}){2,8}(?:\.\d{1,3}){0,3}(?![\p{L}\p{N}_:])`,
    ].join('|'),
    accept: acceptIpAddress,
  },
  MAC_ADDRESS: {
    source: [
      String.raw`(?<![\p{L}\p{N}_])${HEX}{2}(?:[:\-]${HEX}{2}){5,9}[:\-]*(?![\p{L}\p{N}_:\-])`,
      String.raw`(?<![\p{L}\p{N}_.])${HEX}{4}\.${HEX}{4}\.${HEX}{4}(?![\p{L}\p{N}_])`,
    ].join('|'),
    accept: acceptMacAddress,
  },
  // All up to where a URL cannot go on; the check leaves the sentence its full stop.
  URL: {
    source: String.raw`(?i)(?:(?:${SCHEMES})://|(?<![\p{L}\p{N}_.\-])www\.)${URL_UNIT}+(?!${URL_UNIT})`,
    accept: acceptUrl,
  },
  AWS_ACCESS_KEY: {
    source: String.raw`(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])`,
  },
  // At least 14 runs of capitals, small letters, digits or signs, which no word of a language has.
  AWS_SECRET_KEY: {
    source: [
      '(?<![A-Za-z0-9/+])',
      '(?:[A-Z]+(?![A-Z])|[a-z]+(?![a-z])|[0-9]+(?![0-9])|[/+]+(?![/+])){14,}',
      '(?![A-Za-z0-9/+=])',
    ].join(''),
    accept: acceptAwsSecretKey,
    maxUnits: 40,
  },
};
