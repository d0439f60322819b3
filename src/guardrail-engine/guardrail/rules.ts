import { createPiiTagger, TAGGED_TYPES } from '../pii/tag-stream.ts';
import { piiScanner } from '../pii/pattern-node.ts';
import { PII_TYPES, type PiiType } from '../pii/types.ts';
import { parseRegex } from '../regex/parse.ts';
import { createScanner, type Scanner } from '../scan/scanner.ts';
import type { TextScanner } from '../scan/text-scan.ts';
import { createWordScanners, openProfanityScanners, type WordScanners } from '../words/word-scanners.ts';
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
  const all: { scanner: Scanner; ruleOf: readonly number[] }[] = [];
  const leet: typeof all = [];
  const words: { text: string; rule: number }[] = [];
  const tagged = new Map<PiiType, number>();
  const add = (scanner: Scanner | undefined, rule: number) => {
    if (scanner) all.push({ scanner, ruleOf: scanner.patterns.map(() => rule) });
  };
  const addWords = ({ plain, leet: inLeet, wordOf }: WordScanners, ruleOfWord: (word: number) => number) => {
    const ruleOf = wordOf.map(ruleOfWord);
    all.push({ scanner: plain, ruleOf });
    leet.push({ scanner: inLeet, ruleOf });
  };
  rules.forEach((rule, i) => {
    if (rule.kind === 'pii') {
      add(piiScanner(rule.type), i);
      if (TAGGED_TYPES.has(rule.type)) tagged.set(rule.type, i);
    } else if (rule.kind === 'regex') {
      add(createScanner({ patterns: [{ node: parseRegex(rule.regex) }] }), i);
    } else if (rule.kind === 'word') {
      words.push({ text: rule.text, rule: i });
    } else {
      addWords(openProfanityScanners(), () => i);
    }
  });
  if (words.length > 0) {
    const scanners = createWordScanners(words.map(({ text }) => text));
    addWords(scanners, (word) => words[word]?.rule ?? -1);
  }
  return {
    scanners: { all: all.map(({ scanner }) => scanner), leetWords: leet.map(({ scanner }) => scanner) },
    ruleOf: [...all, ...leet].map(({ ruleOf }) => ruleOf),
    openOthers: tagged.size > 0 ? [createPiiTagger(tagged)] : [],
  };
}
