import type { AttemptEnd } from './attempt.ts';
import type { FinishReason, Usage } from './conversation.ts';
import type { GuardedEvent } from './proofs.ts';
import { describeFindings, type RecordedGuard } from './record.ts';
import { refuse } from './refusal.ts';

/** What has been released of an answer so far: for its hash, its archive entry and its price. */
export class DeliveredAnswer {
  readonly #parts: string[] = [];
  #blockedBy: RecordedGuard | undefined;
  usage: Usage | undefined;
  finishReason: FinishReason | undefined;

  block(guard: RecordedGuard): void {
    this.#blockedBy = guard;
  }

  /** Passes the events on and keeps what they say. */
  async *watch(events: AsyncIterable<GuardedEvent>): AsyncGenerator<GuardedEvent> {
    for await (const event of events) {
      if (event.type === 'text') this.#parts.push(event.text);
      else if (event.type === 'tool_call') this.#parts.push(`\n[tool call ${event.name}] `);
      else if (event.type === 'tool_arguments') this.#parts.push(event.json);
      else {
        this.usage = event.usage;
        this.finishReason = event.reason;
      }
      yield event;
    }
  }

  text(): string {
    return this.#parts.join('');
  }

  describeEnd(): AttemptEnd {
    if (this.#blockedBy === undefined) return { outcome: 'answered' };
    const detail = describeFindings(this.#blockedBy);
    return { outcome: 'blocked', refusal: refuse('guardrail.output_blocked', { detail }) };
  }
}
