import type { Guardrail, GuardrailVerdict } from '../../ports/guardrail.ts';
import type { Usage } from '../../road/conversation.ts';
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

/** Shows the guardrail every block of every message, whoever wrote it, and the stop sequences. A guardrail that throws or is away refuses. */
export async function guardInput(
  reservation: Reservation,
  guardrail: Guardrail,
  signal: AbortSignal,
): Promise<GuardedPrompt | InputBlocked | Refusal> {
  const { redacted, prompt: asked } = reservation;
  const texts = collectTexts(asked);
  let verdict: GuardrailVerdict;
  try {
    verdict = await guardrail.assess({ source: 'INPUT', texts, signal });
  } catch (error) {
    // A guardrail's message may repeat what it was shown, so its name alone goes on the record.
    const detail = signal.aborted ? 'the caller left' : error instanceof Error ? error.name : 'unknown';
    return refuse('guardrail.unavailable', { detail });
  }
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
  if (verdict.texts.length !== texts.length) {
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

function collectTexts({ messages, parameters }: ModelPrompt): string[] {
  const texts: string[] = [];
  for (const message of messages) for (const block of message.blocks) texts.push(...listJudgedTexts(block));
  texts.push(...(parameters.stopSequences ?? []));
  return texts;
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
