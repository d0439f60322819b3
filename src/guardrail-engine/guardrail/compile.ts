import { assessContent, type AssessContext } from './assess.ts';
import type { CompiledGuardrail, GuardrailIdentity } from './compiled.ts';
import type { GuardrailConfig } from './config-schema.ts';
import { openGuardStream } from './guard-stream.ts';
import type { AppliedGuardrailDetails, GuardrailSource } from './response.ts';
import { compileRules } from './rules.ts';
import { listUnsupportedPolicies, type UnsupportedPolicy } from './unsupported.ts';

/** A guardrail with controls that this engine cannot evaluate: to run it without them would be to skip them. */
export class GuardrailCompileError extends Error {
  readonly unsupported: readonly UnsupportedPolicy[];

  constructor(name: string, unsupported: readonly UnsupportedPolicy[]) {
    const list = unsupported.map(({ path, policy, reason }) => `${policy} (${path}): ${reason}`).join('; ');
    super(`guardrail "${name}" has controls that the embedded engine cannot evaluate: ${list}`);
    this.name = 'GuardrailCompileError';
    this.unsupported = unsupported;
  }
}

/** Compiles a guardrail for any number of texts; throws a `GuardrailCompileError` for what it cannot evaluate. */
export function compileGuardrail(config: GuardrailConfig, identity: GuardrailIdentity): CompiledGuardrail {
  const unsupported = listUnsupportedPolicies(config);
  if (unsupported.length > 0) throw new GuardrailCompileError(config.name, unsupported);

  const ruleSets = compileRules(config);
  const nowMs = identity.nowMs ?? (() => performance.now());
  const details: AppliedGuardrailDetails = {
    guardrailId: identity.id,
    guardrailVersion: identity.version,
    ...(identity.arn === undefined ? {} : { guardrailArn: identity.arn }),
    guardrailOrigin: ['REQUEST'],
    guardrailOwnership: 'SELF',
  };
  const blockedMessaging = Object.freeze({
    INPUT: config.blockedInputMessaging,
    OUTPUT: config.blockedOutputsMessaging,
  });
  const contextOf = (source: GuardrailSource): AssessContext => ({
    ruleSet: ruleSets[source],
    blockedMessage: blockedMessaging[source],
    details,
    nowMs,
  });
  const contexts = { INPUT: contextOf('INPUT'), OUTPUT: contextOf('OUTPUT') };
  return Object.freeze({
    id: identity.id,
    version: identity.version,
    name: config.name,
    blockedMessaging,
    assess: (request) => assessContent(request, contexts[request.source]),
    stream: (options) => openGuardStream(options, contexts[options.source]),
  } satisfies CompiledGuardrail);
}
