import type { Guardrail, GuardrailVerdict, TextOrigin } from '../../ports/guardrail.ts';
import type { Message, Usage } from '../../road/conversation.ts';
import {
  proveGuardedEvents,
  proveGuardedPrompt,
  type GuardedPrompt,
  type ModelPrompt,
  type Reservation,
} from '../../road/proofs.ts';
import { describeFindings } from '../../road/record.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import type { InputBlocked } from '../../road/road.ts';
import { listJudgedTexts, replaceJudgedTexts } from './judged-texts.ts';

const NOTHING_USED: Usage = { inputTokens: 0, outputTokens: 0, source: 'estimate' };

/**
 * Shows the guardrail every block of every message, whoever wrote it, and the stop sequences. A guardrail that throws or
 * is away refuses. Who has the verdict at once is not waited for.
 */
export function guardInput(
  reservation: Reservation,
  guardrail: Guardrail,
  signal: AbortSignal,
): Guarded | Promise<Guarded> {
  const { texts, origins } = collectTexts(reservation.prompt);
  const conclude = (verdict: GuardrailVerdict) => applyVerdict(verdict, reservation, texts.length);
  let verdict: GuardrailVerdict | Promise<GuardrailVerdict>;
  try {
    verdict = guardrail.assess({ source: 'INPUT', texts, origins, signal });
  } catch (error) {
    return refuseUnavailable(error, signal);
  }
  if (!(verdict instanceof Promise)) return conclude(verdict);
  return verdict.then(conclude, (error: unknown) => refuseUnavailable(error, signal));
}

type Guarded = GuardedPrompt | InputBlocked | Refusal;

/** A guardrail's message may repeat what it was shown, so its name alone goes on the record. */
function refuseUnavailable(error: unknown, signal: AbortSignal): Refusal {
  const detail = signal.aborted ? 'the caller left' : error instanceof Error ? error.name : 'unknown';
  return refuse('guardrail.unavailable', { detail });
}

function applyVerdict(verdict: GuardrailVerdict, reservation: Reservation, textCount: number): Guarded {
  const { redacted, prompt: asked } = reservation;
  if (verdict.action === 'blocked') {
    return {
      blocked: true,
      refusal: refuse('guardrail.input_blocked', { detail: describeFindings(verdict.recorded) }),
      events: proveGuardedEvents([
        { type: 'blocked', message: verdict.message ?? '' },
        { type: 'finish', reason: 'content_filter', usage: NOTHING_USED },
      ]),
      guard: verdict.recorded,
    };
  }
  if (verdict.action === 'none') {
    return proveGuardedPrompt({ reservation, redacted, prompt: asked, guard: verdict.recorded });
  }
  if (verdict.texts.length !== textCount) {
    return refuse('guardrail.unavailable', {
      detail: 'the guardrail returned another number of texts than it was given',
    });
  }
  try {
    const prompt = replaceTexts(asked, verdict.texts);
    return proveGuardedPrompt({ reservation, redacted, prompt, guard: verdict.recorded });
  } catch (error) {
    return refuse('guardrail.unavailable', { detail: error instanceof Error ? error.name : 'unknown' });
  }
}

// What a tool gave may hold orders of somebody else's. An earlier answer is the caller's word, too: nothing proves that a
// model gave it.
const ORIGINS: Readonly<Record<Message['role'], TextOrigin>> = {
  user: 'user',
  assistant: 'user',
  tool: 'document',
};

/** What is shown, and, one for each text, where it comes from. */
function collectTexts({ messages, parameters }: ModelPrompt): { texts: string[]; origins: TextOrigin[] } {
  const texts: string[] = [];
  const origins: TextOrigin[] = [];
  const show = (text: string, origin: TextOrigin) => {
    texts.push(text);
    origins.push(origin);
  };
  for (const { role, blocks } of messages) {
    for (const block of blocks) {
      for (const text of listJudgedTexts(block)) show(text, ORIGINS[role]);
    }
  }
  for (const text of parameters.stopSequences ?? []) show(text, 'user');
  return { texts, origins };
}

function replaceTexts(prompt: ModelPrompt, texts: readonly string[]): ModelPrompt {
  let at = 0;
  const next = () => texts[at++] ?? '';
  const messages = prompt.messages.map((message) => ({
    role: message.role,
    blocks: message.blocks.map((block) => replaceJudgedTexts(block, next)),
  }));
  const { stopSequences } = prompt.parameters;
  if (stopSequences === undefined) return { ...prompt, messages };
  return {
    ...prompt,
    messages,
    parameters: { ...prompt.parameters, stopSequences: stopSequences.map(next) },
  };
}
