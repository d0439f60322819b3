/** Something wrong with a governance repository: where, why, and what to do. */
export interface Problem {
  /** Relative to the repository. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly cause: string;
  readonly fix: string;
}

/** One line a problem, as editors and terminals parse it. */
export function formatProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.cause}\n    fix: ${problem.fix}`;
}
