import type { AttemptEnd } from './attempt.ts';
import type { FinishReason, Usage } from './conversation.ts';
import type { GuardedEvent } from './proofs.ts';
import { describeFindings, type RecordedGuard } from './record.ts';
import { refuse } from './refusal.ts';

/** What has been released of an answer so far: for its hash, its archive entry and its price. */
export class DeliveredAnswer {
  #text = '';
  #blockedBy: RecordedGuard | undefined;
  usage: Usage | undefined;
  finishReason: FinishReason | undefined;

  block(guard: RecordedGuard): void {
    this.#blockedBy = guard;
  }

  /** Takes note of what is released. Returns whether the answer is complete with it. */
  note(events: readonly GuardedEvent[]): boolean {
    for (const event of events) {
      if (event.type === 'text') this.#text += event.text;
      else if (event.type === 'blocked') this.#text += event.message;
      else if (event.type === 'tool_call') this.#text += `\n[tool call ${event.name}] `;
      else if (event.type === 'tool_arguments') this.#text += event.json;
      else {
        this.usage = event.usage;
        this.finishReason = event.reason;
      }
    }
    return this.finishReason !== undefined;
  }

  text(): string {
    return this.#text;
  }

  describeEnd(): AttemptEnd {
    if (this.#blockedBy === undefined) return { outcome: 'answered' };
    const detail = describeFindings(this.#blockedBy);
    return { outcome: 'blocked', refusal: refuse('guardrail.output_blocked', { detail }) };
  }
}
