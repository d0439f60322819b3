const UPPER = 'QWERTZUPLKHGFDSYXCVNM';
const LOWER = UPPER.toLowerCase();
const HEX = '9f3a7c1e5b8d2046';
const ALNUM = `${UPPER}${LOWER}2345679`;

/** Text that looks drawn at random, and is the same each time. No key stands in the repository: all are made here. */
function draw(alphabet: string, length: number): string {
  let state = length * 7919;
  let text = '';
  for (let index = 0; index < length; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += alphabet[(state >> 8) % alphabet.length] ?? '';
  }
  return text;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Keys by the rule that must find them, and the text around them where the rule needs one. */
// prettier-ignore
export const KEYS: readonly { readonly rule: string; readonly name: string; readonly key: string; readonly before?: string }[] = [
  { rule: 'key/openai', name: 'an old one', key: `sk-${draw(ALNUM, 48)}` },
  { rule: 'key/openai', name: 'of a project', key: `sk-proj-${draw(ALNUM, 74)}${['T3Blbk', 'FJ'].join('')}${draw(ALNUM, 74)}` },
  { rule: 'key/openai', name: 'of a service account', key: `sk-svcacct-${draw(`${ALNUM}_-`, 60)}Z` },
  { rule: 'key/anthropic', name: 'of an API', key: `sk-ant-api03-${draw(`${ALNUM}_-`, 93)}AA` },
  { rule: 'key/anthropic', name: 'of an administrator', key: `sk-ant-admin01-${draw(ALNUM, 93)}AA` },
  { rule: 'key/openrouter', name: 'plain', key: `sk-or-v1-${draw(HEX, 64)}` },
  { rule: 'key/deepseek', name: 'plain', key: `sk-${draw(HEX, 32)}` },
  { rule: 'key/bedrock', name: 'that lasts', key: `ABSK${base64(`BedrockAPIKey-${draw(ALNUM, 4)}-at-${draw('98765432', 12)}:${draw(ALNUM, 44)}`)}` },
  { rule: 'key/bedrock', name: 'for a day', key: `bedrock-api-key-${base64(`bedrock.amazonaws.com/?Action=CallWithBearerToken&sig=${draw(ALNUM, 300)}`)}` },
  { rule: 'key/aws-access-key', name: 'of a user', key: `AKIA${draw('QWERTZUPLKHGFDSA234567', 16)}` },
  { rule: 'key/aws-access-key', name: 'of a session', key: `ASIA${draw('QWERTZUPLKHGFDSA234567', 16)}` },
  { rule: 'key/aws-secret-key', name: 'in an environment file', before: 'AWS_SECRET_ACCESS_KEY=', key: draw(`${ALNUM}+/`, 40) },
  { rule: 'key/aws-secret-key', name: 'in JSON', before: '"SecretAccessKey": "', key: draw(`${ALNUM}+/`, 40) },
  { rule: 'key/google-ai', name: 'plain', key: `AIza${draw(`${ALNUM}_`, 35)}` },
  { rule: 'key/azure-openai', name: 'new', key: `${draw(ALNUM, 52)}${['JQQJ', '99'].join('')}${draw(ALNUM, 18)}ACOG${draw(ALNUM, 4)}` },
  { rule: 'key/azure-openai', name: 'old', before: 'AZURE_OPENAI_API_KEY: ', key: draw(HEX, 32) },
  { rule: 'key/mistral', name: 'assigned', before: "mistralApiKey = '", key: draw(ALNUM, 32) },
  { rule: 'key/cohere', name: 'assigned', before: 'CO_API_KEY=', key: draw(ALNUM, 40) },
  { rule: 'key/hugging-face', name: 'of a user', key: `hf_${draw(`${UPPER}${LOWER}`, 34)}` },
  { rule: 'key/groq', name: 'plain', key: `gsk_${draw(ALNUM, 52)}` },
  { rule: 'key/xai', name: 'plain', key: `xai-${draw(ALNUM, 80)}` },
  { rule: 'key/perplexity', name: 'plain', key: `pplx-${draw(ALNUM, 48)}` },
  { rule: 'key/replicate', name: 'plain', key: `r8_${draw(ALNUM, 37)}` },
  { rule: 'key/together', name: 'plain', key: `tgp_v1_${draw(ALNUM, 43)}` },
  { rule: 'key/cerebras', name: 'plain', key: `csk-${draw(`${LOWER}2345679`, 48)}` },
  { rule: 'key/nvidia', name: 'plain', key: `nvapi-${draw(ALNUM, 64)}` },
];

/** Texts that look like keys to a careless rule. */
export const NO_KEYS: readonly string[] = [
  `sk-${'x'.repeat(48)}`,
  `sk-proj-${'your-key-here-'.repeat(4)}`,
  `sk-ant-api03-${'A'.repeat(93)}AA`,
  ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  `AWS_SECRET_ACCESS_KEY=${['wJalrXUtnFEMI/K7MDENG/', 'bPxRfiCYEXAMPLEKEY'].join('')}`,
  'AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY}',
  'const risk-assessment-of-the-whole-organisation-and-its-tasks = 1',
  `sha1: ${draw(HEX, 40)}`,
  `integrity: sha512-${draw(ALNUM, 86)}==`,
  `hf_${draw(LOWER, 20)}`,
  'MISTRAL_API_KEY=process.env.MISTRAL_API_KEY_OF_PRODUCTION',
];

/** The credentials of a service account of Google Cloud, as their file holds them. */
export const SERVICE_ACCOUNT = JSON.stringify({
  type: 'service_account',
  private_key_id: draw(HEX, 40),
  private_key: [
    '-----BEGIN PRIVATE',
    ` KEY-----\\n${draw(ALNUM, 64)}\\n-----END PRIVATE`,
    ' KEY-----\\n',
  ].join(''),
  client_email: 'worker@project.iam.gserviceaccount.com',
});
