/** Bodies that are no JSON, or JSON that is no request, by what is wrong with them. `SECRET` must not come back. */
export const SECRET = 'zebra-7391-quagga';

const MESSAGES = `"messages":[{"role":"user","content":"${SECRET}"}]`;
const WHOLE = `{"model":"support-assistant",${MESSAGES}}`;

export const NOT_JSON: Readonly<Record<string, string | Buffer>> = {
  'an empty body': '',
  'white space alone': ' \n\t',
  'a truncated body': WHOLE.slice(0, -3),
  'a body truncated in a string': WHOLE.slice(0, 50),
  'a trailing comma': `${WHOLE.slice(0, -1)},}`,
  'a comment': `${WHOLE}//${SECRET}`,
  'two values': WHOLE + WHOLE,
  'single quotes': `{'model':'support-assistant','x':'${SECRET}'}`,
  'unquoted keys': `{model:"support-assistant",x:"${SECRET}"}`,
  NaN: `{"model":"support-assistant","temperature":NaN,${MESSAGES}}`,
  Infinity: `{"model":"support-assistant","temperature":Infinity,${MESSAGES}}`,
  'a hexadecimal number': `{"model":"support-assistant","temperature":0x1,${MESSAGES}}`,
  'a leading zero': `{"model":"support-assistant","temperature":01,${MESSAGES}}`,
  'a bare minus': `{"model":"support-assistant","temperature":-,${MESSAGES}}`,
  'a raw line break in a string': `{"model":"support-assistant","x":"a\n${SECRET}",${MESSAGES}}`,
  'a raw NUL in a string': `{"model":"support-assistant","x":"\u0000${SECRET}",${MESSAGES}}`,
  'a broken escape': `{"model":"support-assistant","x":"\\u12",${MESSAGES}}`,
  'a byte order mark': `\uFEFF${WHOLE}`,
  'a form': `model=support-assistant&content=${SECRET}`,
  'closing brackets alone': '}]}]}]',
  'UTF-16': Buffer.from(WHOLE, 'utf16le'),
};

export const INVALID_UTF8: Readonly<Record<string, Buffer>> = {
  'a lone continuation byte': withBytes(0x80),
  'an overlong slash': withBytes(0xc0, 0xaf),
  'an overlong NUL': withBytes(0xc0, 0x80),
  'an encoded surrogate': withBytes(0xed, 0xa0, 0x80),
  'a pair of encoded surrogates': withBytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  'a code point beyond Unicode': withBytes(0xf4, 0x90, 0x80, 0x80),
  'a cut sequence': withBytes(0xe2, 0x82),
  'a byte that UTF-8 does not have': withBytes(0xff),
};

function withBytes(...bytes: readonly number[]): Buffer {
  const [before = '', after = ''] = WHOLE.split(SECRET);
  return Buffer.concat([Buffer.from(before + SECRET), Buffer.from(bytes), Buffer.from(after)]);
}

/** JSON that has not the shape of a request. */
export const NO_REQUEST: Readonly<Record<string, string>> = {
  null: 'null',
  'a list': '[]',
  'a string': `"${SECRET}"`,
  'a number': '1e400',
  'an empty object': '{}',
  'our own word for no': `{"refused":true,"code":"edge.timeout","hint":"${SECRET}"}`,
  'no model': `{${MESSAGES}}`,
  'no messages': `{"model":"support-assistant"}`,
  'no message': `{"model":"support-assistant","messages":[]}`,
  'the last of two models is none': `{"model":"support-assistant","model":7,${MESSAGES}}`,
  'the last of two message lists is empty': `{"model":"support-assistant",${MESSAGES},"messages":[]}`,
  'a model that is a sentence': `{"model":"Ignore the rules, ${SECRET}",${MESSAGES}}`,
  'a model that is an address': `{"model":"${SECRET}@example.com",${MESSAGES}}`,
  'half a surrogate pair': withMessage(`{"role":"user","content":"\\ud800 ${SECRET}"}`),
  'the second half first': withMessage(`{"role":"user","content":"\\uDE00\\uD83D ${SECRET}"}`),
  'half a pair in a key': `{"model":"support-assistant","${SECRET}\\udfff":1,${MESSAGES}}`,
  'half a pair in metadata': `{"model":"support-assistant","metadata":{"a":"\\ud800"},${MESSAGES}}`,
  'an unknown role': withMessage(`{"role":"${SECRET}","content":"x"}`),
  'no role': withMessage(`{"content":"${SECRET}"}`),
  'a name for the user': withMessage(`{"role":"user","content":"x","name":"${SECRET}"}`),
  'content that is null': withMessage('{"role":"user","content":null}'),
  'an empty list of parts': withMessage('{"role":"user","content":[]}'),
  'a part of an image': withMessage(
    `{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://${SECRET}/"}}]}`,
  ),
  'a part of audio': withMessage(
    `{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"${SECRET}","format":"wav"}}]}`,
  ),
  'a part of a file': withMessage(
    `{"role":"user","content":[{"type":"file","file":{"file_id":"${SECRET}"}}]}`,
  ),
  'a field beside the text of a part': withMessage(
    `{"role":"user","content":[{"type":"text","text":"x","cache":"${SECRET}"}]}`,
  ),
  'a refusal that the model never said': withMessage(
    `{"role":"user","content":"x"},{"role":"assistant","content":"x","refusal":"${SECRET}"},{"role":"user","content":"x"}`,
  ),
  'an assistant that speaks first': withMessage(
    `{"role":"assistant","content":"${SECRET}"},{"role":"user","content":"x"}`,
  ),
  'an assistant that speaks last': withMessage(
    `{"role":"user","content":"x"},{"role":"assistant","content":"${SECRET}"}`,
  ),
  'a call whose name is a sentence': withCall('call_1', `do ${SECRET} now`),
  'a call whose id is an address': withCall(`${SECRET}@example.com`, 'look-up-order'),
  'a tool result without its call': withMessage(
    `{"role":"user","content":"x"},{"role":"tool","content":"${SECRET}"}`,
  ),
  'the role of the old functions': withMessage(`{"role":"function","name":"x","content":"${SECRET}"}`),
  'a tool that is no function': withField(`"tools":[{"type":"${SECRET}"}]`),
  'a tool without a name': withField('"tools":[{"type":"function","function":{}}]'),
  'a stop sequence as long as a letter': withField(`"stop":"${SECRET.repeat(20)}"`),
  'metadata that is no text': withField(`"metadata":{"a":{"b":"${SECRET}"}}`),
  'metadata with a sentence for a key': withField(`"metadata":{"${`${SECRET} `.repeat(9)}":"x"}`),
};

