/** Shifts letters through the alphabet; 13 is rot13. */
export function shiftLetters(text: string, by: number): string {
  return text.replaceAll(/[A-Za-z]/g, (letter) => {
    const first = letter < 'a' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - first + by) % 26) + first);
  });
}

// How often English uses each letter, in per mille.
const ENGLISH = [
  82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1,
];
const LOG_ENGLISH = Float64Array.from(ENGLISH, (share) => Math.log(share / 1000));
// Measured on prose: English averages -2.9 a letter, English shifted by anything -3.6 or less.
const READABLE = -3.15;
const LEAST_GAIN = 0.35;
export const LEAST_LETTERS = 20;

/** By how far a text with these letters must be shifted to be like English; 0 where it is, or nothing helps. */
export function findShift(letters: ArrayLike<number>, count: number): number {
  if (count < LEAST_LETTERS || likeness(letters, count, 0) > READABLE) return 0;
  const now = likeness(letters, count, 0);
  let best = 0;
  let bestLikeness = Math.max(READABLE, now + LEAST_GAIN);
  for (let by = 1; by < 26; by++) {
    const then = likeness(letters, count, by);
    if (then <= bestLikeness) continue;
    best = by;
    bestLikeness = then;
  }
  return best;
}

function likeness(letters: ArrayLike<number>, count: number, by: number): number {
  let sum = 0;
  for (let i = 0; i < 26; i++) sum += (letters[i] ?? 0) * (LOG_ENGLISH[(i + by) % 26] ?? 0);
  return sum / count;
}

const LEET: Readonly<Record<string, string>> = {
  0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 6: 'g', 7: 't', 8: 'b', 9: 'g', '@': 'a', $: 's', '!': 'i', '|': 'i', '+': 't', '(': 'c', '€': 'e',
}; // prettier-ignore

/** Reads digits and signs as the letters that they are drawn like, one for one. */
export function readLeet(text: string): string {
  return text.replaceAll(/[0-9@$!|+(€]/g, (sign) => LEET[sign] ?? sign);
}

/** Puts letters that stand apart together: `i g n o r e` → `ignore`. */
export function joinSpacedLetters(text: string): string {
  return text.replaceAll(/(?<![\p{L}\p{N}])\p{L}(?:[ ._*|~-]{1,3}\p{L}(?![\p{L}\p{N}])){3,}/gu, (run) =>
    run.replaceAll(/([ ._*|~-])(\1*)/g, (gap) => (gap.length > 1 ? ' ' : '')),
  );
}

/** A text from its end to its beginning. */
export function reverseText(text: string): string {
  return Array.from(text).reverse().join('');
}

/** Each word from its end to its beginning. */
export function reverseWords(text: string): string {
  return text.replaceAll(/[\p{L}\p{N}']+/gu, reverseText);
}
