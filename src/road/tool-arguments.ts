/**
 * Replaces texts inside the arguments of a tool call. JSON can hide what it says: `\u0040` is an at sign that no
 * pattern sees, the `n` of `\n` looks like the first letter of an address, and of two equal keys one is read. So
 * each key, string and number is given as it reads, and nothing goes on that was not given. What comes back is
 * JSON if what went in was; what is no JSON is given whole. Throws a RangeError for what is nested without end.
 */
export function replaceArgumentTexts(json: string, replace: (text: string) => string): string {
  if (!isJson(json)) return replace(decodeEscapes(json));
  let isChanged = false;
  const give = (text: string) => {
    const replaced = replace(text);
    isChanged ||= replaced !== text;
    return replaced;
  };
  const rewritten = JSON.stringify(parseJson(json, (value, source) => rewrite({ value, source, give })));
  // Byte for byte as it came, where those bytes say what was read and nothing else.
  return !isChanged && removeWhitespace(json) === rewritten ? json : rewritten;
}

/** Every text inside the arguments of a tool call, as it reads, in the order of `replaceArgumentTexts`. */
export function listArgumentTexts(json: string): readonly string[] {
  const texts: string[] = [];
  replaceArgumentTexts(json, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}

/** Whether a text is a JSON object or array, as the results of most tools are. */
export function isJsonDocument(text: string): boolean {
  return /^\s*[[{]/.test(text) && isJson(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `source`: how a number is written, so that one of more than 15 digits loses none of them. */
function parseJson(json: string, revive: (value: unknown, source: string) => unknown): unknown {
  // ECMAScript's source text access, which TypeScript's own types do not know yet.
  const reviver = (_key: string, value: unknown, context: { readonly source?: string }) =>
    revive(value, context.source ?? '');
  return JSON.parse(json, reviver as (key: string, value: unknown) => unknown);
}

// `JSON.rawJSON` of the same proposal.
const { rawJSON } = JSON as unknown as { readonly rawJSON: (source: string) => unknown };

function rewrite(step: {
  readonly value: unknown;
  readonly source: string;
  readonly give: (text: string) => string;
}): unknown {
  const { value, source, give } = step;
  if (typeof value === 'string') return give(value);
  if (typeof value === 'number') {
    // A card number is one without quotation marks, too.
    const replaced = give(source);
    return replaced === source ? rawJSON(source) : replaced;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRaw(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [give(key), item]));
}

function isRaw(value: object): boolean {
  return Object.getPrototypeOf(value) === null;
}

function removeWhitespace(json: string): string {
  return json.replaceAll(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/gs, '$1');
}

function decodeEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text
    .replaceAll(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/\\([/"\\])/g, '$1');
}
