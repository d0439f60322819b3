/** A stretch of personal data; `start` and `end` are offsets in UTF-16 code units. */
export interface PiiSpan {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Finds personal data. Throws where it cannot: the stage then refuses. */
export interface PiiDetector {
  /** In order, without overlaps. */
  find(text: string): readonly PiiSpan[];
}
