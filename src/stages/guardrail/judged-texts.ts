import type { Block } from '../../road/conversation.ts';
import { isJsonDocument, listArgumentTexts, replaceArgumentTexts } from '../../road/tool-arguments.ts';

/**
 * What a guardrail is shown of a block: its text, and, where that is JSON with escapes, what it reads as: written
 * without needless escapes, and value by value. `Project\u0020Nightjar` is one to the reader.
 */
export function listJudgedTexts(block: Block): readonly string[] {
  const text = textOf(block);
  return hasEscapes(block, text) ? [rewrite(text), ...listArgumentTexts(text)] : [text];
}

/**
 * The block with its texts as the guardrail masked them, which come in the order of `listJudgedTexts`. Throws where
 * the text as a whole and its values were masked in ways that do not agree.
 */
export function replaceJudgedTexts(block: Block, next: () => string): Block {
  const text = textOf(block);
  const masked = next();
  if (!hasEscapes(block, text)) return withText(block, masked);
  const plain = rewrite(text);
  const byValue = replaceArgumentTexts(text, next);
  const isMaskedWhole = masked !== plain;
  const isMaskedByValue = rewrite(byValue) !== plain;
  if (isMaskedWhole && isMaskedByValue && masked !== byValue) throw new MaskConflictError();
  return withText(block, isMaskedWhole ? masked : byValue);
}

/** Two masks of one text that cannot both be kept. */
export class MaskConflictError extends Error {
  override readonly name = 'MaskConflictError';
}

/** The same JSON without needless escapes. */
function rewrite(json: string): string {
  return replaceArgumentTexts(json, (text) => text);
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
