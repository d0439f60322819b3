import { PieceCutter } from '../scan/pieces.ts';
import type { ScanMatch } from '../scan/scanner.ts';
import { ScanStream } from '../scan/stream.ts';
import { describeMatch, placeholderOf, type AssessContext } from './assess.ts';
import type { GuardStream, Released } from './compiled.ts';
import type { ApplyGuardrailResponse, GuardrailSource, OutputScope } from './response.ts';
import { describeVerdict, type Finding } from './verdict.ts';

/**
 * Guards a text that arrives in chunks. What could still become part of a match is held back. From the first match
 * that blocks on, nothing is released, and nothing of that match has been; what is pushed after it is still read, so
 * that the response is the one for the whole text.
 */
export function openGuardStream(
  options: { source: GuardrailSource; outputScope?: OutputScope },
  context: AssessContext,
): GuardStream {
  const { rules, scanner } = context.ruleSet;
  const scan = scanner && new ScanStream(scanner);
  const cutter = scan && new PieceCutter(scan);
  const findings: Finding[] = [];
  let released = '';
  let characterCount = 0;
  let spentMs = 0;
  let isBlocked = false;
  let hasEnded = false;

  function settle(matches: readonly ScanMatch[], isLast: boolean): string {
    if (!scan || !cutter) return '';
    for (const match of matches) {
      const finding = describeMatch(rules, match, scan.slice(match.start, match.end));
      findings.push(finding);
      isBlocked ||= finding.rule.action === 'BLOCK';
    }
    if (isBlocked) return '';
    const masking = matches.filter(({ pattern }) => rules[pattern]?.action === 'ANONYMIZE');
    let text = '';
    for (const piece of cutter.cut(masking, { isLast })) {
      const rule = piece.match && rules[piece.match.pattern];
      text += rule ? placeholderOf(rule) : piece.text;
    }
    return text;
  }

  function take(read: () => readonly ScanMatch[], unguarded: string, isLast: boolean): Released {
    if (hasEnded) throw new Error('the guarded text has ended');
    const startedMs = context.nowMs();
    const text = scan ? settle(read(), isLast) : unguarded;
    released += text;
    hasEnded = isLast;
    spentMs += context.nowMs() - startedMs;
    return { text, blocked: isBlocked };
  }

  function describe(): ApplyGuardrailResponse {
    return describeVerdict({
      source: options.source,
      rules,
      findings,
      characters: { guarded: characterCount, total: characterCount },
      maskedTexts: () => [released],
      blockedMessage: context.blockedMessage,
      details: context.details,
      latencyMs: spentMs,
      outputScope: options.outputScope ?? 'INTERVENTIONS',
    });
  }

  return {
    push(text) {
      characterCount += text.length;
      return take(() => scan?.push(text) ?? [], text, false);
    },
    end() {
      const last = take(() => scan?.end() ?? [], '', true);
      return { ...last, response: describe() };
    },
  };
}
