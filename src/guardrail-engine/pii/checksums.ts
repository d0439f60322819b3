/** The digits of a text. */
export function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, '');
}

function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(digits[i] ?? 0), 0);
}

/** Whether digits end in the check digit of Luhn's formula (ISO/IEC 7812-1, annex B). */
export function isLuhnValid(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

/** ABA routing number: weights 3, 7, 1 modulo 10, and a prefix that the Federal Reserve gave out. */
export function isAbaRoutingNumber(digits: string): boolean {
  const prefix = Number(digits.slice(0, 2));
  const isGiven =
    prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix === 80;
  if (digits.length !== 9 || !isGiven || /^0+$/.test(digits)) return false;
  return weigh(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** NHS number: weights 10 to 2 modulo 11; a check digit of 10 is never given out. */
export function isNhsNumber(digits: string): boolean {
  if (digits.length !== 10 || /^(\d)\1+$/.test(digits)) return false;
  const check = (11 - (weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === Number(digits[9]);
}

/** Social insurance number of Canada: Luhn. */
export function isSocialInsuranceNumber(digits: string): boolean {
  return digits.length === 9 && !/^(\d)\1+$/.test(digits) && isLuhnValid(digits);
}

const UTR_CHECK_DIGITS = '21987654321';

/** Unique taxpayer reference of the UK: the first digit checks the other nine, modulo 11. */
export function isTaxpayerReference(digits: string): boolean {
  if (digits.length !== 10) return false;
  const sum = weigh(digits.slice(1), [6, 7, 8, 9, 10, 5, 4, 3, 2]);
  return UTR_CHECK_DIGITS[sum % 11] === digits[0];
}

const VIN_LETTERS = 'ABCDEFGH.JKLMN.P.R..STUVWXYZ';
const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

function vinValue(char: string): number {
  if (/\d/.test(char)) return Number(char);
  const at = VIN_LETTERS.indexOf(char);
  return at < 18 ? (at % 9) + 1 : at - 18;
}

/** Vehicle identification number with the check digit of North America (49 CFR 565.15). */
export function isCheckedVin(vin: string): boolean {
  if (!isVin(vin)) return false;
  const sum = VIN_WEIGHTS.reduce((total, weight, i) => total + weight * vinValue(vin[i] ?? '0'), 0);
  const check = sum % 11;
  return vin[8] === (check === 10 ? 'X' : String(check));
}

/** Whether a text has the form of a vehicle identification number (ISO 3779), and is no word. */
export function isVin(vin: string): boolean {
  return /^[A-HJ-NPR-Z0-9]{17}$/.test(vin) && /[A-Z]/.test(vin) && /\d{4}$/.test(vin);
}
