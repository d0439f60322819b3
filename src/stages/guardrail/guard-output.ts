import type { FinalRelease, Guardrail, GuardrailStream, Released } from '../../ports/guardrail.ts';
import type { AnswerEvent, Block } from '../../road/conversation.ts';
import { proveGuardedEvents, type GuardedEvent, type OutputGuard } from '../../road/proofs.ts';
import type { RecordedGuard } from '../../road/record.ts';
import { refuse, RefusalError } from '../../road/refusal.ts';
import { listJudgedTexts, replaceJudgedTexts } from './judged-texts.ts';

/** What an id of a call looks like; whatever else a server sends as one is replaced. */
const CALL_ID = /^[A-Za-z0-9_.:|/+=-]{1,64}$/;

interface ToolCall {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  json: string;
}

/**
 * Lets an answer through as the guardrail releases it: what could still become part of a match is held back,
 * so the verdict is the same however the text was cut. Tool calls are held until their arguments are whole.
 * After a block nothing more of the model's text leaves, and the guardrail's own message ends the answer.
 */
export function openOutputGuard(input: {
  readonly guardrail: Guardrail;
  readonly signal: AbortSignal;
  readonly onVerdict: (guard: RecordedGuard) => void;
}): OutputGuard {
  return new AnswerGuard(input);
}

class AnswerGuard implements OutputGuard {
  readonly #guardrail: Guardrail;
  readonly #signal: AbortSignal;
  readonly #onVerdict: (guard: RecordedGuard) => void;
  readonly #stream: GuardrailStream;
  readonly #calls: ToolCall[] = [];
  #hasBegun = false;

  constructor({ guardrail, signal, onVerdict }: Parameters<typeof openOutputGuard>[0]) {
    this.#guardrail = guardrail;
    this.#signal = signal;
    this.#onVerdict = onVerdict;
    this.#stream = orRefuse(() => guardrail.openStream({ source: 'OUTPUT', signal }));
  }

  pass(batch: readonly AnswerEvent[]): readonly GuardedEvent[] | Promise<readonly GuardedEvent[]> {
    const whole = this.#hasBegun ? undefined : this.#passWhole(batch);
    this.#hasBegun = true;
    return whole ?? this.#passOn(batch);
  }

  async #passOn(batch: readonly AnswerEvent[]): Promise<readonly GuardedEvent[]> {
    const stream = this.#stream;
    const released: AnswerEvent[] = [];
    for (const event of batch) {
      if (event.type === 'text') {
        const step = await ask(() => stream.push(event.text));
        if (step.text !== '') released.push({ type: 'text', text: step.text });
        if (step.blocked) return this.#endBlocked(released, await ask(() => stream.end()));
      } else if (event.type === 'tool_call') {
        this.#calls.push({ index: event.index, id: event.id, name: event.name, json: '' });
      } else if (event.type === 'tool_arguments') {
        const call = this.#calls.find(({ index }) => index === event.index);
        if (call !== undefined) call.json += event.json;
      } else if (event.type === 'finish') {
        const rest = await ask(() => stream.end());
        if (rest.text !== '') released.push({ type: 'text', text: rest.text });
        if (rest.blocked) return this.#endBlocked(released, rest, event);
        this.#onVerdict(rest.recorded);
        if (this.#calls.length > 0) return this.#endWithCalls(released, event);
        released.push(event);
      }
    }
    return proveGuardedEvents(released);
  }

  /** Passes an answer that is one text and came at once; undefined where it is another one, or is blocked. */
  #passWhole(batch: readonly AnswerEvent[]): readonly GuardedEvent[] | undefined {
    const [first, second] = batch.length === 2 ? batch : [];
    if (first?.type !== 'text' || second?.type !== 'finish') return undefined;
    const whole = first.text === '' ? undefined : orRefuse(() => this.#stream.passWhole?.(first.text));
    if (whole === undefined) return undefined;
    this.#onVerdict(whole.recorded);
    return proveGuardedEvents(whole.text === first.text ? batch : [{ ...first, text: whole.text }, second]);
  }

  #endBlocked(released: AnswerEvent[], end: FinalRelease, finish?: Finish): readonly GuardedEvent[] {
    this.#onVerdict(end.recorded);
    released.push({ type: 'blocked', message: end.message ?? '' });
    released.push({ type: 'finish', reason: 'content_filter', usage: finish?.usage });
    return proveGuardedEvents(released);
  }

  async #endWithCalls(released: AnswerEvent[], finish: Finish): Promise<readonly GuardedEvent[]> {
    const calls = this.#calls;
    // The id and the name of a call may be the model's own text, too.
    const texts = calls.flatMap((call) => [call.id, call.name, ...listJudgedTexts(toBlock(call))]);
    const verdict = await ask(() =>
      this.#guardrail.assess({ source: 'OUTPUT', texts, signal: this.#signal }),
    );
    this.#onVerdict(verdict.recorded);
    if (verdict.action === 'blocked') {
      released.push({ type: 'blocked', message: verdict.message ?? '' });
      released.push({ ...finish, reason: 'content_filter' });
      return proveGuardedEvents(released);
    }
    if (verdict.action === 'masked' && verdict.texts.length !== texts.length)
      throw refuseUnavailable(new Error('the guardrail returned another number of texts than it was given'));
    let at = 0;
    const next = () => (verdict.action === 'masked' ? verdict.texts[at++] : texts[at++]) ?? '';
    for (const call of calls) {
      const { index } = call;
      const judgedId = next();
      const id = judgedId === call.id && CALL_ID.test(call.id) ? call.id : `call_${index}`;
      released.push({ type: 'tool_call', index, id, name: next() });
      const block = orRefuse(() => replaceJudgedTexts(toBlock(call), next));
      if (block.type === 'tool_call')
        released.push({ type: 'tool_arguments', index, json: block.argumentsJson });
    }
    released.push(finish);
    return proveGuardedEvents(released);
  }
}

function toBlock({ id, name, json }: ToolCall): Block {
  return { type: 'tool_call', id, name, argumentsJson: json };
}

type Finish = Extract<AnswerEvent, { type: 'finish' }>;

/** A guardrail that throws ends the answer: what was not judged does not leave. */
async function ask<Result extends Released | { readonly recorded: RecordedGuard }>(
  call: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw refuseUnavailable(cause);
  }
}

function orRefuse<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (cause) {
    throw refuseUnavailable(cause);
  }
}

function refuseUnavailable(cause: unknown): RefusalError {
  // Its message may repeat what it was shown, so its name alone goes on the record.
  const detail = cause instanceof Error ? cause.name : 'unknown';
  return new RefusalError(refuse('guardrail.unavailable', { detail }), { cause });
}
