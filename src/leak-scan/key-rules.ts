import type { ScanRule } from './finding.ts';

/** A rule that finds a key by its form. The named group `secret`, or else the whole match, is the key. */
export interface KeyRule extends ScanRule {
  readonly pattern: RegExp;
}

const REVOKE = 'Revoke this key at its provider, remove it, and call the gateway with a token of your own.';
const REVOKE_AWS =
  'Revoke this key in AWS IAM, remove it, and call the gateway with a token: it holds the role that may use models.';

/** A key without a form of its own, recognised by the name that it is assigned to. */
function assigned(names: string, value: string): RegExp {
  const source = String.raw`(?<![A-Za-z0-9])(?:${names})["']?\s{0,8}(?::=|=>|[:=,])\s{0,8}["'\x60]?(?<secret>${value})(?![\w+/-])`;
  return new RegExp(source, 'gi');
}

interface Form {
  readonly id: string;
  readonly of: string;
  readonly pattern: RegExp;
  readonly advice?: string;
}

// Every quantifier is bounded, and no two neighbours match the same text: no input makes these slow.
// prettier-ignore
const FORMS: readonly Form[] = [
  { id: 'openai', of: 'OpenAI', pattern: /(?<![\w-])sk-(?:(?:proj|svcacct|admin|service|None)-[\w-]{40,220}|[A-Za-z0-9]{48})(?![\w-])/g },
  { id: 'anthropic', of: 'Anthropic', pattern: /(?<![\w-])sk-ant-[a-z]{3,8}\d{2}-[\w-]{40,130}(?![\w-])/g },
  { id: 'openrouter', of: 'OpenRouter', pattern: /(?<![\w-])sk-or-v\d-[0-9a-f]{64}(?![\w-])/g },
  { id: 'deepseek', of: 'DeepSeek, or of a provider with keys of the same form', pattern: /(?<![\w-])sk-[0-9a-f]{32}(?![\w-])/g },
  { id: 'bedrock', of: 'Amazon Bedrock', advice: REVOKE_AWS, pattern: /(?<![\w+/-])(?:ABSK[A-Za-z0-9+/]{60,300}={0,2}|bedrock-api-key-[A-Za-z0-9+/]{40,4000}={0,2})(?![\w+/=-])/g },
  { id: 'aws-access-key', of: 'AWS (an access key id)', advice: REVOKE_AWS, pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])/g },
  { id: 'aws-secret-key', of: 'AWS (a secret access key)', advice: REVOKE_AWS, pattern: assigned('(?:aws_?)?secret_?(?:access_?)?key|SecretAccessKey', '[A-Za-z0-9+/]{40}') },
  { id: 'google-ai', of: 'Google AI', pattern: /(?<![\w-])AIza[\w-]{35}(?![\w-])/g },
  { id: 'azure-openai', of: 'Azure OpenAI', pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{6,24}ACOG[A-Za-z0-9]{4}(?![A-Za-z0-9])/g },
  { id: 'azure-openai', of: 'Azure OpenAI', pattern: assigned('azure_?(?:open_?ai|ai|cognitive)_?(?:services_?)?(?:api_?)?key', '[0-9a-f]{32}') },
  { id: 'mistral', of: 'Mistral', pattern: assigned('mistral(?:_?ai)?_?(?:api_?)?key', '[A-Za-z0-9]{32}') },
  { id: 'cohere', of: 'Cohere', pattern: assigned('(?:cohere|co)_?(?:api_?)?key', '[A-Za-z0-9]{40}') },
  { id: 'hugging-face', of: 'Hugging Face', pattern: /(?<![A-Za-z0-9])(?:hf|api_org)_[A-Za-z]{34}(?![A-Za-z0-9])/g },
  { id: 'groq', of: 'Groq', pattern: /(?<![A-Za-z0-9])gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])/g },
  { id: 'xai', of: 'xAI', pattern: /(?<![A-Za-z0-9])xai-[A-Za-z0-9]{80}(?![A-Za-z0-9])/g },
  { id: 'perplexity', of: 'Perplexity', pattern: /(?<![A-Za-z0-9])pplx-[A-Za-z0-9]{48}(?![A-Za-z0-9])/g },
  { id: 'replicate', of: 'Replicate', pattern: /(?<![A-Za-z0-9])r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/g },
  { id: 'together', of: 'Together AI', pattern: /(?<![A-Za-z0-9])tgp_v1_[\w-]{43}(?![\w-])/g },
  { id: 'cerebras', of: 'Cerebras', pattern: /(?<![A-Za-z0-9])csk-[a-z0-9]{48}(?![A-Za-z0-9])/g },
  { id: 'nvidia', of: 'NVIDIA', pattern: /(?<![A-Za-z0-9])nvapi-[\w-]{64}(?![\w-])/g },
];

/** The rules for keys of model providers. */
export const KEY_RULES: readonly KeyRule[] = FORMS.map(({ id, of, pattern, advice }) => ({
  id: `key/${id}`,
  severity: 'error',
  title: `A hard-coded key of ${of}`,
  advice: advice ?? REVOKE,
  pattern,
}));

const PLACEHOLDER =
  /example|placeholder|your[-_]|dummy|redacted|changeme|x{6}|(.)\1{7}|(?:0123456|1234567|abcdefg)/i;
const MIN_BITS_PER_CHAR = 2.5;
const MAX_KEY_CHARS = 500;

/** Whether a match is a stand-in for a key (`sk-xxxxxxxx`, `AKIAIOSFODNN7EXAMPLE`), which harms nobody. */
export function isPlaceholder(secret: string): boolean {
  if (secret.length > MAX_KEY_CHARS) return false; // a file of credentials, which may well hold such words
  return PLACEHOLDER.test(secret) || measureEntropy(secret) < MIN_BITS_PER_CHAR;
}

/** Shannon's entropy of the characters of a text, in bits per character. */
function measureEntropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
