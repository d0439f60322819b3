// The embedded guardrail engine: a library of its own, which imports nothing else of the project.
export {
  describeValidationException,
  parseGuardrailConfig,
  type GuardrailConfig,
  type GuardrailConfigError,
  type ParsedGuardrailConfig,
} from './guardrail/config.ts';
export { listUnsupportedPolicies, type UnsupportedPolicy } from './guardrail/unsupported.ts';
export { compileGuardrail, GuardrailCompileError } from './guardrail/compile.ts';
export type {
  CompiledGuardrail,
  GuardrailIdentity,
  GuardStream,
  Released,
  StreamOptions,
} from './guardrail/compiled.ts';
export { describeIssue } from './guardrail/config-error.ts';
export { RequestValidationError } from './guardrail/request-error.ts';
export type * from './guardrail/response.ts';
export type { ContentCategory, TextOrigin } from './guardrail/policies.ts';
export { createContentClassifier } from './classify/content.ts';
export { makeViews } from './text/views.ts';
export { listWindows } from './text/windows.ts';
export { createPiiFinder, type FoundPii } from './pii/finder.ts';
export { RegexRefusedError } from './regex/syntax.ts';
export { createPatternSet, type PatternSet } from './scan/pattern-set.ts';
export { createPiiDetector } from './pii/detector.ts';
export {
  PII_DETECTOR_TYPES,
  PII_TYPES,
  type PiiDetector,
  type PiiDetectorType,
  type PiiMatch,
  type PiiPiece,
  type PiiStream,
  type PiiType,
} from './pii/types.ts';
