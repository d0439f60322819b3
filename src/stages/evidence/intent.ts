import { hash } from 'node:crypto';
import type { ArchiveEntry } from '../../ports/archive.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Attempt } from '../../road/attempt.ts';
import {
  proveDurableIntent,
  type ChosenRoutes,
  type DurableIntent,
  type GuardedPrompt,
} from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/**
 * Makes the intent durable before a model is asked: what the model is about to see goes to the archive,
 * its hash to the audit log. If either cannot be written, nothing is inferred.
 */
export async function openIntent(input: {
  readonly attempt: Attempt;
  readonly guarded: GuardedPrompt;
  readonly plan: ChosenRoutes;
  readonly evidence: Evidence;
  readonly nowMs: number;
}): Promise<DurableIntent | Refusal> {
  const { attempt, guarded, plan } = input;
  const { capability, caller } = plan.grant;
  const { system, messages, tools, parameters } = guarded.prompt;
  const text = JSON.stringify({ system, messages, tools: tools.map((tool) => tool.name), parameters });
  attempt.hashed(hash('sha256', text, 'hex'));
  const kept: ArchiveEntry | undefined =
    capability.archive.prompts === 'none'
      ? undefined
      : {
          requestId: attempt.requestId,
          tenant: caller.tenant,
          part: 'prompt',
          text,
          writtenAtMs: input.nowMs,
          retentionDays: capability.archive.retentionDays,
        };
  try {
    await input.evidence.open(attempt.intent(plan.routes[0].name), kept);
    return proveDurableIntent(attempt.requestId);
  } catch (error) {
    return refuse('audit.unavailable', { detail: error instanceof Error ? error.message : 'unknown' });
  }
}
