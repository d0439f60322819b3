/** What one look at a text says about it: with it, most searches are known to be in vain. */
export type TextTraits = {
  /** The longest run of ASCII letters, digits and `_ + / = -`. */
  longestRun: number;
  hasDigit: boolean;
  /** Whether there are digits or signs that may be drawn for letters. */
  hasLeet: boolean;
  /** The most letters and digits that stand alone, one behind the other: `i g n o r e`. */
  mostAlone: number;
};

const IN_RUN = 1;
const ALPHANUMERIC = 2;
const DIGIT = 4;
const GAP = 8;
const LEET = 16;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  let kind = 0;
  if (isInRun(code)) kind |= IN_RUN;
  if (/[A-Za-z0-9]/.test(char)) kind |= ALPHANUMERIC;
  if (/[0-9]/.test(char)) kind |= DIGIT;
  if (/[ ._*|~-]/.test(char)) kind |= GAP;
  if (/[0-9@$!|+(]/.test(char)) kind |= LEET;
  return kind;
});
const EURO = 0x20ac;

/** Whether a code unit may be part of what stands for another text. */
export function isInRun(unit: number): boolean {
  return unit < 128 && /[\w+/=-]/.test(String.fromCharCode(unit));
}

/** Looks at a text once. */
export function measureTraits(text: string): TextTraits {
  let [seen, run, longestRun, word, alone, mostAlone] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const kind = unit < 128 ? (KINDS[unit] as number) : unit === EURO ? LEET : 0; // every index below 128 is there
    seen |= kind;
    if ((kind & IN_RUN) !== 0) run++;
    else {
      if (run > longestRun) longestRun = run;
      run = 0;
    }
    if ((kind & ALPHANUMERIC) !== 0) {
      word++;
      continue;
    }
    if (word > 0) {
      alone = word === 1 ? alone + 1 : 0;
      if (alone > mostAlone) mostAlone = alone;
      word = 0;
    }
    if ((kind & GAP) === 0) alone = 0;
  }
  return {
    longestRun: Math.max(longestRun, run),
    hasDigit: (seen & DIGIT) !== 0,
    hasLeet: (seen & LEET) !== 0,
    mostAlone: Math.max(mostAlone, word === 1 ? alone + 1 : 0),
  };
}
