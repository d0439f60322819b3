const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) =>
  /[\w+/=-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Whether a code unit may be part of what stands for another text. */
export function isInRun(unit: number): boolean {
  return unit < 128 && IN_RUN[unit] === 1;
}

/** From here on a run is long. */
export const LONG_RUN_UNITS = 12;

/** A text in one piece, with what is asked of it more than once. */
export class SeenText {
  readonly text: string;
  #hasLongRun: boolean | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether it has a long run of ASCII letters, digits and `_ + / = -`. */
  get hasLongRun(): boolean {
    return (this.#hasLongRun ??= hasRunOf(LONG_RUN_UNITS, this.text));
  }
}

function hasRunOf(leastUnits: number, text: string): boolean {
  // Such a run has one of every so many places: from there it is read back to what is in no run.
  for (let end = leastUnits - 1; end < text.length;) {
    let at = end;
    while (at > end - leastUnits && isInRun(text.charCodeAt(at))) at--;
    if (at === end - leastUnits) return true;
    end = at + leastUnits;
  }
  return false;
}

// Four that stand alone have gaps of spaces alone, or one with another sign in it. V8 looks for these two many times
// faster than for all four.
const SPACES = / [A-Za-z0-9] {1,3}[A-Za-z0-9] /;
const OTHER_GAP = /[._*|~-][ ._*|~-]{0,2}[A-Za-z0-9](?![A-Za-z0-9])/;
const SPACED = /(?<![A-Za-z0-9])[A-Za-z0-9](?:[ ._*|~-]{1,3}[A-Za-z0-9]){3}(?![A-Za-z0-9])/;

/** Whether a text has four letters or digits that stand alone, one not far behind the other: `i g n o r e`. */
export function hasSpaced(text: string): boolean {
  return (SPACES.test(text) || OTHER_GAP.test(text)) && SPACED.test(text);
}

/** Whether a text has digits or signs that may be drawn for letters. */
export function hasLeet(text: string): boolean {
  return /[0-9@$!|+(]/.test(text) || text.includes('€');
}

/** Whether a text is of ASCII alone: there, and only there, UTF-8 is as long as the text. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
