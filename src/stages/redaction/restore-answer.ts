import type { AnswerEvent } from '../../road/conversation.ts';
import type { Capability } from '../../road/governed.ts';
import { proveDeliverableEvents, type AnswerRestorer, type Redacted } from '../../road/proofs.ts';

/**
 * Puts back what was masked, where the capability allows, also where a placeholder is cut in two by chunk
 * borders. It comes after the output guard, which thus never sees (and never reports) the caller's own data.
 */
export function openAnswerRestorer(input: {
  readonly redactions: readonly Redacted[];
  readonly restore: Capability['redaction']['restore'];
}): AnswerRestorer {
  if (input.redactions.length === 0) return NOTHING_TO_RESTORE;
  const values = selectRestorable(input.redactions, input.restore);
  if (values.size === 0) return NOTHING_TO_RESTORE;
  const text = new Restorer(values);
  const calls = new Map<number, Restorer>();
  const jsonValues = new Map(
    [...values].map(([placeholder, value]) => [placeholder, JSON.stringify(value).slice(1, -1)]),
  );
  const restorerOf = (index: number): Restorer => {
    let restorer = calls.get(index);
    if (restorer === undefined) calls.set(index, (restorer = new Restorer(jsonValues)));
    return restorer;
  };
  return {
    restore(events) {
      const restored: AnswerEvent[] = [];
      const addText = (piece: string) => piece !== '' && restored.push({ type: 'text', text: piece });
      const addJson = (index: number, json: string) =>
        json !== '' && restored.push({ type: 'tool_arguments', index, json });
      for (const event of events) {
        if (event.type === 'text') addText(text.push(event.text));
        else if (event.type === 'tool_arguments')
          addJson(event.index, restorerOf(event.index).push(event.json));
        else {
          // What was held back of the text stands before whatever follows it.
          addText(text.end());
          if (event.type === 'finish') {
            for (const [index, restorer] of calls) addJson(index, restorer.end());
          }
          restored.push(event);
        }
      }
      return proveDeliverableEvents(restored);
    },
  };
}

const NOTHING_TO_RESTORE: AnswerRestorer = { restore: proveDeliverableEvents };

function selectRestorable(
  redactions: readonly Redacted[],
  restore: Capability['redaction']['restore'],
): ReadonlyMap<string, string> {
  if (restore === 'none') return new Map();
  return new Map(
    redactions
      .filter((redacted) => restore === 'all' || redacted.origin === 'caller')
      .map((redacted) => [redacted.placeholder, redacted.value]),
  );
}

/** Replaces placeholders in a text that arrives in pieces; holds back only what may be the start of one. */
export class Restorer {
  readonly #values: ReadonlyMap<string, string>;
  readonly #longest: number;
  #held = '';

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
    this.#longest = Math.max(0, ...[...values.keys()].map((placeholder) => placeholder.length));
  }

  push(chunk: string): string {
    const text = this.#held + chunk;
    const open = text.lastIndexOf('[');
    const mayContinue = open !== -1 && text.length - open < this.#longest && !text.includes(']', open);
    const cut = mayContinue ? open : text.length;
    this.#held = text.slice(cut);
    return this.#replace(text.slice(0, cut));
  }

  end(): string {
    const rest = this.#held;
    this.#held = '';
    return this.#replace(rest);
  }

  #replace(text: string): string {
    if (!text.includes('[')) return text;
    return text.replaceAll(
      /\[[A-Z_]+_[0-9]+\]/g,
      (placeholder) => this.#values.get(placeholder) ?? placeholder,
    );
  }
}
