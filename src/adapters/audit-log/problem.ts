/** What can be wrong with a log. Stable: scripts key on it. */
export type ProblemKind =
  | 'edited_line'
  | 'removed_lines'
  | 'reordered_lines'
  | 'duplicated_line'
  | 'foreign_line'
  | 'torn_line'
  | 'truncated_tail'
  | 'removed_segment'
  | 'removed_writer'
  | 'wrong_writer'
  | 'wrong_root'
  | 'bad_signature'
  | 'unknown_key'
  | 'unreadable_checkpoint'
  | 'opened_twice'
  | 'closed_twice'
  | 'never_closed'
  | 'inference_without_intent'
  | 'records_lost'
  | 'wrong_proof';

/** One thing that is wrong, and where. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Relative to the log's folder. */
  readonly file: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
  readonly seq?: number;
  /** For people: what was found, and what was expected. */
  readonly detail: string;
}

/** A problem in one line, as `file:line kind: detail`. */
export function describeProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const seq = problem.seq === undefined ? '' : ` (seq ${problem.seq})`;
  return `${place}${seq} ${problem.kind}: ${problem.detail}`;
}
