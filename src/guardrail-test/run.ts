import type { GuardrailCase } from '../governance/guardrail-cases.ts';
import { createJudge, listTexts, type Judge, type Outcome } from './judge.ts';
import { findGuardrail, type CaseFile, type GuardrailFile, type Workspace } from './workspace.ts';

/** Where a guardrail did something else than its case says. */
export type Failure =
  | { readonly what: 'action'; readonly expected: Outcome['action']; readonly actual: Outcome['action'] }
  | { readonly what: 'output'; readonly expected: readonly string[]; readonly actual: readonly string[] }
  | {
      readonly what: 'findings';
      readonly missing: readonly string[];
      readonly unexpected: readonly string[];
    };

/** One case, with what became of it. */
export interface CaseResult {
  readonly guardrail: string;
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly outcome: Outcome;
  readonly failures: readonly Failure[];
  readonly durationMs: number;
}

/** One file of cases on one guardrail. */
interface Suite {
  readonly guardrail: GuardrailFile;
  readonly caseFile: CaseFile;
}

/** Chooses which guardrail each file of cases is run on. `wanted` (NAME or NAME@VERSION) leaves the others out. */
export function planSuites({ guardrails, caseFiles }: Workspace, wanted: string | undefined): Suite[] {
  const [name, version] = wanted?.split('@') ?? [];
  if (wanted !== undefined) findGuardrail(guardrails, wanted);
  return caseFiles
    .filter((caseFile) => name === undefined || caseFile.name === name)
    .map((caseFile) => {
      const chosen = version ?? caseFile.version;
      const reference = chosen === undefined ? caseFile.name : `${caseFile.name}@${chosen}`;
      try {
        return { caseFile, guardrail: findGuardrail(guardrails, reference) };
      } catch (error) {
        throw new Error(`${caseFile.file}: ${error instanceof Error ? error.message : ''}`, { cause: error });
      }
    });
}

/** Runs suites, and tells after each case how many are done. */
export function runSuites(
  suites: readonly Suite[],
  options: { readonly nowMs: () => number; readonly onProgress?: (done: number, all: number) => void },
): CaseResult[] {
  const all = suites.reduce((sum, { caseFile }) => sum + caseFile.cases.length, 0);
  const judges = new Map<GuardrailFile, Judge>();
  const results: CaseResult[] = [];
  for (const { guardrail, caseFile } of suites) {
    const judge = judges.get(guardrail) ?? createJudge(guardrail);
    judges.set(guardrail, judge);
    for (const testCase of caseFile.cases) {
      const startedMs = options.nowMs();
      const outcome = judge(testCase);
      results.push({
        guardrail: `${guardrail.name}@${guardrail.version}`,
        file: caseFile.file,
        line: testCase.line,
        name: nameOf(testCase),
        outcome,
        failures: compareOutcome(testCase, outcome),
        durationMs: options.nowMs() - startedMs,
      });
      options.onProgress?.(results.length, all);
    }
  }
  return results;
}

const MOST_NAME = 60;

/** What a case is called: its name, or the beginning of its text. */
export function nameOf({ name, text }: GuardrailCase): string {
  if (name !== undefined) return name;
  const words = listTexts(text).join(' ').replaceAll(/\s+/g, ' ').trim();
  return words.length > MOST_NAME ? `${words.slice(0, MOST_NAME - 1)}…` : words;
}

function compareOutcome(expected: GuardrailCase, { action, outputs, findings }: Outcome): Failure[] {
  const failures: Failure[] = [];
  if (action !== expected.expect)
    failures.push({ what: 'action', expected: expected.expect, actual: action });
  if (expected.output !== undefined) {
    const wanted = listTexts(expected.output);
    if (wanted.length !== outputs.length || wanted.some((text, i) => text !== outputs[i]))
      failures.push({ what: 'output', expected: wanted, actual: outputs });
  }
  if (expected.findings !== undefined) {
    const wanted = new Set(expected.findings.map(normalise));
    const missing = [...wanted].filter((finding) => !findings.includes(finding));
    const unexpected = findings.filter((finding) => !wanted.has(finding));
    if (missing.length + unexpected.length > 0) failures.push({ what: 'findings', missing, unexpected });
  }
  return failures;
}

// Words are found in any case, and named in lower case.
function normalise(finding: string): string {
  return /^(word|profanity) /.test(finding) ? finding.toLowerCase() : finding;
}
