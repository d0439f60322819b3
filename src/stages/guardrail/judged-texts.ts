import type { Block } from '../../road/conversation.ts';
import { isJsonDocument, listArgumentTexts, replaceArgumentTexts } from '../../road/tool-arguments.ts';

/**
 * What a guardrail is shown of a block: its text, and, where that is JSON with escapes, also what the escapes
 * say. `Project\u0020Nightjar` is one to the reader.
 */
export function listJudgedTexts(block: Block): readonly string[] {
  const text = textOf(block);
  return hasEscapes(block, text) ? [text, ...listArgumentTexts(text)] : [text];
}

/** The block with its texts as the guardrail masked them, which come in the order of `listJudgedTexts`. */
export function replaceJudgedTexts(block: Block, next: () => string): Block {
  const text = textOf(block);
  const masked = next();
  if (!hasEscapes(block, text)) return withText(block, masked);
  const rewritten = replaceArgumentTexts(text, next);
  return withText(block, rewritten === text ? masked : rewritten);
}

function hasEscapes(block: Block, text: string): boolean {
  if (block.type === 'text' || !text.includes('\\')) return false;
  return block.type === 'tool_call' || isJsonDocument(text);
}

function textOf(block: Block): string {
  return block.type === 'tool_call' ? block.argumentsJson : block.text;
}

function withText(block: Block, text: string): Block {
  if (text === textOf(block)) return block;
  return block.type === 'tool_call' ? { ...block, argumentsJson: text } : { ...block, text };
}
