import { LONG_RUN_UNITS } from './traits.ts';

/** How a stretch of text can stand for another text. */
export type Encoding = 'base64' | 'base32' | 'hex' | 'binary' | 'percent' | 'escape';

/** Least code units of a run that may be base64 or the like. */
export const LEAST_RUN_UNITS = LONG_RUN_UNITS;

/**
 * What a run of characters without spaces says when it is decoded, in each encoding that gives readable text: most
 * runs give none. `isCut` says that the run may have begun before its first character.
 */
export function decodeRun(run: string, options: { isCut?: boolean } = {}): DecodedRun[] {
  const found: DecodedRun[] = [];
  const add = (encoding: Encoding, text: string | undefined) => {
    if (text !== undefined && text !== run) found.push({ encoding, text });
  };
  if (/%[0-9a-f]{2}/i.test(run)) add('percent', decodePercent(run));
  if (/\\[ux]|&#?\w/.test(run)) add('escape', decodeEscapes(run));
  const body = run.replace(/^0x/i, '').replace(/=+$/, '');
  if (body.length < LEAST_RUN_UNITS) return found;
  if (/^[01]+$/.test(body)) add('binary', decodeBinary(body));
  else if (/^[0-9a-f]+$/i.test(body)) add('hex', decodeHex(body));
  if (/^[A-Z2-7]+$/.test(body)) add('base32', decodeBase32(body));
  if (/^[\w+/-]+$/.test(body) && !isOneWord(body)) add('base64', decodeBase64(body, options));
  return found;
}

/** Readable text that a run stands for. */
export type DecodedRun = { encoding: Encoding; text: string };

// A word of letters in one case is not worth decoding.
function isOneWord(body: string): boolean {
  return /^[A-Za-z]?[a-z]*$/.test(body) || /^[0-9]+$/.test(body);
}

function decodeBase64(body: string, { isCut = false }: { isCut?: boolean }): string | undefined {
  for (let skip = 0; skip < (isCut ? 4 : 1); skip++) {
    // A remainder of one character says nothing.
    const part = body.slice(skip);
    const text = readBytes(Buffer.from(part.length % 4 === 1 ? part.slice(0, -1) : part, 'base64'));
    if (text !== undefined) return text;
  }
  return undefined;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function decodeBase32(body: string): string | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of body) {
    held = ((held << 5) | BASE32.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return readBytes(Buffer.from(bytes));
}

function decodeHex(body: string): string | undefined {
  for (const skip of body.length % 2 === 0 ? [0] : [0, 1]) {
    const text = readBytes(Buffer.from(body.slice(skip), 'hex'));
    if (text !== undefined) return text;
  }
  return undefined;
}

function decodeBinary(body: string): string | undefined {
  if (body.length % 8 !== 0) return undefined;
  return readBytes(Buffer.from((body.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2))));
}

function decodePercent(run: string): string | undefined {
  // %252541 is %41, escaped twice more.
  const once = run.replaceAll(/%(?:25)+(?=[0-9a-f]{2})/gi, '%');
  const text = once.replaceAll(/(?:%[0-9a-f]{2})+/gi, (bytes) => {
    const decoded = Buffer.from(bytes.replaceAll('%', ''), 'hex').toString();
    return decoded.includes('\ufffd') ? bytes : decoded;
  });
  return text.replaceAll('+', ' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};
const ESCAPE =
  /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|&#x([0-9a-f]{1,6});|&#([0-9]{1,7});|&([a-z]{2,5});/gi;

function decodeEscapes(run: string): string | undefined {
  const once = run.replaceAll(/&(?:amp;)+(?=#?\w)/gi, '&');
  return once.replaceAll(ESCAPE, (whole, ...groups: (string | undefined)[]) => {
    const [braced, unit, byte, hexEntity, decimal, name] = groups;
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const hex = braced ?? unit ?? byte ?? hexEntity;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const LEAST_BYTES = 6;

// Text, or nothing: bytes of anything else are hardly ever all printable.
function readBytes(bytes: Buffer): string | undefined {
  if (bytes.length < LEAST_BYTES) return undefined;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) return undefined;
  }
  // A run that was cut may end inside a character.
  const text = bytes.toString().replace(/\ufffd$/, '');
  if (text.includes('\ufffd')) return undefined;
  const letters = text.match(/[\p{L}\p{N} ]/gu)?.length ?? 0;
  return letters >= text.length * 0.6 ? text : undefined;
}
