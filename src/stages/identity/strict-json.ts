/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = { readonly [name: string]: unknown };

const MAX_DEPTH = 16;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes one part of a token: canonical base64url (RFC 7515 §2) of UTF-8 of a JSON object without duplicate
 * member names. Answers why not, as a string, where it is something else.
 */
export function decodeJsonPart(part: string): JsonObject | string {
  const bytes = decodeBase64url(part);
  if (bytes === undefined) return 'not base64url';
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return 'not UTF-8';
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (!isJsonObject(value)) return 'not a JSON object';
  return findAmbiguity(text) ?? value;
}

/** Decodes base64url; undefined where it holds other characters, padding, or bits that an encoder would not write. */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what it does not know: a second spelling of one token would be a second cache entry.
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined;
}

/** Whether a value is a JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * JSON.parse lets the last of two equal names win, other parsers the first: a token that two systems read
 * differently is an attack. `text` is known to be valid JSON, so strings and brackets tell everything.
 */
function findAmbiguity(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // the names of each object that is open; undefined for a list
  const lexer = /("(?:[^"\\]|\\.)*")(\s*:)?|[[\]{}]/g;
  for (const match of text.matchAll(lexer)) {
    const [lexeme, text, colon] = match;
    if (lexeme === '{' || lexeme === '[') {
      open.push(lexeme === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`;
    } else if (lexeme === '}' || lexeme === ']') {
      open.pop();
    } else if (text !== undefined && colon !== undefined) {
      const name = String(JSON.parse(text)); // the name may be written with escapes
      const names = open.at(-1);
      if (names?.has(name) === true) return 'a member name stands twice';
      names?.add(name);
    }
  }
  return undefined;
}
