import { openPiiTagger, TAGGED_TYPES } from '../pii/tag-stream.ts';
import { piiScanner } from '../pii/pattern-node.ts';
import { PII_TYPES, type PiiType } from '../pii/types.ts';
import { parseRegex } from '../regex/parse.ts';
import { createScanner, type Scanner } from '../scan/scanner.ts';
import type { TextScanner } from '../scan/text-scan.ts';
import { reverseText, shiftLetters } from '../text/ciphers.ts';
import { PROFANITY } from '../words/profanity.ts';
import type { GuardrailConfig } from './config-schema.ts';
import { actionOf, BLOCK_BY_DEFAULT, type RuleAction } from './direction.ts';
import type { GuardrailSource } from './response.ts';

/** One configured control, as it is in one direction. */
export type Rule =
  | { kind: 'pii'; type: PiiType; action: RuleAction }
  | { kind: 'regex'; name: string; regex: string; action: RuleAction }
  | { kind: 'word'; text: string; action: RuleAction }
  | { kind: 'managed'; list: 'PROFANITY'; action: RuleAction };

/** The rules of one direction, and what finds them; no scanner where there is no rule. */
export type RuleSet = { rules: readonly Rule[]; scanner: TextScanner | undefined };

// Measured on the live service: `action: ANONYMIZE` alone detects in the input, but does not mask it.
function sensitiveDefaults(action: RuleAction): Record<GuardrailSource, RuleAction> {
  return { INPUT: action === 'ANONYMIZE' ? 'NONE' : action, OUTPUT: action };
}

/** Lists what runs in a direction: PII types by their priority, then custom regexes, words and managed lists. */
export function listRules(config: GuardrailConfig, source: GuardrailSource): Rule[] {
  const { piiEntitiesConfig = [], regexesConfig = [] } = config.sensitiveInformationPolicyConfig ?? {};
  const { wordsConfig = [], managedWordListsConfig = [] } = config.wordPolicyConfig ?? {};
  const rules: Rule[] = [];
  for (const type of PII_TYPES) {
    for (const entity of piiEntitiesConfig.filter((entity) => entity.type === type)) {
      const action = actionOf(entity, source, sensitiveDefaults(entity.action));
      if (action) rules.push({ kind: 'pii', type, action });
    }
  }
  for (const regex of regexesConfig) {
    const action = actionOf(regex, source, sensitiveDefaults(regex.action));
    if (action) rules.push({ kind: 'regex', name: regex.name, regex: regex.pattern, action });
  }
  for (const word of wordsConfig) {
    const action = actionOf<'BLOCK' | 'NONE'>(word, source, BLOCK_BY_DEFAULT);
    if (action) rules.push({ kind: 'word', text: word.text, action });
  }
  for (const list of managedWordListsConfig) {
    const action = actionOf<'BLOCK' | 'NONE'>(list, source, BLOCK_BY_DEFAULT);
    if (action) rules.push({ kind: 'managed', list: list.type, action });
  }
  return rules;
}

/** Compiles both directions; where they look for the same, they share a scanner. */
export function compileRules(config: GuardrailConfig): Record<GuardrailSource, RuleSet> {
  const input = listRules(config, 'INPUT');
  const output = listRules(config, 'OUTPUT');
  const inputScanner = scannerFor(input);
  const isSame = JSON.stringify(input.map(withoutAction)) === JSON.stringify(output.map(withoutAction));
  return {
    INPUT: { rules: input, scanner: inputScanner },
    OUTPUT: { rules: output, scanner: isSame ? inputScanner : scannerFor(output) },
  };
}

function withoutAction(rule: Rule): Rule {
  return { ...rule, action: 'NONE' };
}

function scannerFor(rules: readonly Rule[]): TextScanner | undefined {
  if (rules.length === 0) return undefined;
  const scanners: Scanner[] = [];
  const ruleOf: number[][] = [];
  const words: { text: string; rule: number }[] = [];
  const disguised: { text: string; rule: number }[] = [];
  const tagged = new Map<PiiType, number>();
  const add = (scanner: Scanner | undefined, rule: number) => {
    if (!scanner) return;
    scanners.push(scanner);
    ruleOf.push(scanner.patterns.map(() => rule));
  };
  rules.forEach((rule, i) => {
    if (rule.kind === 'pii') {
      add(piiScanner(rule.type), i);
      if (TAGGED_TYPES.has(rule.type)) tagged.set(rule.type, i);
    } else if (rule.kind === 'regex') {
      add(createScanner({ patterns: [{ node: parseRegex(rule.regex) }] }), i);
    } else if (rule.kind === 'word') {
      words.push({ text: rule.text, rule: i });
      disguised.push(...listDisguises(rule.text).map((text) => ({ text, rule: i })));
    } else {
      words.push(...PROFANITY.map((text) => ({ text, rule: i })));
    }
  });
  let leetWords: Scanner | undefined;
  if (words.length > 0) {
    const listed = [...words, ...disguised];
    scanners.push(createScanner({ patterns: [], words: listed.map(({ text }) => text) }));
    leetWords = createScanner({ patterns: [], words: words.map(({ text }) => text) });
    ruleOf.push(
      listed.map(({ rule }) => rule),
      words.map(({ rule }) => rule),
    );
  }
  return {
    scanners: { all: scanners, leetWords },
    ruleOf,
    openOthers: tagged.size > 0 ? [() => openPiiTagger(tagged)] : [],
  };
}

const LEAST_DISGUISED_LETTERS = 6;

// Words in rot13 and from their end are words too; short ones would be found in the middle of anything.
function listDisguises(word: string): string[] {
  if ((word.match(/[a-z]/gi)?.length ?? 0) < LEAST_DISGUISED_LETTERS) return [];
  const disguises = [shiftLetters(word, 13), reverseText(word)];
  return disguises.filter((text) => text.toLowerCase() !== word.toLowerCase());
}
