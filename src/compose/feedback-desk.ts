import { hash } from 'node:crypto';
import { z } from 'zod';
import type { ArchiveEntry } from '../ports/archive.ts';
import type { AskedRequests } from '../ports/asked-requests.ts';
import type { Clock } from '../ports/clock.ts';
import type { Evidence } from '../ports/evidence.ts';
import type { PolicyEngine } from '../ports/policy-engine.ts';
import type { AskedRequest } from '../road/act.ts';
import type { Capability } from '../road/governed.ts';
import type { Caller } from '../road/proofs.ts';
import type { AdminRecord, RecordedFeedback } from '../road/record.ts';
import { isRefusal, refuse, type Refusal } from '../road/refusal.ts';
import { authoriseAct } from '../stages/authorisation/act-decision.ts';
import type { SwitchBoard } from '../stages/switches/switch-board.ts';

/** Where callers say what an answer was worth. */
export interface FeedbackDesk {
  readonly board: SwitchBoard;
  readonly policies: PolicyEngine;
  readonly askedRequests: AskedRequests;
  readonly capabilities: ReadonlyMap<string, Capability>;
  readonly evidence: Evidence;
  readonly clock: Clock;
}

export interface FeedbackReceipt {
  readonly request_id: string;
  readonly score: number;
  readonly comment: RecordedFeedback['comment'];
}

const RETRY_MS = 5_000;

const feedbackSchema = z.strictObject({
  // The id of a chat completion is the request's, with OpenAI's prefix.
  request_id: z
    .string()
    .regex(/^(chatcmpl-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .transform((id) => id.replace('chatcmpl-', '')),
  score: z.number().min(-1).max(1),
  comment: z.string().trim().max(4_000).optional(),
});
const SHAPE =
  'Send request_id (the x-request-id of the answer, or its id), score (from -1, bad, to 1, good) and, if you like, ' +
  'comment (up to 4000 characters).';

/** Nobody's request: what cannot be found costs a decision as well, or its absence could be told by the time. */
const NOBODYS: AskedRequest = { requestId: 'none', tenant: '', subject: '', capability: '' };

/**
 * Puts feedback on the record of the request that it is about, and its comment into the archive. Who made the request
 * may always give it, and others where policy permits. A request that is not there and one that is not theirs are
 * refused alike, so that nobody learns whose ids exist.
 */
export async function giveFeedback(
  caller: Caller,
  text: string,
  desk: FeedbackDesk,
): Promise<FeedbackReceipt | Refusal> {
  const callerOff = desk.board.checkCaller(caller);
  if (callerOff !== undefined) return callerOff;
  const feedback = readFeedback(text);
  if (isRefusal(feedback)) return feedback;
  const asked = await findAsked(caller, feedback.request_id, desk);
  if (isRefusal(asked)) return asked;
  const capability = desk.capabilities.get(asked.capability);
  const comment = describeComment(feedback.comment, capability);
  const atMs = desk.clock.nowMs();
  const { score } = feedback;
  const record: AdminRecord = {
    kind: 'admin',
    atMs,
    action: 'feedback',
    actor: `user:${caller.tenant}/${caller.subject}`,
    requestId: asked.requestId,
    tenant: asked.tenant,
    feedback: { score, comment, ...(feedback.comment && { commentHash: hash('sha256', feedback.comment) }) },
  };
  try {
    await desk.evidence.note(
      record,
      comment === 'kept'
        ? describeEntry({ asked, text: feedback.comment, atMs, archive: capability?.archive })
        : undefined,
    );
  } catch (error) {
    return refuse('audit.unavailable', { detail: error instanceof Error ? error.message : 'unknown' });
  }
  return { request_id: asked.requestId, score, comment };
}

function readFeedback(text: string): z.infer<typeof feedbackSchema> | Refusal {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('edge.malformed_json');
  }
  const parsed = feedbackSchema.safeParse(json);
  return parsed.success ? parsed.data : refuse('edge.malformed_request', { hint: SHAPE });
}

async function findAsked(
  caller: Caller,
  requestId: string,
  { askedRequests, policies }: FeedbackDesk,
): Promise<AskedRequest | Refusal> {
  let found: AskedRequest | undefined;
  try {
    found = await askedRequests.find(requestId);
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown';
    return refuse('feedback.unavailable', { detail, retryAfterMs: RETRY_MS });
  }
  const { tenant, subject } = found ?? NOBODYS;
  const isTheirs = tenant === caller.tenant && subject === caller.subject;
  const denied = isTheirs
    ? undefined
    : authoriseAct(caller, { action: 'giveFeedback', resource: found ?? NOBODYS }, policies);
  if (denied?.code === 'authorisation.unavailable') return denied;
  if (found !== undefined && denied === undefined) return found;
  return refuse('feedback.unknown_request', {
    detail: found === undefined ? 'there is no such request' : 'the request is not theirs',
  });
}

/** A comment often repeats what was said: it is kept where something of that is. */
function describeComment(
  comment: string | undefined,
  capability: Capability | undefined,
): RecordedFeedback['comment'] {
  if (!comment) return 'none';
  const { prompts = 'none', answers = 'none' } = capability?.archive ?? {};
  return prompts === 'none' && answers === 'none' ? 'not_kept' : 'kept';
}

/** Under the key of the tenant whose request it is about: to shred the tenant shreds what was said of it. */
function describeEntry(feedback: {
  readonly asked: AskedRequest;
  readonly text: string | undefined;
  readonly atMs: number;
  readonly archive: Capability['archive'] | undefined;
}): ArchiveEntry | undefined {
  const { asked, text, atMs, archive } = feedback;
  if (text === undefined || archive === undefined) return undefined;
  const { requestId, tenant } = asked;
  return {
    requestId,
    tenant,
    part: 'feedback',
    text,
    writtenAtMs: atMs,
    retentionDays: archive.retentionDays,
  };
}
