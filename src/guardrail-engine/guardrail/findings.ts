import type { GuardrailAssessment, OutputScope, SensitiveAction } from './response.ts';
import type { RuleAction } from './direction.ts';
import type { Rule } from './rules.ts';

/** A rule that matched, with the text that it matched. */
export type Finding = { rule: Rule; match: string };

type Policies = Pick<GuardrailAssessment, 'wordPolicy' | 'sensitiveInformationPolicy'>;
type Words = NonNullable<Policies['wordPolicy']>;
type Sensitive = NonNullable<Policies['sensitiveInformationPolicy']>;

/** What an assessment says of words, PII and custom regexes; a list without entries is left out. */
export function describeFindings(
  findings: readonly Finding[],
  verdict: { rules: readonly Rule[]; outputScope: OutputScope; isBlocked: boolean },
): Policies {
  if (findings.length === 0 && verdict.outputScope !== 'FULL') return {};
  const customWords: NonNullable<Words['customWords']> = [];
  const managedWordLists: NonNullable<Words['managedWordLists']> = [];
  const piiEntities: NonNullable<Sensitive['piiEntities']> = [];
  const regexes: NonNullable<Sensitive['regexes']> = [];
  for (const { rule, match } of findings) {
    const blockAction = rule.action === 'BLOCK' ? ('BLOCKED' as const) : ('NONE' as const);
    const action = describeAction(rule.action, verdict.isBlocked);
    if (rule.kind === 'word') customWords.push({ match, action: blockAction, detected: true });
    else if (rule.kind === 'managed')
      managedWordLists.push({ match, type: rule.list, action: blockAction, detected: true });
    else if (rule.kind === 'pii') piiEntities.push({ match, type: rule.type, action, detected: true });
    else regexes.push({ name: rule.name, match, regex: rule.regex, action, detected: true });
  }
  // The full scope does not extend to words and regexes.
  if (verdict.outputScope === 'FULL') {
    const found = new Set(piiEntities.map(({ type }) => type));
    for (const rule of verdict.rules) {
      if (rule.kind !== 'pii' || found.has(rule.type)) continue;
      piiEntities.push({ match: '', type: rule.type, action: 'NONE', detected: false });
    }
  }
  const words = {
    ...(customWords.length > 0 ? { customWords } : {}),
    ...(managedWordLists.length > 0 ? { managedWordLists } : {}),
  };
  const sensitive = {
    ...(piiEntities.length > 0 ? { piiEntities } : {}),
    ...(regexes.length > 0 ? { regexes } : {}),
  };
  return {
    ...(Object.keys(words).length > 0 ? { wordPolicy: words } : {}),
    ...(Object.keys(sensitive).length > 0 ? { sensitiveInformationPolicy: sensitive } : {}),
  };
}

// A block beats a mask: what would have been masked then shows no action.
function describeAction(action: RuleAction, isBlocked: boolean): SensitiveAction {
  if (action === 'BLOCK') return 'BLOCKED';
  return action === 'ANONYMIZE' && !isBlocked ? 'ANONYMIZED' : 'NONE';
}
