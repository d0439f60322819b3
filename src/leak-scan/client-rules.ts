import type { ScanRule } from './finding.ts';

/** A rule that finds where a client of a model API is made. The match ends with the opening parenthesis. */
export interface ClientRule extends ScanRule {
  readonly pattern: RegExp;
}

/** Which rules read a file: a constructor has one look in TypeScript and another in Python. */
const LANGUAGES: readonly {
  readonly extensions: RegExp;
  readonly calls: readonly [id: string, source: string][];
}[] = [
  {
    extensions: /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/i,
    calls: [
      ['openai', String.raw`new\s{1,4}(?:\w{1,40}\.)?(?:Azure)?OpenAI\(`],
      ['anthropic', String.raw`new\s{1,4}(?:\w{1,40}\.)?Anthropic(?:Bedrock|Vertex|Foundry)?\(`],
      ['bedrock', String.raw`new\s{1,4}(?:\w{1,40}\.)?Bedrock(?:Agent)?Runtime(?:Client)?\(`],
      ['google-ai', String.raw`new\s{1,4}(?:\w{1,40}\.)?(?:GoogleGenAI|GoogleGenerativeAI|VertexAI)\(`],
      [
        'other',
        String.raw`new\s{1,4}(?:\w{1,40}\.)?(?:Mistral|Groq|Cohere|CohereClient(?:V2)?|HfInference|Together)\(`,
      ],
    ],
  },
  {
    extensions: /\.(?:pyi?|ipynb)$/i,
    calls: [
      ['openai', String.raw`(?<!class\s)(?<!def\s)(?<!\w)(?:openai\.)?(?:Async)?(?:Azure)?OpenAI\(`],
      [
        'anthropic',
        String.raw`(?<!class\s)(?<!def\s)(?<!\w)(?:anthropic\.)?(?:Async)?Anthropic(?:Bedrock|Vertex|Foundry)?\(`,
      ],
      [
        'bedrock',
        String.raw`\.(?:client|resource)\((?=\s{0,40}(?:service_name\s{0,4}=\s{0,4})?\\?["']bedrock-(?:agent-)?runtime\\?["'])`,
      ],
      ['google-ai', String.raw`(?<!\w)(?:genai\.Client|GenerativeModel)\(`],
      [
        'other',
        String.raw`(?<!class\s)(?<!def\s)(?<!\w)(?:(?:Async)?Groq|Mistral|cohere\.(?:Async)?Client(?:V2)?|InferenceClient|(?:Async)?Together)\(`,
      ],
    ],
  },
  {
    extensions: /\.(?:java|kts?|scala|groovy|cs|go|rb|php)$/i,
    calls: [
      [
        'bedrock',
        String.raw`(?:BedrockRuntime(?:Async)?Client\.create|bedrockruntime\.New(?:FromConfig)?|new\s{1,4}(?:AmazonBedrockRuntimeClient|BedrockRuntimeClient)|BedrockRuntime::Client\.new)\(`,
      ],
      [
        'openai',
        String.raw`(?:openai\.New(?:Client)?|OpenAIOkHttpClient\.fromEnv|new\s{1,4}OpenAIClient|OpenAI::Client\.new|OpenAI::client)\(`,
      ],
      [
        'anthropic',
        String.raw`(?:anthropic\.NewClient|AnthropicOkHttpClient\.fromEnv|Anthropic::Client\.new)\(`,
      ],
    ],
  },
];

const OF: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  bedrock: 'Amazon Bedrock',
  'google-ai': 'Google AI',
  other: 'a model provider',
};

/** The rules for clients, by what a file's name ends with. */
export const CLIENT_RULES: readonly { readonly extensions: RegExp; readonly rules: readonly ClientRule[] }[] =
  LANGUAGES.map(({ extensions, calls }) => ({
    extensions,
    rules: calls.map(([id, source]) => ({
      id: `client/${id}`,
      severity: 'warning',
      title: `A client of ${OF[id] ?? id} without the address of a gateway`,
      advice:
        'Give the client the address of the gateway (baseURL, base_url, endpoint or endpoint_url) in this call.',
      pattern: new RegExp(source, 'g'),
    })),
  }));

/** How SDKs name the option for another address. */
const ADDRESS =
  /\b(?:base_?url|api_?base|(?:custom|azure)?_?endpoint(?:_?url)?|endpointOverride|server_?url|http_?options|base_?path|ServiceURL|WithBaseURL|WithBaseEndpoint|uri_base)\b/i;
const MAX_CALL_CHARS = 4000;

/** Whether the call whose opening parenthesis ends at `start` names an address. */
export function namesAddress(text: string, start: number): boolean {
  return ADDRESS.test(readArguments(text, start));
}

/** Reads up to the closing parenthesis of the call; parentheses in strings do not count. */
function readArguments(text: string, start: number): string {
  let depth = 1;
  let quote = '';
  const end = Math.min(text.length, start + MAX_CALL_CHARS);
  for (let index = start; index < end; index += 1) {
    const char = text[index] ?? '';
    if (quote !== '') {
      if (char === '\\') index += 1;
      else if (char === quote || (char === '\n' && quote !== '`')) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    if (depth === 0) return text.slice(start, index);
  }
  return text.slice(start, end);
}
