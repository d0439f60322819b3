import { SeenText } from '../text/traits.ts';
import { ReadingStream, type ReadingScanners } from './reading-stream.ts';
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
export function openTextScan(scanner: TextScanner, depth = 0): TextScan {
  const reading = new ReadingStream(scanner.scanners);
  const others = scanner.openOthers.map((open) => open());
  const runs =
    depth < MOST_DEPTH ? new RunStream((text) => scanWholeText(scanner, text, depth + 1)) : undefined;
  let isFirst = true;
  const scan = {
    finalTo: 0,
    read(chunk: string, options: { isLast: boolean }): Found[] {
      const found: Found[] = [];
      const whole = options.isLast && isFirst ? new SeenText(chunk) : undefined;
      isFirst = false;
      const matches = whole ? reading.readWhole(whole) : reading.read(chunk, options);
      for (const { scanner: which, pattern, start, end } of matches) {
        found.push({ rule: scanner.ruleOf[which]?.[pattern] ?? -1, start, end });
      }
      scan.finalTo = reading.finalTo;
      const mayHaveRuns = runs && (!whole || RunStream.mayFind(whole));
      for (const other of mayHaveRuns ? [...others, runs] : others) {
        for (const one of other.read(chunk, options)) found.push(one);
        scan.finalTo = Math.min(scan.finalTo, other.finalTo);
      }
      return found;
    },
  };
  return scan;
}

/** Everything that is found in a whole text, in no order. */
export function scanWholeText(scanner: TextScanner, text: string, depth = 0): Found[] {
  return openTextScan(scanner, depth).read(text, { isLast: true });
}
