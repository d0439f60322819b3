import { piiScanPattern } from '../pii/pattern-node.ts';
import { PII_DETECTOR_TYPES, type PiiDetectorType } from '../pii/types.ts';
import { parseRegex } from '../regex/parse.ts';
import { createScanner, type ScanPattern, type Scanner } from '../scan/scanner.ts';
import type { GuardrailConfig } from './config-schema.ts';
import type { GuardrailSource } from './response.ts';

/** What to do about a match. */
export type RuleAction = 'BLOCK' | 'ANONYMIZE' | 'NONE';

/** One configured control, as it is in one direction. */
export type Rule =
  | { kind: 'pii'; type: PiiDetectorType; action: RuleAction }
  | { kind: 'regex'; name: string; regex: string; action: RuleAction }
  | { kind: 'word'; text: string; action: RuleAction };

/** The rules of one direction, in the order of the scanner's patterns; no scanner where there is no rule. */
export type RuleSet = { rules: readonly Rule[]; scanner: Scanner | undefined };

type PerDirection<Action> = {
  inputAction?: Action;
  outputAction?: Action;
  inputEnabled?: boolean;
  outputEnabled?: boolean;
};

/** The action of a control in a direction; undefined where it is switched off. */
function actionOf<Action extends RuleAction>(
  control: PerDirection<Action>,
  source: GuardrailSource,
  defaults: Record<GuardrailSource, Action>,
): Action | undefined {
  const isInput = source === 'INPUT';
  if ((isInput ? control.inputEnabled : control.outputEnabled) === false) return undefined;
  return (isInput ? control.inputAction : control.outputAction) ?? defaults[source];
}

// Measured on the live service: `action: ANONYMIZE` alone detects in the input, but does not mask it.
function sensitiveDefaults(action: RuleAction): Record<GuardrailSource, RuleAction> {
  return { INPUT: action === 'ANONYMIZE' ? 'NONE' : action, OUTPUT: action };
}

/** Lists what runs in a direction: PII types by their priority, then custom regexes, then words. */
export function listRules(config: GuardrailConfig, source: GuardrailSource): Rule[] {
  const { piiEntitiesConfig = [], regexesConfig = [] } = config.sensitiveInformationPolicyConfig ?? {};
  const rules: Rule[] = [];
  for (const type of PII_DETECTOR_TYPES) {
    for (const entity of piiEntitiesConfig.filter((entity) => entity.type === type)) {
      const action = actionOf(entity, source, sensitiveDefaults(entity.action));
      if (action) rules.push({ kind: 'pii', type, action });
    }
  }
  for (const regex of regexesConfig) {
    const action = actionOf(regex, source, sensitiveDefaults(regex.action));
    if (action) rules.push({ kind: 'regex', name: regex.name, regex: regex.pattern, action });
  }
  for (const word of config.wordPolicyConfig?.wordsConfig ?? []) {
    const action = actionOf<'BLOCK' | 'NONE'>(word, source, { INPUT: 'BLOCK', OUTPUT: 'BLOCK' });
    if (action) rules.push({ kind: 'word', text: word.text, action });
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

function scannerFor(rules: readonly Rule[]): Scanner | undefined {
  if (rules.length === 0) return undefined;
  const patterns = rules.flatMap((rule): ScanPattern[] => {
    if (rule.kind === 'pii') return [piiScanPattern(rule.type)];
    return rule.kind === 'regex' ? [{ node: parseRegex(rule.regex) }] : [];
  });
  const words = rules.flatMap((rule) => (rule.kind === 'word' ? [rule.text] : []));
  return createScanner({ patterns, words });
}
