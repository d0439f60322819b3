/** Looks for patterns in a text, in time linear in its length. Throws where it cannot: the stage then refuses. */
export interface PatternMatcher {
  /** The numbers of the patterns that match somewhere, in rising order. */
  match(text: string): readonly number[];
}
