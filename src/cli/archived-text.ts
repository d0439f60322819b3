import type { ReadResult } from '../compose/evidence.ts';
import { paint, stripControls } from './terminal.ts';

interface Message {
  readonly role: string;
  readonly blocks: readonly { readonly type: string; readonly text?: string }[];
}

/** What the archive holds of a request, in lines for people. */
export function describeArchived({ parts, withheld }: ReadResult): string[] {
  const lines = parts.flatMap(({ part, text }) =>
    part === 'prompt' ? describePrompt(text) : describeText(part, text),
  );
  lines.push(...withheld.map(({ part, reason }) => paint('yellow', `${part}: ${WITHHELD[reason]}`)));
  return lines.length === 0 ? [paint('dim', 'the archive holds nothing of this request')] : lines;
}

const WITHHELD = {
  shredded: 'gone for good: the key of the tenant was destroyed',
  expired: 'past its retention',
} as const;

function describePrompt(text: string): string[] {
  const messages = parseMessages(text);
  if (messages === undefined) return describeText('prompt', text);
  return messages.flatMap(({ role, blocks }) =>
    blocks.flatMap((block) => describeText(role, block.text ?? `[${block.type}]`)),
  );
}

function describeText(label: string, text: string): string[] {
  const [first = '', ...rest] = stripControls(text).split('\n');
  return [`${paint('cyan', `${label}:`)} ${first}`, ...rest.map((line) => `  ${line}`)];
}

function parseMessages(text: string): readonly Message[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('messages' in value)) return undefined;
    return Array.isArray(value.messages) && value.messages.every(isMessage) ? value.messages : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is Message {
  return (
    typeof value === 'object' &&
    value !== null &&
    'role' in value &&
    typeof value.role === 'string' &&
    'blocks' in value &&
    Array.isArray(value.blocks)
  );
}
