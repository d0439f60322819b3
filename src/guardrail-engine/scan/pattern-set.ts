import { parseRegex } from '../regex/parse.ts';
import { SeenText } from '../text/traits.ts';
import { beginText, createScanner } from './scanner.ts';

/** Regular expressions that are looked for together: only whether each matches, not where. */
export type PatternSet = {
  /** The numbers of the patterns that match somewhere, in rising order. */
  match(text: string): readonly number[];
};

/** Compiles regular expressions; throws a `RegexRefusedError` for what cannot be looked for in linear time. */
export function createPatternSet(sources: readonly string[]): PatternSet {
  const scanner = createScanner({ patterns: sources.map((source) => ({ node: parseRegex(source) })) });
  const { finder } = scanner;
  return Object.freeze({
    match(text: string) {
      if (!scanner.mayMatch(new SeenText(text))) return NOTHING;
      const found = new Set<number>();
      finder.row = finder.enter(beginText(scanner));
      for (let at = 0; at < text.length && found.size < sources.length;) {
        at = finder.runForward(text, at, text.length);
        const state = finder.stateAt(finder.row);
        for (const pattern of state.late) found.add(pattern);
        for (const pattern of state.now) found.add(pattern);
      }
      for (const pattern of finder.acceptAtEdge(finder.stateAt(finder.row))) found.add(pattern);
      return found.size === 0 ? NOTHING : [...found].sort((a, b) => a - b);
    },
  });
}

const NOTHING: readonly number[] = [];
