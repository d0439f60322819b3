import { rules as presetRules } from '@secretlint/secretlint-rule-preset-recommend';
import type { SecretLintCoreConfig, SecretLintRuleContext, SecretLintRuleCreator } from '@secretlint/types';
import { CLIENT_RULES, namesAddress } from './client-rules.ts';
import { ENDPOINT_RULES } from './endpoint-rules.ts';
import type { ScanRule } from './finding.ts';
import { KEY_RULES } from './key-rules.ts';

/** The rules of secretlint's own that are about models and clouds; its others belong to other tools. */
const PRESET_RULES = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  groq: 'Groq',
  huggingface: 'Hugging Face',
  aws: 'AWS',
  gcp: 'Google Cloud',
  databricks: 'Databricks',
} as const;

/** Documents speak of endpoints and show clients, and call nobody. Keys are looked for in them all the same. */
const DOCUMENT = /\.(?:mdx?|markdown|rst|adoc|txt|html?|svg)$/i;
/** How far back the beginning of a line is looked for: files without line breaks would cost its square. */
const MAX_LINE_CHARS = 2000;
/** Matches of one rule that are looked at in one file. */
const MAX_MATCHES = 1000;
const PREFIX = '@secretlint/secretlint-rule-';

/** Every rule, by its id. */
export const SCAN_RULES: ReadonlyMap<string, ScanRule> = new Map(
  [
    ...KEY_RULES,
    ...ENDPOINT_RULES,
    ...CLIENT_RULES.flatMap(({ rules }) => rules),
    ...Object.entries(PRESET_RULES).map(([name, of]): ScanRule => ({
      id: `secretlint/${name}`,
      severity: 'error',
      title: `A hard-coded credential of ${of}`,
      advice: 'Revoke this credential, remove it, and call the gateway with a token of your own.',
    })),
  ].map((rule) => [rule.id, rule]),
);

/** The configuration of secretlint: its rules for models and clouds, and ours. */
export const SECRETLINT_CONFIG: SecretLintCoreConfig = {
  rules: [
    ...listPresetRules(),
    toConfigured('keys', reportKeys),
    toConfigured('endpoints', reportEndpoints),
    toConfigured('clients', reportClients),
  ],
};

/** Finds the rule behind a message of secretlint; undefined for what is none of ours. */
export function findRule(message: {
  readonly ruleId: string;
  readonly messageId: string;
}): ScanRule | undefined {
  if (message.ruleId.startsWith('goldenpath/')) return SCAN_RULES.get(message.messageId);
  return SCAN_RULES.get(`secretlint/${message.ruleId.replace(PREFIX, '')}`);
}

/**
 * One by one, since a preset cannot leave out its rule for `secretlint-disable` comments: a finding is allowed
 * by our comment alone, which needs a reason.
 */
function listPresetRules(): SecretLintCoreConfig['rules'] {
  const wanted = presetRules.filter(({ meta }) => Object.hasOwn(PRESET_RULES, meta.id.replace(PREFIX, '')));
  if (wanted.length !== Object.keys(PRESET_RULES).length)
    throw new Error('secretlint lacks a rule that we name');
  return wanted.map((rule) => ({ id: rule.meta.id, rule }));
}

interface Source {
  readonly content: string;
  readonly filePath: string | undefined;
}
type Report = (found: { readonly rule: ScanRule; readonly start: number; readonly end: number }) => void;
type Search = (source: Source, report: Report) => void;

/** Wraps a search as a rule of secretlint; the id of our rule travels as the message id. */
function toConfigured(name: string, search: Search): SecretLintCoreConfig['rules'][number] {
  const id = `goldenpath/${name}`;
  const messages = Object.fromEntries(
    [...SCAN_RULES.values()].map((rule) => [rule.id, { en: () => rule.title }]),
  );
  const rule: SecretLintRuleCreator = {
    messages,
    meta: { id, type: 'scanner', recommended: true, supportedContentTypes: ['text'] },
    create(context: SecretLintRuleContext) {
      const translate = context.createTranslator(messages);
      return {
        file(source) {
          search(source, (found) => {
            context.report({ message: translate(found.rule.id), range: [found.start, found.end] });
          });
        },
      };
    },
  };
  return { id, rule };
}

function reportKeys({ content }: Source, report: Report): void {
  for (const rule of KEY_RULES) {
    for (const match of content.matchAll(rule.pattern).take(MAX_MATCHES)) {
      const secret = match.groups?.['secret'] ?? match[0];
      const start = match.index + match[0].lastIndexOf(secret);
      report({ rule, start, end: start + secret.length });
    }
  }
}

function reportEndpoints({ content, filePath = '' }: Source, report: Report): void {
  if (DOCUMENT.test(filePath)) return;
  for (const rule of ENDPOINT_RULES) {
    for (const match of content.matchAll(rule.pattern).take(MAX_MATCHES)) {
      if (isCommentedOut(content, match.index)) continue;
      report({ rule, start: match.index, end: match.index + match[0].length });
    }
  }
}

function reportClients({ content, filePath = '' }: Source, report: Report): void {
  for (const { extensions, rules } of CLIENT_RULES) {
    if (!extensions.test(filePath)) continue;
    for (const rule of rules) {
      for (const match of content.matchAll(rule.pattern).take(MAX_MATCHES)) {
        const end = match.index + match[0].length;
        if (isCommentedOut(content, match.index) || namesAddress(content, end)) continue;
        report({ rule, start: match.index, end });
      }
    }
  }
}

/** Whether the line begins as a comment. A comment calls nobody, while a key in it is as lost as any other. */
function isCommentedOut(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - MAX_LINE_CHARS), index);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  if (/^\s{0,200}(?:\/\*|<!--)/.test(line)) return !/\*\/|-->/.test(line);
  return /^\s{0,200}(?:\/\/|#|\*)/.test(line);
}
