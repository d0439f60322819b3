/** What the tokeniser tells apart. */
export const KIND = { space: 0, symbol: 1, letter: 2, digit: 3, ideograph: 4 } as const;

const FOLDED = 0x2500; // alphabets with case, and Latin with its marks, end before here
const folded = new Uint16Array(FOLDED);
const kinds = new Uint8Array(FOLDED);

for (let code = 0; code < FOLDED; code += 1) {
  const character = String.fromCharCode(code);
  const lower = character.toLowerCase();
  const base = code < 0x250 ? lower.normalize('NFD') : lower;
  folded[code] = base.charCodeAt(0);
  kinds[code] = /\s|\p{Cc}/u.test(character)
    ? KIND.space
    : /\p{Nd}/u.test(character)
      ? KIND.digit
      : /[\p{L}\p{M}_]/u.test(character)
        ? KIND.letter
        : KIND.symbol;
}

/** The code unit at an offset, without case and Latin accents. */
export function characterAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < FOLDED ? (folded[code] ?? code) : code;
}

export function kindOf(code: number): number {
  if (code < FOLDED) return kinds[code] ?? KIND.symbol;
  if (code >= 0xac00 && code <= 0xd7a3) return KIND.letter; // Hangul is written in words
  if (code >= 0x2e80 && code <= 0x9fff)
    return code === 0x3000 ? KIND.space : code < 0x3041 ? KIND.symbol : KIND.ideograph;
  if (code >= 0xd800 && code <= 0xdfff) return KIND.symbol;
  if (code >= 0xfe00 && code <= 0xfe0f) return KIND.space;
  if (code >= 0xff00) return KIND.symbol;
  return code < 0x2e80 ? KIND.symbol : KIND.letter;
}
