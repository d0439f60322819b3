/** One part of the page of measurements: what was measured, how, and what came out. */
export interface EvalSection {
  readonly title: string;
  readonly protocol: readonly string[];
  readonly rows: readonly EvalRow[];
  /** The figures behind the figures. */
  readonly tables?: readonly EvalTable[];
  /** What it is bad at. */
  readonly notes: readonly string[];
}

/** One figure beside its goal; `reached` is undefined where there is none. */
export interface EvalRow {
  readonly what: string;
  readonly goal: string;
  readonly value: string;
  readonly reached: boolean | undefined;
}

export interface EvalTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The share of the scores that reach a threshold. */
export function shareFrom(scores: readonly number[], threshold: number): number {
  return scores.length === 0 ? 0 : scores.filter((score) => score >= threshold).length / scores.length;
}

/** The area under the receiver operating characteristic; ties count half. */
export function areaUnderCurve(scored: readonly { score: number; positive: boolean }[]): number {
  const sorted = scored.toSorted((a, b) => a.score - b.score);
  let ranks = 0;
  let positives = 0;
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end += 1;
    const here = sorted.slice(i, end).filter(({ positive }) => positive).length;
    ranks += here * ((i + 1 + end) / 2);
    positives += here;
    i = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (sorted.length - positives));
}
