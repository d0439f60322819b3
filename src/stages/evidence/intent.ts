import { hash } from 'node:crypto';
import type { Archive, ArchiveEntry } from '../../ports/archive.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Attempt } from '../../road/attempt.ts';
import {
  proveDurableIntent,
  type DurableIntent,
  type GuardedPrompt,
  type RoutePlan,
} from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/**
 * Makes the intent durable before a model is asked: what the model is about to see goes to the archive,
 * its hash to the audit log. If either cannot be written, nothing is inferred.
 */
export async function openIntent(input: {
  readonly attempt: Attempt;
  readonly guarded: GuardedPrompt;
  readonly plan: RoutePlan;
  readonly audit: AuditLog;
  readonly archive: Archive;
  readonly nowMs: number;
}): Promise<DurableIntent | Refusal> {
  const { attempt, guarded, plan } = input;
  const { capability, caller } = plan.grant;
  const { system, messages, tools, parameters } = guarded.prompt;
  const text = JSON.stringify({ system, messages, tools: tools.map((tool) => tool.name), parameters });
  attempt.hashed(hash('sha256', text, 'hex'));
  try {
    const opened = input.audit.open(attempt.intent(plan.routes[0].name));
    if (capability.archive.prompts === 'kept') {
      const sealed = seal(input.archive, {
        requestId: attempt.requestId,
        tenant: caller.tenant,
        part: 'prompt',
        text,
        writtenAtMs: input.nowMs,
        retentionDays: capability.archive.retentionDays,
      });
      await Promise.all([opened, sealed]);
    } else {
      await opened;
    }
    return proveDurableIntent(attempt.requestId);
  } catch (error) {
    return refuse('audit.unavailable', { detail: error instanceof Error ? error.message : 'unknown' });
  }
}

/** An archive that throws rather than rejects must not leave the other promise without anybody to hear it. */
async function seal(archive: Archive, entry: ArchiveEntry): Promise<void> {
  await archive.seal(entry);
}