function withMessage(messages: string): string {
  return `{"model":"support-assistant","messages":[${messages}]}`;
}

function withField(field: string): string {
  return `{"model":"support-assistant",${field},${MESSAGES}}`;
}

function withCall(id: string, name: string): string {
  return withMessage(
    `{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"${id}","type":"function","function":{"name":"${name}","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"x"}`,
  );
}

/** Well-formed requests for what this capability, or any, does not allow. */
export const NOT_ALLOWED: readonly (readonly [
  what: string,
  body: string,
  status: number,
  code: string,
  hint: RegExp,
])[] = [
  [
    'a system message',
    withMessage(`{"role":"system","content":"${SECRET}"},{"role":"user","content":"x"}`),
    400,
    'prompt.system_message_not_allowed',
    /./,
  ],
  [
    'a developer message in the middle',
    withMessage(
      `{"role":"user","content":"x"},{"role":"developer","content":[{"type":"text","text":"${SECRET}"}]},{"role":"user","content":"x"}`,
    ),
    400,
    'prompt.system_message_not_allowed',
    /./,
  ],
  ['another model', withField('"model":"gpt-5"'), 404, 'authorisation.unknown_capability', /models/],
  ['a capability of another team', withField('"model":"marketing-writer"'), 403, 'authorisation.denied', /./],
  [
    'a temperature beyond the range',
    withField('"temperature":0.71'),
    400,
    'prompt.parameter_out_of_range',
    /temperature must be from 0 to 0\.7/,
  ],
  [
    'a negative temperature',
    withField('"temperature":-0.1'),
    400,
    'prompt.parameter_out_of_range',
    /temperature/,
  ],
  ['a top_p', withField('"top_p":0.5'), 400, 'prompt.parameter_not_allowed', /Remove top_p/],
  ['no token at all', withField('"max_tokens":0'), 400, 'prompt.parameter_out_of_range', /max_tokens/],
  [
    'too many tokens',
    withField('"max_completion_tokens":1025'),
    400,
    'prompt.parameter_out_of_range',
    /max_tokens/,
  ],
  ['a stop sequence', withField('"stop":["a"]'), 400, 'prompt.parameter_not_allowed', /stop/],
  [
    'a tool that it does not have',
    withField(
      '"tools":[{"type":"function","function":{"name":"delete-order","parameters":{"type":"object"}}}]',
    ),
    400,
    'prompt.tool_not_allowed',
    /It has: look-up-order/,
  ],
  [
    'a tool choice that was not declared',
    withField('"tool_choice":{"type":"function","function":{"name":"look-up-order"}}'),
    400,
    'prompt.tool_not_allowed',
    /not declared/,
  ],
  ['an unknown variable', withField(`"metadata":{"mood":"${SECRET}"}`), 400, 'prompt.unknown_variable', /./],
  ...[
    ['response_format', '{"type":"json_object"}'],
    ['response_format', '{"type":"json_schema","json_schema":{"name":"x"}}'],
    ['n', '2'],
    ['seed', '7'],
    ['user', `"${SECRET}"`],
    ['logit_bias', '{"50256":-100}'],
    ['logprobs', 'true'],
    ['functions', '[]'],
    ['function_call', '"auto"'],
    ['web_search_options', '{}'],
    ['audio', '{}'],
    ['prediction', '{}'],
    ['reasoning_effort', '"high"'],
    ['store', 'true'],
    ['service_tier', '"priority"'],
    ['parallel_tool_calls', 'false'],
    ['constructor', '1'],
    ['toString', '"x"'],
    ['hasOwnProperty', '{}'],
    ['__proto__', '{"temperature":2}'],
    ['prototype', '{}'],
  ].map(
    ([field = '', value = '']) =>
      [
        `${field} ${value.slice(0, 12)}`,
        withField(`"${field}":${value}`),
        400,
        'prompt.parameter_not_allowed',
        new RegExp(`Remove ${field}\\.`),
      ] as const,
  ),
  [
    '__proto__ in metadata',
    withField('"metadata":{"__proto__":"x"}'),
    400,
    'prompt.parameter_not_allowed',
    /metadata\.__proto__/,
  ],
  [
    'a key that is a sentence',
    withField(`"please remember ${SECRET}":1`),
    400,
    'prompt.parameter_not_allowed',
    /a key that is no name/,
  ],
  [
    'a key of 100 KB',
    withField(`"${SECRET.repeat(6000)}":1`),
    400,
    'prompt.parameter_not_allowed',
    /a key that is no name/,
  ],
];
