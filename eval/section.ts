/** One part of the page of measurements: what was measured, how, and what came out. */
export interface EvalSection {
  readonly title: string;
  readonly protocol: readonly string[];
  readonly rows: readonly EvalRow[];
  readonly notes: readonly string[];
}

/** One figure beside its goal; `reached` is undefined where there is none. */
export interface EvalRow {
  readonly what: string;
  readonly goal: string;
  readonly value: string;
  readonly reached: boolean | undefined;
}
