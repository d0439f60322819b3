import { FoundMerger } from '../scan/merge.ts';
import type { Found } from '../scan/run-stream.ts';
import { openTextScan, scanWholeText, type TextScan, type TextScanner } from '../scan/text-scan.ts';
import type { Direction } from './compiled.ts';
import type { TextOrigin } from './policies.ts';
import type { Rule } from './rules.ts';
import type { Finding } from './verdict.ts';
import { WindowJudge } from './window-judge.ts';

/** What stands where something was masked. */
export function placeholderOf(rule: Rule): string {
  if (rule.kind === 'regex') return `{${rule.name}}`;
  return `{${rule.kind === 'pii' ? rule.type : rule.kind === 'word' ? rule.text : rule.list}}`;
}

/**
 * Guards one text that arrives in chunks. What could still become part of a match, or has not been judged yet, is
 * held back. From the first finding that blocks on, nothing is released, and nothing of it has been.
 */
export class TextGuard {
  isBlocked = false;
  /** In order. */
  readonly findings: Finding[] = [];
  readonly judge: WindowJudge;
  readonly #rules: readonly Rule[];
  readonly #scanner: TextScanner | undefined;
  readonly #merger = new FoundMerger();
  readonly #isHeld: boolean;
  #scan: TextScan | undefined;
  #masks: Found[] = [];
  // The text that has not been released, and where it begins.
  #text = '';
  #releasedTo = 0;
  #readTo = 0;

  constructor(direction: Direction, options: { origin: TextOrigin; isHeld?: boolean }) {
    const { rules, scanner } = direction.ruleSet;
    this.#rules = rules;
    this.#scanner = scanner;
    this.judge = new WindowJudge(direction.policies, options.origin);
    this.#isHeld = options.isHeld ?? false;
  }

  /** Reads a chunk and gives what may be released, masked. */
  read(chunk: string, options: { isLast: boolean }): string {
    this.#scan ??= this.#scanner && openTextScan(this.#scanner);
    return this.#take(chunk, this.#scan?.read(chunk, options) ?? [], options);
  }

  /** Reads a text that comes in one piece, in which this was found, in place of all else. */
  readWhole(text: string, found: readonly Found[]): string {
    return this.#take(text, found, { isLast: true });
  }

  #take(chunk: string, found: readonly Found[], options: { isLast: boolean }): string {
    this.#text += chunk;
    this.#readTo += chunk.length;
    this.isBlocked ||= found.some(({ rule }) => this.#rules[rule]?.action === 'BLOCK');
    this.judge.read(chunk, options);
    this.isBlocked ||= this.judge.isBlocked;
    const scannedTo = options.isLast ? this.#readTo : (this.#scan?.finalTo ?? this.#readTo);
    this.#note(this.#merger.add(found, scannedTo));
    const judgedTo = options.isLast ? this.#readTo : Math.min(scannedTo, this.judge.finalTo);
    const releaseTo = this.#isHeld && !options.isLast ? 0 : Math.min(judgedTo, this.#merger.heldFrom);
    return this.#release(releaseTo, options);
  }

  #note(whole: readonly Found[]): void {
    for (const found of whole) {
      const rule = this.#rules[found.rule];
      if (!rule) throw new Error('a match of no rule');
      this.findings.push({ rule, match: this.#slice(found.start, found.end) });
      if (rule.action === 'ANONYMIZE') this.#masks.push(found);
    }
  }

  // Where masks overlap, the first has its whole and a later one what lies behind it: nothing of any is left.
  #release(limit: number, { isLast }: { isLast: boolean }): string {
    let to = limit;
    let text = '';
    let at = this.#releasedTo;
    for (let mask = this.#masks[0]; mask && mask.start < to; mask = this.#masks[0]) {
      if (mask.end > to) {
        to = Math.max(at, mask.start);
        break;
      }
      this.#masks.shift();
      const rule = this.#rules[mask.rule];
      if (mask.end <= at || !rule) continue;
      text += this.#slice(at, Math.max(at, mask.start)) + placeholderOf(rule);
      at = mask.end;
    }
    // Half a surrogate pair would become U+FFFD where each piece is encoded on its own.
    if (!isLast && to > at && isHighSurrogate(this.#slice(to - 1, to))) to--;
    if (to > at) text += this.#slice(at, to);
    at = Math.max(at, to);
    this.#text = this.#text.slice(at - this.#releasedTo);
    this.#releasedTo = at;
    return this.isBlocked ? '' : text;
  }

  #slice(from: number, to: number): string {
    return this.#text.slice(from - this.#releasedTo, to - this.#releasedTo);
  }
}

/** Guards a text that comes in one piece; undefined where nothing is in it, and it may be released as it stands. */
export function guardWhole(
  text: string,
  direction: Direction,
  origin: TextOrigin,
): { readonly guard: TextGuard; readonly released: string } | undefined {
  const { scanner } = direction.ruleSet;
  const found = scanner ? scanWholeText(scanner, text) : NOTHING;
  if (found.length === 0 && direction.policies.length === 0) return undefined;
  const guard = new TextGuard(direction, { origin });
  return { guard, released: guard.readWhole(text, found) };
}

const NOTHING: readonly Found[] = [];

function isHighSurrogate(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xd800 && unit <= 0xdbff;
}
