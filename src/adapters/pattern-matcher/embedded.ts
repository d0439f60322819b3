import { createPatternSet } from '../../guardrail-engine/index.ts';
import type { PatternMatcher } from '../../ports/pattern-matcher.ts';

const NOTHING: PatternMatcher = { match: () => [] };

/** The embedded engine's automaton over all patterns at once. Throws a RegexRefusedError for what it cannot take. */
export function createEmbeddedPatternMatcher(patterns: readonly string[]): PatternMatcher {
  return patterns.length === 0 ? NOTHING : createPatternSet(patterns);
}
