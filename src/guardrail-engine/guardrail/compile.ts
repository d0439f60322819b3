import type { CompiledGuardrail, GuardrailIdentity } from './compiled.ts';
import type { GuardrailConfig } from './config.ts';

/** Compiles a guardrail for any number of texts; throws a `GuardrailCompileError` for what it cannot evaluate. */
export function compileGuardrail(config: GuardrailConfig, identity: GuardrailIdentity): CompiledGuardrail {
  throw new Error(`not yet: ${config.name} ${identity.id}`);
}
