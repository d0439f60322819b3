import type { FinalRelease, Guardrail, GuardrailStream } from '../../ports/guardrail.ts';
import type { AnswerEvent, Usage } from '../../road/conversation.ts';
import { proveGuardedEvent, type GuardedEvent } from '../../road/proofs.ts';
import type { RecordedGuard } from '../../road/record.ts';
import { refuse, RefusalError } from '../../road/refusal.ts';

interface ToolCall {
  readonly id: string;
  readonly name: string;
  json: string;
}

/**
 * Lets an answer through as the guardrail releases it: what could still become part of a match is held back,
 * so the verdict is the same however the text was cut. Tool calls are held until their arguments are whole.
 * After a block nothing more of the model's text leaves, and the guardrail's own message ends the answer.
 */
export async function* guardOutput(
  events: AsyncIterable<AnswerEvent>,
  input: {
    readonly guardrail: Guardrail;
    readonly signal: AbortSignal;
    readonly onVerdict: (guard: RecordedGuard) => void;
    /** For an answer that is cut off before its provider could count it. */
    readonly estimateUsage: (outputCharacters: number) => Usage;
  },
): AsyncGenerator<GuardedEvent> {
  const { guardrail, signal } = input;
  const stream = openStream(guardrail, signal);
  const calls = new Map<number, ToolCall>();
  let characters = 0;
  for await (const event of events) {
    if (event.type === 'text') {
      characters += event.text.length;
      const released = await ask(() => stream.push(event.text));
      if (released.text !== '') yield proveGuardedEvent({ type: 'text', text: released.text });
      if (released.blocked) {
        yield* finishBlocked(await ask(() => stream.end()), input.onVerdict, input.estimateUsage(characters));
        return;
      }
    } else if (event.type === 'tool_call') {
      calls.set(event.index, { id: event.id, name: event.name, json: '' });
    } else if (event.type === 'tool_arguments') {
      characters += event.json.length;
      const call = calls.get(event.index);
      if (call !== undefined) call.json += event.json;
    } else {
      const rest = await ask(() => stream.end());
      if (rest.text !== '') yield proveGuardedEvent({ type: 'text', text: rest.text });
      if (rest.blocked) {
        yield* finishBlocked(rest, input.onVerdict, event.usage);
        return;
      }
      input.onVerdict(rest.recorded);
      if (
        calls.size > 0 &&
        (yield* releaseToolCalls({ calls, guardrail, signal, onVerdict: input.onVerdict })) === 'blocked'
      ) {
        yield proveGuardedEvent({ type: 'finish', reason: 'content_filter', usage: event.usage });
        return;
      }
      yield proveGuardedEvent(event);
      return;
    }
  }
  throw new RefusalError(refuse('inference.malformed', { detail: 'the answer ended without a finish' }));
}

function openStream(guardrail: Guardrail, signal: AbortSignal): GuardrailStream {
  try {
    return guardrail.openStream({ source: 'OUTPUT', signal });
  } catch (cause) {
    throw refuseUnavailable(cause);
  }
}

/** A guardrail that throws ends the answer: what was not judged does not leave. */
async function ask<Result>(call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw refuseUnavailable(cause);
  }
}

function refuseUnavailable(cause: unknown): RefusalError {
  const detail = cause instanceof Error ? cause.message : 'unknown';
  return new RefusalError(refuse('guardrail.unavailable', { detail }), { cause });
}

function* finishBlocked(
  end: FinalRelease,
  onVerdict: (guard: RecordedGuard) => void,
  usage: Usage,
): Generator<GuardedEvent> {
  onVerdict(end.recorded);
  if (end.message !== undefined) yield proveGuardedEvent({ type: 'text', text: end.message });
  yield proveGuardedEvent({ type: 'finish', reason: 'content_filter', usage });
}

async function* releaseToolCalls(input: {
  readonly calls: ReadonlyMap<number, ToolCall>;
  readonly guardrail: Guardrail;
  readonly signal: AbortSignal;
  readonly onVerdict: (guard: RecordedGuard) => void;
}): AsyncGenerator<GuardedEvent, 'released' | 'blocked'> {
  const calls = [...input.calls];
  const texts = calls.map(([, call]) => call.json);
  const verdict = await ask(() => input.guardrail.assess({ source: 'OUTPUT', texts, signal: input.signal }));
  input.onVerdict(verdict.recorded);
  if (verdict.action === 'blocked') {
    if (verdict.message !== undefined) yield proveGuardedEvent({ type: 'text', text: verdict.message });
    return 'blocked';
  }
  for (const [position, [index, call]] of calls.entries()) {
    yield proveGuardedEvent({ type: 'tool_call', index, id: call.id, name: call.name });
    const json = verdict.action === 'masked' ? (verdict.texts[position] ?? '') : call.json;
    yield proveGuardedEvent({ type: 'tool_arguments', index, json });
  }
  return 'released';
}
