import { acceptIf, acceptWith, near, somewhereBefore, textBefore } from './context.ts';
import {
  digitsOf,
  isAbaRoutingNumber,
  isCheckedVin,
  isLuhnValid,
  isNhsNumber,
  isSocialInsuranceNumber,
  isTaxpayerReference,
  isVin,
} from './checksums.ts';
import { COUNTRY_CODES } from './country-codes.ts';
import type { PiiPattern } from './patterns.ts';
import { PHONE_PATTERNS } from './phone-patterns.ts';
import { SECRET_PATTERNS } from './secret-patterns.ts';
import type { PiiType } from './types.ts';

const NO_WORD_BEFORE = String.raw`(?<![\p{L}\p{N}_])`;
const NO_WORD_AFTER = String.raw`(?![\p{L}\p{N}_])`;
const SEPARATOR = String.raw`[ \u00a0.\-\u2010-\u2013]`;
const whole = (pattern: string) => `${NO_WORD_BEFORE}(?:${pattern})${NO_WORD_AFTER}`;

const SSN_WORDS = 'ssns?|social security|soc\\.? sec|social insurance';
const HEALTH_WORDS = 'health|ohip|phn|ramq|msp|ahcip|hcn|medical (?:card|plan)|care ?card|carte soleil';
const NHS_WORDS = 'nhs|national health';
const ROUTING_WORDS = 'routing|aba|rtn|transit|wire transfer';
const ACCOUNT_WORDS =
  'acc(?:oun)?t|a/c|(?:bank|checking|savings|deposit|direct deposit)(?: account)?|account (?:number|no|num)';
const LICENCE_WORDS =
  "(?:driv(?:er'?s?|ing|er’s)|operator'?s?|notary|state|commercial)[ _-]*(?:licen[cs]e|permit|id)|licen[cs]e(?![ _-]*plate)(?:[ _-]*(?:number|num|no|id|#))?|dl|dln|cdl|driver[ _-]?id";
const PLATE_WORDS =
  '(?:licen[cs]e|number|registration|vehicle|car|tag)[ -]*plates?|plates?|(?:vehicle )?registration(?: (?:number|mark|no))?|reg(?: no)?|tags?|vrm|numberplate';
const EXPIRY_WORDS =
  'exp|expir(?:y|es|ed|ation|ing)|valid (?:thru|through|until|till|to)|good (?:thru|through)|mm/yy';
const CVV_WORDS =
  'cvv2?|cvc2?|cvn|csc|cav2?|cid|card verification|security code|card code|verification (?:code|value|number)';
const SWIFT_WORDS = 'swift|bic|bank identifier';

const isSsnLike = (candidate: string) => (candidate.match(/\d/g)?.length ?? 0) >= 7;

/** A NINO's two letters: not those that were never given out. */
function isNationalInsuranceNumber(candidate: string): boolean {
  return !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/i.test(candidate);
}

function isSwiftCode(candidate: string): boolean {
  return COUNTRY_CODES.has(candidate.slice(4, 6).toUpperCase());
}

// 9xx, and a group that is set aside for tax numbers; with the name of another number before it, it is that one.
function isTaxpayerNumber(candidate: string): boolean {
  const group = Number(digitsOf(candidate).slice(3, 5));
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group !== 93);
}

/**
 * What is known by the words before it, or by a checksum that few numbers pass: a number alone could be anything.
 * Beside these stand the exact patterns of `PII_PATTERNS`.
 */
