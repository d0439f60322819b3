import type { Guardrail, GuardrailVerdict } from '../../ports/guardrail.ts';
import type { Block, Message, Usage } from '../../road/conversation.ts';
import {
  proveGuardedEvents,
  proveGuardedPrompt,
  type GuardedPrompt,
  type RedactedPrompt,
} from '../../road/proofs.ts';
import { describeFindings } from '../../road/record.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';
import type { InputBlocked } from '../../road/road.ts';

const NOTHING_USED: Usage = { inputTokens: 0, outputTokens: 0, source: 'estimate' };

/** Shows the guardrail every block of every message, whoever wrote it. A guardrail that throws or is away refuses. */
export async function guardInput(
  redacted: RedactedPrompt,
  guardrail: Guardrail,
  signal: AbortSignal,
): Promise<GuardedPrompt | InputBlocked | Refusal> {
  const texts = collectTexts(redacted.prompt.messages);
  let verdict: GuardrailVerdict;
  try {
    verdict = await guardrail.assess({ source: 'INPUT', texts, signal });
  } catch (error) {
    return refuse('guardrail.unavailable', { detail: error instanceof Error ? error.message : 'unknown' });
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
    return proveGuardedPrompt({ redacted, prompt: redacted.prompt, guard: verdict.recorded });
  }
  if (verdict.texts.length !== texts.length) {
    return refuse('guardrail.unavailable', {
      detail: 'the guardrail returned another number of texts than it was given',
    });
  }
  const messages = replaceTexts(redacted.prompt.messages, verdict.texts);
  return proveGuardedPrompt({ redacted, prompt: { ...redacted.prompt, messages }, guard: verdict.recorded });
}

function collectTexts(messages: readonly Message[]): string[] {
  const texts: string[] = [];
  for (const message of messages) {
    for (const block of message.blocks)
      texts.push(block.type === 'tool_call' ? block.argumentsJson : block.text);
  }
  return texts;
}

function replaceTexts(messages: readonly Message[], texts: readonly string[]): Message[] {
  let next = 0;
  const replace = (block: Block): Block => {
    const text = texts[next++] ?? '';
    return block.type === 'tool_call' ? { ...block, argumentsJson: text } : { ...block, text };
  };
  return messages.map((message) => ({ role: message.role, blocks: message.blocks.map(replace) }));
}
