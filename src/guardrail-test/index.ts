// Tests of guardrails, written as tables: a library on the guardrail engine and the files of a repository.
export {
  findGuardrail,
  readWorkspace,
  toGuardrailFile,
  type GuardrailFile,
  type Workspace,
} from './workspace.ts';
export { planSuites, runSuites, type CaseResult } from './run.ts';
export { describeFailure, toJUnit } from './junit.ts';
export { CHANGES, compareGuardrails, countChanges, type Change, type Compared } from './compare.ts';
export type { Outcome } from './judge.ts';
