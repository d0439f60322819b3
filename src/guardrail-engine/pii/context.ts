import { LOOK_BACK_UNITS, type AcceptCandidate } from '../scan/scanner.ts';

const REFUSED = -1;

/** What stands before a candidate, as far as a decision may look. */
export function textBefore(text: string, start: number): string {
  return text.slice(Math.max(0, start - LOOK_BACK_UNITS), start);
}

/** Accepts a candidate only where `before` matches what stands before it, and its own text passes. */
export function acceptWith(
  before: RegExp,
  isRight: (candidate: string) => boolean = () => true,
): AcceptCandidate {
  return (text, start, end) =>
    isRight(text.slice(start, end)) && before.test(textBefore(text, start)) ? end : REFUSED;
}

/** Accepts a candidate whose own text passes. */
export function acceptIf(isRight: (candidate: string) => boolean): AcceptCandidate {
  return (text, start, end) => (isRight(text.slice(start, end)) ? end : REFUSED);
}

/** A context: words that may stand up to `gap` code units before a value, with no digits of another value between. */
export function near(words: string, gap = 30): RegExp {
  return new RegExp(`(?<![a-z])(?:${words})(?![a-z])[^0-9\\n]{0,${gap}}$`, 'i');
}

/** A context anywhere before a value, as far as one looks. */
export function somewhereBefore(words: string): RegExp {
  return new RegExp(`(?<![a-z])(?:${words})(?![a-z])`, 'i');
}
