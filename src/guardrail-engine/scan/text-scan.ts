import { SeenText } from '../text/traits.ts';
import { ReadingStream, readWhole, type ReadingMatch, type ReadingScanners } from './reading-stream.ts';
import { RunStream, type Found } from './run-stream.ts';

/** Looks through a text that arrives in chunks. */
export type TextScan = {
  /** Reads a chunk and gives what became final, in no order. */
  read(chunk: string, options: { isLast: boolean }): Found[];
  /** Everything found that begins before this has been given. */
  readonly finalTo: number;
};

/** What a text is looked through for; compiled once, shared by all texts. */
export type TextScanner = {
  scanners: ReadingScanners;
  /** By scanner (those of the leet words come last) and pattern, words included: the rule behind it. */
  ruleOf: readonly (readonly number[])[];
  /** Opens what else looks through a text, such as a tagger of names. */
  openOthers: readonly (() => TextScan)[];
};

// What is decoded is looked through for what is encoded in it, this often.
const MOST_DEPTH = 16;

/** Opens a scan of one text: as it stands, folded, decoded, and with what else the scanner has. */
export function openTextScan(scanner: TextScanner): TextScan {
  const reading = new ReadingStream(scanner.scanners);
  const others = scanner.openOthers.map((open) => open());
  others.push(openRuns(scanner, 0));
  const scan = {
    finalTo: 0,
    read(chunk: string, options: { isLast: boolean }): Found[] {
      const found = nameRules(reading.read(chunk, options), scanner);
      scan.finalTo = reading.finalTo;
      for (const other of others) {
        for (const one of other.read(chunk, options)) found.push(one);
        scan.finalTo = Math.min(scan.finalTo, other.finalTo);
      }
      return found;
    },
  };
  return scan;
}

/** Everything that is found in a whole text, in no order. Nothing is opened that can find nothing in it. */
export function scanWholeText(scanner: TextScanner, text: string, depth = 0): Found[] {
  const whole = new SeenText(text);
  const found = nameRules(readWhole(scanner.scanners, whole), scanner);
  for (const open of scanner.openOthers) readLast(open(), text, found);
  if (depth < MOST_DEPTH && RunStream.mayFind(whole)) readLast(openRuns(scanner, depth), text, found);
  return found;
}

function readLast(scan: TextScan, text: string, found: Found[]): void {
  for (const one of scan.read(text, { isLast: true })) found.push(one);
}

function openRuns(scanner: TextScanner, depth: number): RunStream {
  return new RunStream((text) => scanWholeText(scanner, text, depth + 1));
}

function nameRules(matches: readonly ReadingMatch[], { ruleOf }: TextScanner): Found[] {
  const found: Found[] = [];
  for (const { scanner, pattern, start, end } of matches) {
    found.push({ rule: ruleOf[scanner]?.[pattern] ?? -1, start, end });
  }
  return found;
}
