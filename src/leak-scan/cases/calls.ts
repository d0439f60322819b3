// goldenpath-scan-allow-file: what the scan is tested with

/** One line of code or several, in a file of that name, and the rules that must find something in it. */
export interface CallCase {
  readonly file: string;
  readonly text: string;
  readonly rules: readonly string[];
}

// prettier-ignore
export const ENDPOINT_CASES: readonly CallCase[] = [
  { file: 'a.ts', text: 'fetch("https://api.openai.com/v1/chat/completions")', rules: ['endpoint/openai'] },
  { file: 'a.ts', text: 'const host = `eu.api.openai.com`;', rules: ['endpoint/openai'] },
  { file: 'a.py', text: 'URL = "https://API.ANTHROPIC.COM/v1/messages"', rules: ['endpoint/anthropic'] },
  { file: 'a.sh', text: 'curl https://generativelanguage.googleapis.com/v1beta/models', rules: ['endpoint/google-ai'] },
  { file: 'a.ts', text: '`https://${region}-aiplatform.googleapis.com/v1`', rules: ['endpoint/google-ai'] },
  { file: 'a.yaml', text: 'base: https://acme-prod.openai.azure.com/openai', rules: ['endpoint/azure-openai'] },
  { file: 'a.ts', text: '`https://${process.env.AZURE}.openai.azure.com`', rules: ['endpoint/azure-openai'] },
  { file: 'a.tf', text: 'url = "https://bedrock-runtime.eu-central-1.amazonaws.com"', rules: ['endpoint/bedrock'] },
  { file: 'a.py', text: 'f"https://bedrock-runtime.{region}.amazonaws.com"', rules: ['endpoint/bedrock'] },
  { file: 'a.ts', text: '`https://bedrock-runtime-fips.${region}.amazonaws.com`', rules: ['endpoint/bedrock'] },
  { file: 'a.ts', text: '"https://bedrock-mantle.eu-north-1.api.aws/v1"', rules: ['endpoint/bedrock'] },
  { file: 'a.ini', text: 'mistral = https://api.mistral.ai/v1', rules: ['endpoint/mistral'] },
  { file: 'a.js', text: "axios.post('https://api.cohere.com/v2/chat')", rules: ['endpoint/cohere'] },
  { file: 'a.js', text: "post('https://api.groq.com/openai/v1')", rules: ['endpoint/groq'] },
  { file: 'a.go', text: '"https://openrouter.ai/api/v1"', rules: ['endpoint/openrouter'] },
  { file: 'a.rs', text: '"https://router.huggingface.co/v1"', rules: ['endpoint/hugging-face'] },
  { file: 'a.json', text: '{"a":"api.deepseek.com","b":"api.x.ai"}', rules: ['endpoint/deepseek', 'endpoint/xai'] },
  { file: '.env', text: 'OPENAI_BASE_URL=https://api.openai.com/v1', rules: ['endpoint/openai'] },

  { file: 'a.ts', text: '// the shape of https://api.openai.com/v1', rules: [] },
  { file: 'a.py', text: '    # see https://api.anthropic.com', rules: [] },
  { file: 'README.md', text: 'OpenAI answers at https://api.openai.com/v1', rules: [] },
  { file: 'a.ts', text: '"https://api.openai.com.gateway.example/v1"', rules: [] },
  { file: 'a.ts', text: '"https://my-api.openai.company.example"', rules: [] },
  { file: 'a.ts', text: '"https://notopenrouter.ai/"', rules: [] },
  { file: 'a.ts', text: '"https://bedrock.eu-central-1.amazonaws.com"', rules: [] },
  { file: 'a.ts', text: '"https://s3.eu-central-1.amazonaws.com"', rules: [] },
];

// prettier-ignore
export const CLIENT_CASES: readonly CallCase[] = [
  { file: 'a.ts', text: 'const client = new OpenAI();', rules: ['client/openai'] },
  { file: 'a.ts', text: 'new OpenAI({ apiKey: key(")"), timeout: 1000 }); const o = { baseURL };', rules: ['client/openai'] },
  { file: 'a.mjs', text: 'new sdk.Anthropic({\n  apiKey,\n})', rules: ['client/anthropic'] },
  { file: 'a.tsx', text: 'new BedrockRuntimeClient({ region })', rules: ['client/bedrock'] },
  { file: 'a.js', text: 'new GoogleGenerativeAI(key)', rules: ['client/google-ai'] },
  { file: 'a.py', text: 'client = OpenAI()', rules: ['client/openai'] },
  { file: 'a.py', text: 'client = openai.AsyncOpenAI(api_key=f(x))', rules: ['client/openai'] },
  { file: 'a.py', text: 'llm = Anthropic(max_retries=2)', rules: ['client/anthropic'] },
  { file: 'a.py', text: "boto3.client('bedrock-runtime', region_name=region)", rules: ['client/bedrock'] },
  { file: 'a.py', text: 'session.client(\n    service_name="bedrock-runtime",\n)', rules: ['client/bedrock'] },
  { file: 'a.ipynb', text: '"source": ["boto3.client(\\"bedrock-runtime\\")"]', rules: ['client/bedrock'] },
  { file: 'A.java', text: 'var client = BedrockRuntimeClient.create();', rules: ['client/bedrock'] },
  { file: 'a.go', text: 'client := bedrockruntime.NewFromConfig(cfg)', rules: ['client/bedrock'] },

  { file: 'a.ts', text: 'new OpenAI({ baseURL: gateway, apiKey })', rules: [] },
  { file: 'a.ts', text: 'new Anthropic({\n  apiKey,\n  baseURL,\n})', rules: [] },
  { file: 'a.ts', text: 'new BedrockRuntimeClient({ region, endpoint: gateway })', rules: [] },
  { file: 'a.py', text: 'OpenAI(base_url=GATEWAY)', rules: [] },
  { file: 'a.py', text: 'AzureOpenAI(azure_endpoint=GATEWAY)', rules: [] },
  { file: 'a.py', text: "boto3.client('bedrock-runtime', endpoint_url=GATEWAY)", rules: [] },
  { file: 'a.py', text: "boto3.client('s3')", rules: [] },
  { file: 'a.py', text: 'class OpenAI(Base):', rules: [] },
  { file: 'a.py', text: 'def OpenAI(x):', rules: [] },
  { file: 'a.py', text: 'MyOpenAI()', rules: [] },
  { file: 'a.ts', text: '// new OpenAI()', rules: [] },
  { file: 'a.md', text: 'new OpenAI()', rules: [] },
  { file: 'a.ts', text: 'OpenAI()', rules: [] },
];
