import type { Archive } from '../../ports/archive.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Attempt, AttemptEnd } from '../../road/attempt.ts';
import type { Grant } from '../../road/proofs.ts';
import { refuse, RefusalError } from '../../road/refusal.ts';

/** Writes the one closed record of an attempt, then tells telemetry. Does nothing the second time. */
export async function closeAttempt(input: {
  readonly attempt: Attempt;
  readonly end: AttemptEnd;
  readonly audit: AuditLog;
  readonly telemetry: Telemetry;
  readonly nowMs: number;
}): Promise<void> {
  const record = input.attempt.close({ ...input.end, closedAtMs: input.nowMs });
  if (record === undefined) return;
  await orRefuse(input.audit.close(record));
  input.telemetry.closed(record);
}

/** Keeps an answer as the output guard released it, where the capability wants it kept. */
export async function sealAnswer(input: {
  readonly grant: Grant;
  readonly requestId: string;
  readonly text: string;
  readonly archive: Archive;
  readonly nowMs: number;
}): Promise<void> {
  const { capability, caller } = input.grant;
  if (capability.archive.answers === 'none') return;
  const sealed = input.archive.seal({
    requestId: input.requestId,
    tenant: caller.tenant,
    part: 'answer',
    text: input.text,
    writtenAtMs: input.nowMs,
    retentionDays: capability.archive.retentionDays,
  });
  await orRefuse(sealed);
}

/** Evidence that cannot be written is a refusal: what is not on the record does not leave. */
async function orRefuse(written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'unknown';
    throw new RefusalError(refuse('audit.unavailable', { detail }), { cause });
  }
}