export const CONTEXT_PATTERNS: Readonly<Partial<Record<PiiType, readonly PiiPattern[]>>> = {
  ...SECRET_PATTERNS,
  US_SOCIAL_SECURITY_NUMBER: [
    {
      // With letters that scanners read for digits, and areas that were never given out: the context says what it is.
      source: whole(String.raw`[\dOolIiSsBZ]{3}${SEPARATOR}?[\dOolIiSsBZ]{2}${SEPARATOR}?[\dOolIiSsBZ]{4}`),
      accept: acceptWith(somewhereBefore(SSN_WORDS), isSsnLike),
    },
  ],
  CREDIT_DEBIT_CARD_NUMBER: [
    {
      // Maestro has cards of twelve digits.
      source: whole(String.raw`(?:5[0678]|6\d)\d{2}[ \-]?\d{4}[ \-]?\d{4}`),
      accept: acceptIf((candidate) => isLuhnValid(digitsOf(candidate))),
    },
    {
      // A card that is called one, with its checksum mistyped or made up.
      source: whole(String.raw`\d{4}[ \-]?\d{4}[ \-]?\d{4}[ \-]?\d{4}|3[47]\d{2}[ \-]?\d{6}[ \-]?\d{5}`),
      accept: acceptWith(
        near(
          '(?:credit|debit|bank|visa|mastercard|amex|american express|payment)[ -]?cards?(?: (?:number|no|num))?|card (?:number|no|num)|ccn?|pan',
          24,
        ),
      ),
    },
  ],
  PHONE: PHONE_PATTERNS,
  US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER: [
    {
      source: whole(String.raw`9\d{2}${SEPARATOR}\d{2}${SEPARATOR}\d{4}`),
      accept: (text, start, end) =>
        isTaxpayerNumber(text.slice(start, end)) && !near(SSN_WORDS).test(textBefore(text, start)) ? end : -1,
    },
    {
      source: whole(String.raw`9\d{8}`),
      accept: acceptWith(near('itin|tax(?:payer)? id(?:entification)?|tin|individual tax'), isTaxpayerNumber),
    },
  ],
  CA_SOCIAL_INSURANCE_NUMBER: [
    {
      // 0 and 8 begin none that was given to a person.
      source: whole(String.raw`\d{3}[ \u00a0\-]\d{3}[ \u00a0\-]\d{3}`),
      accept: acceptIf(
        (candidate) => /^[^08]/.test(candidate) && isSocialInsuranceNumber(digitsOf(candidate)),
      ),
    },
    {
      // Those for tax purposes, and those that forms show as examples, begin with 0.
      source: whole(String.raw`\d{3}[ \u00a0\-]?\d{3}[ \u00a0\-]?\d{3}`),
      accept: acceptWith(near('sins?|social insurance|n\\.?a\\.?s'), (candidate) =>
        isSocialInsuranceNumber(digitsOf(candidate)),
      ),
    },
  ],
  CA_HEALTH_NUMBER: [
    {
      source: whole(String.raw`\d{4}${SEPARATOR}?\d{3}${SEPARATOR}?\d{3}(?:${SEPARATOR}?[A-Za-z]{2})?`),
      accept: acceptWith(somewhereBefore(HEALTH_WORDS)),
    },
    {
      source: whole(String.raw`[A-Za-z]{4}[ \-]?\d{4}[ \-]?\d{4}|\d{5}-\d{4}`),
      accept: acceptWith(somewhereBefore(HEALTH_WORDS)),
    },
  ],
  UK_NATIONAL_HEALTH_SERVICE_NUMBER: [
    {
      source: whole(String.raw`\d{3}${SEPARATOR}?\d{3}${SEPARATOR}?\d{4}`),
      accept: acceptWith(somewhereBefore(NHS_WORDS), (candidate) => isNhsNumber(digitsOf(candidate))),
    },
    {
      // Grouped with spaces as on NHS letters, which no telephone number is.
      source: whole(String.raw`\d{3} \d{3} \d{4}`),
      accept: acceptWith(/(?:patient|hospital|gp|medical)[^\n]*$/i, (candidate) =>
        isNhsNumber(digitsOf(candidate)),
      ),
    },
  ],
  UK_NATIONAL_INSURANCE_NUMBER: [
    {
      source: whole(
        String.raw`(?i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?(?i:[A-D])`,
      ),
      accept: acceptIf(isNationalInsuranceNumber),
    },
  ],
  UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER: [
    {
      source: whole(String.raw`\d{5}[ \-]?\d{5}K?`),
      accept: acceptWith(
        somewhereBefore(
          'utr|unique tax(?:payer)?(?: reference)?|tax(?:payer)? ref(?:erence)?|hmrc|self[- ]assessment',
        ),
        (candidate) => isTaxpayerReference(digitsOf(candidate)),
      ),
    },
  ],
  US_BANK_ROUTING_NUMBER: [
    {
      source: whole(String.raw`\d{9}|\d{4}-\d{4}-\d`),
      accept: acceptWith(somewhereBefore(ROUTING_WORDS), (candidate) =>
        isAbaRoutingNumber(digitsOf(candidate)),
      ),
    },
  ],
  US_BANK_ACCOUNT_NUMBER: [
    {
      source: whole(String.raw`\d{6,17}|\d{3,6}-\d{3,6}-\d{2,6}`),
      accept: acceptWith(near(ACCOUNT_WORDS, 24)),
    },
  ],
  US_PASSPORT_NUMBER: [
    {
      source: whole(String.raw`[A-Za-z]?\d{8,9}|[A-Za-z]{2}\d{7}`),
      accept: acceptWith(near('passports?(?: (?:number|no|num|card|book|id))?')),
    },
  ],
  VEHICLE_IDENTIFICATION_NUMBER: [
    {
      source: whole('[A-HJ-NPR-Z0-9]{17}'),
      accept: (text, start, end) => {
        const vin = text.slice(start, end);
        const isKnown =
          isCheckedVin(vin) ||
          (isVin(vin) && near('vin|vehicle id(?:entification)?|chassis').test(textBefore(text, start)));
        return isKnown ? end : -1;
      },
    },
  ],
  CREDIT_DEBIT_CARD_CVV: [{ source: whole(String.raw`\d{3,4}`), accept: acceptWith(near(CVV_WORDS, 24)) }],
  CREDIT_DEBIT_CARD_EXPIRY: [
    {
      source: whole(String.raw`(?:0?[1-9]|1[0-2])[ ]?[/\-.][ ]?(?:20)?\d{2}`),
      accept: acceptWith(near(EXPIRY_WORDS, 24)),
    },
  ],
  PIN: [
    {
      source: whole(String.raw`\d{4,8}`),
      accept: acceptWith(/(?<![a-z])pin(?:s|[ -]?(?:code|number|no\.?|#))?(?![a-z])[^0-9\n]{0,20}$/i),
    },
  ],
  SWIFT_CODE: [
    {
      source: whole(String.raw`[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?`),
      accept: (text, start, end) => {
        const code = text.slice(start, end);
        if (!isSwiftCode(code)) return -1;
        // A word in capitals has the form of one too; one with a digit hardly does.
        return /\d/.test(code) || near(SWIFT_WORDS, 40).test(textBefore(text, start)) ? end : -1;
      },
    },
  ],
  DRIVER_ID: [
    {
      // Few letters first, as most licences have: a pattern that any word could begin would look at all of them.
      source: whole(String.raw`[A-Za-z]{0,5}[ \-]?\d[A-Za-z0-9]{0,9}(?:[ \-][A-Za-z0-9]{1,9}){0,4}`),
      accept: acceptWith(near(LICENCE_WORDS, 24), (candidate) => (candidate.match(/\d/g)?.length ?? 0) >= 4),
    },
  ],
  LICENSE_PLATE: [
    {
      source: whole(String.raw`[A-Z0-9]{2,8}|[A-Z0-9]{1,4}(?:[ \-·][A-Z0-9]{1,5}){1,2}`),
      accept: acceptWith(near(PLATE_WORDS, 24), (candidate) => {
        const isMixed = /[A-Z]/.test(candidate) && /\d/.test(candidate);
        return isMixed && candidate.length >= 4 && candidate.length <= 10;
      }),
    },
  ],
  AGE: [
    {
      source: whole(
        String.raw`(?:1[01]\d|[1-9]?\d)(?:[ \-]|(?i:[ \-]and a half[ \-]))?(?i:years?|yrs?|y/?o|months?|mos?)(?i:[ \-]olds?|[ ]of[ ]age)?`,
      ),
      accept: acceptAge,
    },
    {
      source: whole(String.raw`1[01]\d|[1-9]?\d`),
      accept: acceptWith(
        /(?<![a-z])(?:aged?|age (?:is|of)|age:|ages|turn(?:s|ed|ing)|years? young|at the age of|I am|I'm|(?:he|she) (?:is|was))[ :="']{1,3}$/i,
      ),
    },
  ],
};

// Forty years may be anything's; forty years old is an age, and so it is where somebody is that long. The age is the
// quantity and its unit.
function acceptAge(text: string, start: number, end: number): number {
  const candidate = text.slice(start, end);
  const unit =
    /^\d+[ -]?(?:and a half[ -])?(?:years?|yrs?|y\/?o|months?|mos?)/i.exec(candidate)?.[0] ?? candidate;
  const isAge = /old|of age|y\/?o$/i.test(candidate) || AGE_WORDS.test(textBefore(text, start));
  return isAge ? start + unit.length : -1;
}

const AGE_WORDS = /(?<![a-z])(?:aged?|age (?:is|of)|age:|I am|I'm|(?:he|she) (?:is|was))[ :="']{1,3}$/i;
