import type { PatternMatcher } from '../../ports/pattern-matcher.ts';
import type { AttackPattern } from '../../road/edge-rules.ts';
import type { RecordedAttack } from '../../road/record.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/** Patterns of known attacks, ready to be looked for together. */
export interface AttackRules {
  readonly patterns: readonly AttackPattern[];
  readonly matcher: PatternMatcher;
}

/**
 * Looks for known attacks in the text of a body, its JSON escapes undone: `\u0069gnore` is `ignore` to a model. Tells
 * of each pattern that was found, never the text; refuses by the first that blocks. A matcher that throws refuses.
 */
export function findAttacks(
  text: string,
  { patterns, matcher }: AttackRules,
  onAttack: (attack: RecordedAttack) => void,
): Refusal | undefined {
  if (patterns.length === 0) return undefined;
  let blocking: AttackPattern | undefined;
  for (const index of matcher.match(undoEscapes(text))) {
    const pattern = patterns[index];
    if (pattern === undefined) throw new Error('the matcher names a pattern that there is not');
    onAttack({ pattern: pattern.name, action: pattern.action === 'block' ? 'blocked' : 'counted' });
    if (pattern.action === 'block') blocking ??= pattern;
  }
  if (blocking === undefined) return undefined;
  const { name, message } = blocking;
  return refuse('edge.attack_pattern', { detail: name, ...(message === undefined ? {} : { message }) });
}

const BACKSLASH = 0x5c;
const PLAIN: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9 };

/** What stands in the strings of a JSON text; outside of strings there is no backslash. Linear, also in backslashes. */
export function undoEscapes(text: string): string {
  let at = text.indexOf('\\');
  if (at === -1) return text;
  const units = new Uint16Array(text.length);
  let length = 0;
  for (let from = 0; from < text.length; from = at + 1) {
    at = from;
    const unit = text.charCodeAt(at);
    if (unit !== BACKSLASH) {
      units[length++] = unit;
      continue;
    }
    const escape = text[++at] ?? '';
    const hex = escape === 'u' ? text.slice(at + 1, at + 5) : '';
    if (/^[0-9a-fA-F]{4}$/.test(hex)) {
      units[length++] = Number.parseInt(hex, 16);
      at += 4;
    } else units[length++] = PLAIN[escape] ?? text.charCodeAt(at);
  }
  return Buffer.from(units.buffer, 0, length * 2).toString('utf16le');
}
