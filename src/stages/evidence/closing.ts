import type { ArchiveEntry } from '../../ports/archive.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Attempt, AttemptEnd } from '../../road/attempt.ts';
import type { Grant } from '../../road/proofs.ts';
import { refuse, RefusalError } from '../../road/refusal.ts';

/**
 * Keeps an answer as the output guard released it, where there is one and the capability wants it kept, and writes
 * the one closed record of the attempt. Does nothing the second time. Evidence that cannot be written is a refusal:
 * what is not on the record does not leave.
 */
export async function closeAttempt(input: {
  readonly attempt: Attempt;
  readonly end: AttemptEnd;
  readonly answer: { readonly grant: Grant; readonly text: string } | undefined;
  readonly evidence: Evidence;
  readonly nowMs: number;
}): Promise<void> {
  const { attempt, end, answer, evidence, nowMs } = input;
  const record = attempt.close({ ...end, closedAtMs: nowMs });
  if (record === undefined) return;
  try {
    const fault = answer === undefined ? evidence.fault() : undefined;
    const written = evidence.close(record, answer && describeAnswer(answer, attempt.requestId, nowMs));
    if (fault === undefined) return await written;
    // A full disk takes the record when it has room again; nobody is kept waiting so long to hear a no.
    written.catch(() => undefined);
    throw new Error(fault);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'unknown';
    throw new RefusalError(refuse('audit.unavailable', { detail }), { cause });
  }
}

function describeAnswer(
  { grant, text }: { readonly grant: Grant; readonly text: string },
  requestId: string,
  writtenAtMs: number,
): ArchiveEntry | undefined {
  const { answers, retentionDays } = grant.capability.archive;
  if (answers === 'none' || text === '') return undefined;
  return { requestId, tenant: grant.caller.tenant, part: 'answer', text, writtenAtMs, retentionDays };
}
