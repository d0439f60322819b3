import { joinSpacedLetters, readLeet, reverseText, reverseWords, shiftLetters } from './ciphers.ts';
import { decodeRun, LEAST_RUN_UNITS, type Encoding } from './decoders.ts';
import { foldCodePoint, mayFold } from './fold.ts';
import { findSigns } from './signs.ts';

/** How a reading of a text came about. */
export type ViewKind = Encoding | 'hidden' | 'shifted' | 'leet' | 'spaced' | 'reversed';

/** One more reading of a text, or of a stretch of it. */
export type TextView = { readonly kind: ViewKind; readonly text: string };

/** A text in all the ways in which it may be meant. */
export type TextViews = {
  /** As the caller wrote it. */
  readonly original: string;
  /** Compatibility forms, lookalikes and accents folded, invisible characters gone; `original` itself where there are none. */
  readonly plain: string;
  /** Other readings, nested ones too, where there are any. */
  readonly decoded: readonly TextView[];
};

// An encoding in an encoding is undone this often; and all views together are no longer than this many times the text.
const MOST_DEPTH = 16;
const MOST_VIEWS = 32;
const MOST_GROWTH = 4;

/** Reads a text in all the ways in which it may be meant; bounded in time and memory. */
export function makeViews(text: string): TextViews {
  const decoded: TextView[] = [];
  const plain = foldWords(text);
  if (plain !== text) addView(decoded, text, 'hidden', readHidden(text));
  let budget = MOST_GROWTH * text.length + 1024;
  let layer = [plain];
  for (let depth = 0; depth < MOST_DEPTH && layer.length > 0; depth++) {
    const next: string[] = [];
    for (const reading of layer) {
      for (const view of listReadings(reading)) {
        budget -= view.text.length;
        if (budget < 0 || decoded.length >= MOST_VIEWS) return { original: text, plain, decoded };
        if (view.text === text || decoded.some((known) => known.text === view.text)) continue;
        decoded.push(view);
        // What was read by a cipher is not read by ciphers again, or each text would lead back to itself.
        if (!CIPHERS.has(view.kind)) next.push(view.text);
      }
    }
    layer = next;
  }
  return { original: text, plain, decoded };
}

const CIPHERS: ReadonlySet<ViewKind> = new Set(['shifted', 'leet', 'spaced', 'reversed']);

function addView(views: TextView[], text: string, kind: ViewKind, reading: string): void {
  if (reading !== '' && reading !== text) views.push({ kind, text: reading });
}

function listReadings(text: string): TextView[] {
  const signs = findSigns(text);
  const views: TextView[] = [];
  if (signs.hasRun || signs.hasEscape) views.push(...listDecodedRuns(text));
  if (signs.hasSpaced) addView(views, text, 'spaced', joinSpacedLetters(text));
  if (signs.hasLeet) addView(views, text, 'leet', readLeet(text));
  if (signs.shift !== 0) addView(views, text, 'shifted', shiftLetters(text, signs.shift));
  if (signs.isReversed) {
    addView(views, text, 'reversed', reverseText(text));
    addView(views, text, 'reversed', reverseWords(text));
  }
  return views;
}

/** What the runs of a text stand for, one view an encoding: runs that follow each other belong together. */
function listDecodedRuns(text: string): TextView[] {
  const byEncoding = new Map<Encoding, string[]>();
  for (const [run] of text.matchAll(/\S+/g)) {
    if (run.length < LEAST_RUN_UNITS && !/[%\\&]/.test(run)) continue;
    for (const part of splitRun(run)) {
      for (const { encoding, text: reading } of decodeRun(part)) {
        const readings = byEncoding.get(encoding);
        if (readings) readings.push(reading);
        else byEncoding.set(encoding, [reading]);
      }
    }
  }
  return [...byEncoding].map(([kind, readings]) => ({ kind, text: readings.join(' ') }));
}

/** The parts of a run that may be encoded: without the quotes and brackets around them. */
function splitRun(run: string): string[] {
  if (/[%\\&]/.test(run)) return [run, ...(run.match(/[\w+/-]{12,}={0,2}/g) ?? [])];
  return run.match(/[\w+/-]{12,}={0,2}/g) ?? [];
}

// A word with an ASCII letter in it is folded whole; one of another script keeps its letters.
function foldWords(text: string): string {
  if (!mayFold(text)) return text;
  return text.replaceAll(/\S*[^\0-\x7f]\S*/g, foldWord);
}

function foldWord(word: string): string {
  const light = dropInvisible(word).normalize('NFKC');
  if (!/[A-Za-z0-9\u00c0-\u024f]/.test(light) && /\p{L}/u.test(light)) return light;
  return Array.from(dropInvisible(word), (char) => foldCodePoint(char.codePointAt(0) ?? 0)).join('');
}

function dropInvisible(word: string): string {
  return word.replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '');
}

// Characters of the tag block stand for ASCII, and variation selectors for bytes: neither is seen, both are read.
function readHidden(text: string): string {
  const tags = text.match(/[\u{e0020}-\u{e007e}]/gu) ?? [];
  const selectors = text.match(/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu) ?? [];
  const ascii = tags.map((tag) => String.fromCharCode((tag.codePointAt(0) ?? 0) - 0xe0000)).join('');
  if (selectors.length < 4) return ascii;
  const bytes = selectors.map((selector) => {
    const code = selector.codePointAt(0) ?? 0;
    return code < 0xe0000 ? code - 0xfe00 : code - 0xe0100 + 16;
  });
  return ascii + Buffer.from(bytes).toString();
}
