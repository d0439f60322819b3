import { CLASSIFIERS } from '../classify/classifiers.ts';
import { judgeContent } from './assess.ts';
import { listClassifiedPolicies } from './classified.ts';
import type { CompiledGuardrail, Direction, GuardrailIdentity } from './compiled.ts';
import type { GuardrailConfig } from './config-schema.ts';
import { compileGrounding } from './grounding.ts';
import { openGuardStream } from './guard-stream.ts';
import type { Classifiers } from './policies.ts';
import type { AppliedGuardrailDetails, GuardrailSource } from './response.ts';
import { compileRules } from './rules.ts';
import { describeVerdict, isClean, listMetered } from './verdict.ts';
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
export function compileGuardrail(
  config: GuardrailConfig,
  identity: GuardrailIdentity,
  classifiers: Classifiers = CLASSIFIERS,
): CompiledGuardrail {
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
  const directionOf = (source: GuardrailSource): Direction => {
    const controls = {
      ruleSet: ruleSets[source],
      policies: listClassifiedPolicies(config, source, classifiers),
      grounding: compileGrounding(config, source, classifiers),
    };
    const metered = listMetered(controls);
    return { ...controls, metered, blockedMessage: blockedMessaging[source], details, nowMs };
  };
  const directions = { INPUT: directionOf('INPUT'), OUTPUT: directionOf('OUTPUT') };
  return Object.freeze({
    id: identity.id,
    version: identity.version,
    name: config.name,
    blockedMessaging,
    assess: (request) => describeVerdict(judgeContent(request, directions[request.source])),
    judge(request) {
      const facts = judgeContent(request, directions[request.source]);
      return isClean(facts) ? undefined : describeVerdict(facts);
    },
    stream: (options) => openGuardStream(options, directions[options.source]),
  } satisfies CompiledGuardrail);
}
