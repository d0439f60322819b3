// The embedded guardrail engine: a library of its own, which imports nothing else of the project.
export {
  parseGuardrailConfig,
  type GuardrailConfig,
  type GuardrailConfigError,
  type ParsedGuardrailConfig,
} from './guardrail/config.ts';
export { listUnsupportedPolicies, type UnsupportedPolicy } from './guardrail/unsupported.ts';
export { compileGuardrail, GuardrailCompileError } from './guardrail/compile.ts';
export type { CompiledGuardrail, GuardrailIdentity, GuardStream, Released } from './guardrail/compiled.ts';
export type * from './guardrail/response.ts';
export { RegexRefusedError } from './regex/syntax.ts';
export { createPatternSet, type PatternSet } from './scan/pattern-set.ts';
export { createPiiDetector } from './pii/detector.ts';
export {
  PII_DETECTOR_TYPES,
  type PiiDetector,
  type PiiDetectorType,
  type PiiMatch,
  type PiiPiece,
  type PiiStream,
} from './pii/types.ts';
