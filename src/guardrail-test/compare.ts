import type { GuardrailCase } from '../governance/guardrail-cases.ts';
import { createJudge, type Outcome } from './judge.ts';
import { nameOf } from './run.ts';
import type { GuardrailFile } from './workspace.ts';

/** How the second guardrail treats a text differently from the first, the gravest first. */
export const CHANGES = [
  'no longer blocked',
  'newly blocked',
  'no longer masked',
  'newly masked',
  'masked differently',
  'blocked differently',
  'found differently',
] as const;
export type Change = (typeof CHANGES)[number];

/** A text that both guardrails were asked about. */
export interface Compared {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly source: 'INPUT' | 'OUTPUT';
  readonly before: Outcome;
  readonly after: Outcome;
  /** Absent: both say the same. */
  readonly change: Change | undefined;
}

/** Asks two guardrails about the same cases; what the cases expect is not looked at. */
export function compareGuardrails(
  guardrails: { readonly before: GuardrailFile; readonly after: GuardrailFile },
  options: {
    readonly cases: readonly { readonly file: string; readonly cases: readonly GuardrailCase[] }[];
    readonly onProgress?: (done: number, all: number) => void;
  },
): Compared[] {
  const judgeBefore = createJudge(guardrails.before);
  const judgeAfter = createJudge(guardrails.after);
  const all = options.cases.reduce((sum, { cases }) => sum + cases.length, 0);
  let done = 0;
  return options.cases.flatMap(({ file, cases }) =>
    cases.map((testCase) => {
      const before = judgeBefore(testCase);
      const after = judgeAfter(testCase);
      options.onProgress?.(++done, all);
      const { line, source } = testCase;
      return { file, line, name: nameOf(testCase), source, before, after, change: findChange(before, after) };
    }),
  );
}

function findChange(before: Outcome, after: Outcome): Change | undefined {
  if (before.action !== after.action) {
    if (before.action === 'blocked') return 'no longer blocked';
    if (after.action === 'blocked') return 'newly blocked';
    return before.action === 'masked' ? 'no longer masked' : 'newly masked';
  }
  if (!isSame(before.outputs, after.outputs))
    return after.action === 'masked' ? 'masked differently' : 'blocked differently';
  return isSame(before.findings, after.findings) ? undefined : 'found differently';
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** Counts every kind of change, and what is the same. */
export function countChanges(compared: readonly Compared[]): Record<Change | 'same', number> {
  const counts = { same: 0 } as Record<Change | 'same', number>; // filled next
  for (const change of CHANGES) counts[change] = 0;
  for (const { change = 'same' } of compared) counts[change]++;
  return counts;
}
