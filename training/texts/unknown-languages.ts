import { pick } from './expand.ts';

/** Where the letters of a made-up language come from. */
const ALPHABETS = [0x61, 0x3b1, 0x430, 0x4e00, 0x5d0, 0x627, 0x905, 0xac00, 0xe01] as const;

/**
 * Harmless text in a language that nobody speaks: each letter is replaced by another one, of some alphabet. What a
 * classifier has never seen must count as harmless, not as the average of what it has.
 */
export function growUnknownLanguages(
  texts: readonly string[],
  count: number,
  random: () => number,
): string[] {
  return Array.from({ length: count }, () => {
    const base = pick(ALPHABETS, random);
    const spread = base === 0x4e00 || base === 0xac00 ? 400 : 26;
    const alphabet = Array.from({ length: 26 }, () =>
      String.fromCharCode(base + Math.floor(random() * spread)),
    );
    return pick(texts, random)
      .slice(0, 800)
      .replace(/[a-z]/gi, (letter) => alphabet[(letter.toLowerCase().charCodeAt(0) - 97) % 26] ?? letter);
  });
}

/** Harmless text with its letters apart, as in a heading: that it is written so is no attack. */
export function spaceOut(texts: readonly string[], count: number, random: () => number): string[] {
  return Array.from({ length: count }, () => Array.from(pick(texts, random).slice(0, 300)).join(' '));
}
