import type { ScanMatch } from '../scan/scanner.ts';
import { scanText } from '../scan/stream.ts';
import type { ApplyGuardrailResponse, AssessRequest, ContentBlock } from './response.ts';
import type { Rule, RuleSet } from './rules.ts';
import { describeVerdict, type Finding, type VerdictFacts } from './verdict.ts';

/** What a guardrail knows of itself when it answers. */
export type AssessContext = Pick<VerdictFacts, 'blockedMessage' | 'details'> & {
  ruleSet: RuleSet;
  nowMs: () => number;
};

/** What stands where something was masked. */
export function placeholderOf(rule: Rule): string {
  return `{${rule.kind === 'regex' ? rule.name : rule.kind === 'pii' ? rule.type : rule.text}}`;
}

/** Assesses whole texts, each content block on its own. */
export function assessContent(request: AssessRequest, context: AssessContext): ApplyGuardrailResponse {
  const startedMs = context.nowMs();
  const { rules, scanner } = context.ruleSet;
  const findings: Finding[] = [];
  const characters = { guarded: 0, total: 0 };
  const scanned = request.content.map((block) => {
    const { text } = readBlock(block);
    characters.total += text.length;
    if (!isGuarded(block)) return { text, matches: [] };
    characters.guarded += text.length;
    const matches = scanner ? scanText(scanner, text) : [];
    for (const match of matches)
      findings.push(describeMatch(rules, match, text.slice(match.start, match.end)));
    return { text, matches };
  });
  return describeVerdict({
    source: request.source,
    rules,
    findings,
    characters,
    maskedTexts: () => scanned.map(({ text, matches }) => maskText(text, matches, rules)),
    blockedMessage: context.blockedMessage,
    details: context.details,
    latencyMs: context.nowMs() - startedMs,
    outputScope: request.outputScope ?? 'INTERVENTIONS',
  });
}

// An image would be let through unseen.
function readBlock(block: ContentBlock): ContentBlock['text'] {
  if (typeof block.text?.text !== 'string')
    throw new TypeError('the guardrail engine assesses text blocks only');
  return block.text;
}

// Grounding source and query are billed, but not guarded, unless they are said to be guarded content as well.
function isGuarded({ text: { qualifiers } }: ContentBlock): boolean {
  return qualifiers === undefined || qualifiers.length === 0 || qualifiers.includes('guard_content');
}

/** Names the rule behind a match. */
export function describeMatch(rules: readonly Rule[], match: ScanMatch, text: string): Finding {
  const rule = rules[match.pattern];
  if (!rule) throw new Error('a match of no rule');
  return { rule, match: text };
}

function maskText(text: string, matches: readonly ScanMatch[], rules: readonly Rule[]): string {
  let masked = '';
  let done = 0;
  for (const { pattern, start, end } of matches) {
    const rule = rules[pattern];
    if (rule?.action !== 'ANONYMIZE' || end <= done) continue;
    masked += text.slice(done, Math.max(start, done)) + placeholderOf(rule);
    done = end;
  }
  return masked + text.slice(done);
}
