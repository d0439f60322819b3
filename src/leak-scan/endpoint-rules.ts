// goldenpath-scan-allow-file: the hosts that the scan looks for

import type { ScanRule } from './finding.ts';

/** A rule that finds the host of a model API. */
export interface EndpointRule extends ScanRule {
  readonly pattern: RegExp;
}

const ADVICE =
  'Call the gateway instead: name a capability where the model stood, and use the address of the gateway.';

/** A label of a host name, or what a program puts in its place (`${region}`, `{region}`, `%s`). */
const LABEL = String.raw`(?:[\w-]|[$%]?\{[^{}\s]{1,60}\}|%s){1,80}`;

// prettier-ignore
const HOSTS: readonly { readonly id: string; readonly of: string; readonly hosts: readonly string[] }[] = [
  { id: 'openai', of: 'OpenAI', hosts: ['api.openai.com', '*.api.openai.com'] },
  { id: 'anthropic', of: 'Anthropic', hosts: ['api.anthropic.com'] },
  { id: 'bedrock', of: 'Amazon Bedrock', hosts: ['bedrock-runtime.*.amazonaws.com', 'bedrock-runtime-fips.*.amazonaws.com', 'bedrock-agent-runtime.*.amazonaws.com', 'bedrock-mantle.*.api.aws', 'bedrock-runtime.*.api.aws'] },
  { id: 'google-ai', of: 'Google AI', hosts: ['generativelanguage.googleapis.com', 'aiplatform.googleapis.com', '*-aiplatform.googleapis.com'] },
  { id: 'azure-openai', of: 'Azure OpenAI', hosts: ['*.openai.azure.com', '*.services.ai.azure.com', '*.cognitiveservices.azure.com', 'models.inference.ai.azure.com'] },
  { id: 'github-models', of: 'GitHub Models', hosts: ['models.github.ai'] },
  { id: 'mistral', of: 'Mistral', hosts: ['api.mistral.ai', 'codestral.mistral.ai'] },
  { id: 'cohere', of: 'Cohere', hosts: ['api.cohere.com', 'api.cohere.ai'] },
  { id: 'groq', of: 'Groq', hosts: ['api.groq.com'] },
  { id: 'openrouter', of: 'OpenRouter', hosts: ['openrouter.ai'] },
  { id: 'hugging-face', of: 'Hugging Face', hosts: ['api-inference.huggingface.co', 'router.huggingface.co', '*.endpoints.huggingface.cloud'] },
  { id: 'deepseek', of: 'DeepSeek', hosts: ['api.deepseek.com'] },
  { id: 'xai', of: 'xAI', hosts: ['api.x.ai'] },
  { id: 'perplexity', of: 'Perplexity', hosts: ['api.perplexity.ai'] },
  { id: 'together', of: 'Together AI', hosts: ['api.together.xyz', 'api.together.ai'] },
  { id: 'fireworks', of: 'Fireworks', hosts: ['api.fireworks.ai'] },
  { id: 'cerebras', of: 'Cerebras', hosts: ['api.cerebras.ai'] },
  { id: 'replicate', of: 'Replicate', hosts: ['api.replicate.com'] },
  { id: 'nvidia', of: 'NVIDIA', hosts: ['integrate.api.nvidia.com'] },
];

/** The rules for direct calls of model APIs. */
export const ENDPOINT_RULES: readonly EndpointRule[] = HOSTS.map(({ id, of, hosts }) => ({
  id: `endpoint/${id}`,
  severity: 'error',
  title: `A direct call of ${of}`,
  advice: ADVICE,
  pattern: new RegExp(`(?<![\\w.-])(?:${hosts.map(toSource).join('|')})(?![\\w-]|\\.\\w)`, 'gi'),
}));

function toSource(host: string): string {
  const texts = host.split('*').map((text) => text.replaceAll('.', String.raw`\.`));
  return texts.join(LABEL);
}
